package dev.parley.schemas;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * A platform thread that owns clients, of Kafka or a database, until its end is asked for. Its work looks at
 * {@link #isClosing} every half second or so.
 */
public final class ClientThread implements AutoCloseable {

    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(3);
    private static final Duration INTERRUPT_TIMEOUT = Duration.ofSeconds(2);

    private final CountDownLatch closing = new CountDownLatch(1);
    private final Thread thread;

    /** Runs nothing before {@link #start}. */
    public ClientThread(String name, Runnable work) {
        this.thread = Thread.ofPlatform().name(name).daemon().unstarted(work);
    }

    public void start() {
        thread.start();
    }

    /** Whether the work is to end. */
    public boolean isClosing() {
        return closing.getCount() == 0;
    }

    /** Whether its work ended though nobody asked for that: by an error, such as a lack of memory. */
    public boolean hasDied() {
        return thread.getState() == Thread.State.TERMINATED && !isClosing();
    }

    /** Waits, on this thread, or less where the work is to end. */
    public void pause(Duration time) {
        try {
            boolean _ = closing.await(time.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Asks for the end and waits for it: what is under way is finished; a thread that hangs is interrupted. */
    @Override
    public void close() {
        closing.countDown();
        try {
            if (thread.isAlive() && !thread.join(CLOSE_TIMEOUT)) {
                thread.interrupt();
                boolean _ = thread.join(INTERRUPT_TIMEOUT);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
