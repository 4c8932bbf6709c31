package dev.parley.llm.engine;

import dev.parley.llm.model.Cancellation;
import java.time.Duration;
import java.util.Optional;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;

/**
 * When a failed endpoint is asked again: after a time that doubles with each try, of which a random half is taken off, so
 * that those who failed together do not come back together. No longer than an answer's beginning may take in all.
 *
 * @param count of further tries
 * @param within from the first try on
 * @param random from 0 to 1
 * @param ticker monotonic, in nanoseconds
 */
record Retries(int count, Duration within, Waiting waiting, DoubleSupplier random, LongSupplier ticker) {

    static final Duration FIRST = Duration.ofMillis(200);
    static final Duration LONGEST = Duration.ofSeconds(2);
    static final Duration LONGEST_ASKED = Duration.ofSeconds(5);

    /** Waits, unless told to stop. */
    @FunctionalInterface
    interface Waiting {
        /** Whether the order to stop came. */
        boolean isCancelledWithin(Duration time, Cancellation cancellation);
    }

    /**
     * How long to wait before the next try; empty where there is to be none.
     *
     * @param done tries after the first
     * @param startedNanos when the first began
     * @param asked the time that the model server asked for
     */
    Optional<Duration> next(int done, long startedNanos, Optional<Duration> asked) {
        if (done >= count || (asked.isPresent() && asked.get().compareTo(LONGEST_ASKED) > 0)) {
            return Optional.empty();
        }
        long doubled = Math.min(LONGEST.toNanos(), FIRST.toNanos() << Math.min(done, 10));
        Duration jittered = Duration.ofNanos((long) (doubled * (1 - random.getAsDouble() / 2)));
        Duration wait = asked.filter(time -> time.compareTo(jittered) > 0).orElse(jittered);
        boolean inTime = ticker.getAsLong() - startedNanos + wait.toNanos() < within.toNanos();
        return inTime ? Optional.of(wait) : Optional.empty();
    }
}
