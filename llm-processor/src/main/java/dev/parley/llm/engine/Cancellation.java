package dev.parley.llm.engine;

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
        }
        if (pending != null) {
            pending.run();
        }
    }

    public synchronized boolean isCancelled() {
        return cancelled;
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
