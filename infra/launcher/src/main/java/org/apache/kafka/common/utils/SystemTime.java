package org.apache.kafka.common.utils;

import dev.parley.launcher.clock.Steadied;
import dev.parley.launcher.clock.SteadyClock;
import java.util.function.Supplier;
import org.apache.kafka.common.errors.TimeoutException;

/**
 * Stands before Kafka's own class of this name on the class path, so that heartbeats, sessions, commits and the times of
 * records are not moved by a wall clock that jumps: see docs/decisions/0013. Everything of Kafka's that tells the time asks
 * {@link Time#SYSTEM}, which is this. Methods and their behaviour are those of the original, but for {@link #milliseconds}.
 */
final class SystemTime implements Time, Steadied {

    private static final SystemTime SYSTEM_TIME = new SystemTime();

    private final SteadyClock clock = SteadyClock.ofMachine();

    private SystemTime() {}

    public static SystemTime getSystemTime() {
        return SYSTEM_TIME;
    }

    /** Milliseconds since 1970, never going back nor jumping. */
    @Override
    public long milliseconds() {
        return clock.millis();
    }

    @Override
    public long nanoseconds() {
        return System.nanoTime();
    }

    @Override
    public void sleep(long millis) {
        Utils.sleep(millis);
    }

    @Override
    public void waitObject(Object monitor, Supplier<Boolean> condition, long deadlineMillis)
            throws InterruptedException {
        synchronized (monitor) {
            while (!condition.get()) {
                long now = milliseconds();
                if (now >= deadlineMillis) {
                    throw new TimeoutException("Condition not satisfied before deadline");
                }
                monitor.wait(deadlineMillis - now);
            }
        }
    }
}
