package dev.parley.topologies.assembly;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * Time during which this task was looking, in nanoseconds: a monotonic clock that advances by at most one step between two
 * looks. While a task stands still (a long pause, a rebalance, a blocked producer), signs of life pile up unread;
 * counting that time as a worker's silence would take every worker for lost at the moment the task goes on. Used by one
 * thread.
 */
final class WatchClock {

    private final LongSupplier ticker;
    private final long longestStepNanos;
    private long lastLookNanos;
    private long watchedNanos;

    /**
     * A clock that starts at zero.
     *
     * @param ticker a monotonic clock in nanoseconds, such as {@link System#nanoTime}
     */
    WatchClock(LongSupplier ticker, Duration longestStep) {
        this.ticker = ticker;
        this.longestStepNanos = longestStep.toNanos();
        this.lastLookNanos = ticker.getAsLong();
    }

    /** Watched time now. */
    long nanos() {
        return watchedNanos + sinceLastLook(ticker.getAsLong());
    }

    /** Notes that somebody looks. */
    void look() {
        long now = ticker.getAsLong();
        watchedNanos += sinceLastLook(now);
        lastLookNanos = now;
    }

    private long sinceLastLook(long now) {
        return Math.min(now - lastLookNanos, longestStepNanos);
    }
}
