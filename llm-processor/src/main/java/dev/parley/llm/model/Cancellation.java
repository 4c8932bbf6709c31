package dev.parley.llm.model;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Whether a generation was told to stop, and what to do about it at once. Thread-safe. */
public final class Cancellation {

    private boolean cancelled;
    private @Nullable Runnable action;

    /** Stops: runs the action that is set, on this thread. Idempotent. */
    public void cancel() {
        Runnable pending;
        synchronized (this) {
            if (cancelled) {
                return;
            }
            cancelled = true;
            pending = action;
            action = null;
            notifyAll();
        }
        if (pending != null) {
            pending.run();
        }
    }

    public synchronized boolean isCancelled() {
        return cancelled;
    }

    /** Waits for the order to stop, for at most {@code limit}; whether it has come. An interrupt counts as one. */
    public synchronized boolean await(Duration limit) {
        long end = System.nanoTime() + limit.toNanos();
        try {
            for (long left = limit.toNanos(); !cancelled && left > 0; left = end - System.nanoTime()) {
                TimeUnit.NANOSECONDS.timedWait(this, left);
            }
            return cancelled;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return true;
        }
    }

    /** Sets what closes the connection that is in use now; runs it at once where the order to stop has come already. */
    public void onCancel(Runnable closing) {
        synchronized (this) {
            if (!cancelled) {
                action = closing;
                return;
            }
        }
        closing.run();
    }
}
