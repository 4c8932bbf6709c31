package dev.parley.launcher;

import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Notices when the machine's clock is set back, by holding it against the monotonic one.
 *
 * <p>Kafka's clients time their heartbeats by the wall clock, and Streams its commits: set back by an hour, they would do
 * nothing for an hour, and their groups would throw them out again and again. Forward they only do early what was due later.
 * Our own leases and deadlines are monotonic and need none of this.
 */
final class ClockWatch implements AutoCloseable {

    private static final Logger logger = LoggerFactory.getLogger(ClockWatch.class);

    /** What time synchronisation does by steps, heartbeats bear. */
    static final Duration BORNE = Duration.ofSeconds(2);

    private static final Duration PAUSE = Duration.ofSeconds(1);

    private final LongSupplier wallMillis;
    private final LongSupplier monotonicNanos;
    private final Consumer<Duration> onSetBack;
    private final Thread thread;
    private long offsetMillis;

    /**
     * Watches nothing before {@link #start}.
     *
     * @param onSetBack is told by how much, on this object's thread
     */
    ClockWatch(LongSupplier wallMillis, LongSupplier monotonicNanos, Consumer<Duration> onSetBack) {
        this.wallMillis = wallMillis;
        this.monotonicNanos = monotonicNanos;
        this.onSetBack = onSetBack;
        this.offsetMillis = offset();
        this.thread = Thread.ofVirtual().name("clock-watch").unstarted(this::run);
    }

    static ClockWatch start(Consumer<Duration> onSetBack) {
        ClockWatch watch = new ClockWatch(System::currentTimeMillis, System::nanoTime, onSetBack);
        watch.thread.start();
        return watch;
    }

    private long offset() {
        return wallMillis.getAsLong() - monotonicNanos.getAsLong() / 1_000_000;
    }

    private void run() {
        while (!Thread.currentThread().isInterrupted()) {
            try {
                Thread.sleep(PAUSE);
                look();
            } catch (InterruptedException e) {
                return;
            } catch (RuntimeException e) {
                logger.error("what a clock that was set back asks for could not be done", e);
            }
        }
    }

    /** Compares the clocks once. */
    void look() {
        long now = offset();
        Duration back = Duration.ofMillis(offsetMillis - now);
        offsetMillis = now;
        if (back.compareTo(BORNE) > 0) {
            onSetBack.accept(back);
        }
    }

    @Override
    public void close() throws InterruptedException {
        thread.interrupt();
        thread.join();
    }
}
