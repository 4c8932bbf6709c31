package dev.parley.sinks.feed;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * Where replays from the archive run, and by which clock they lose patience.
 *
 * @param runner runs one replay, which may wait
 * @param ticker monotonic, in nanoseconds
 */
public record Replays(Runner runner, LongSupplier ticker, Pause pause) {

    /** Each on a virtual thread of its own. */
    public static final Replays ON_THREADS = new Replays(
            replay -> Thread.ofVirtual().name("feed-replay").start(replay), System::nanoTime, Replays::sleep);

    @FunctionalInterface
    public interface Runner {
        void run(Runnable replay);
    }

    /** Waits on the thread of a replay. */
    @FunctionalInterface
    public interface Pause {
        void pause(Duration time);
    }

    private static void sleep(Duration time) {
        try {
            Thread.sleep(time);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
