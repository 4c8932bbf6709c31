package dev.parley.launcher.clock;

import java.time.Instant;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;

/**
 * Milliseconds since 1970 that never go back nor jump. It begins at the wall clock and runs by the monotonic one. Ten times a
 * second it looks at the wall clock again and slews towards it, by a twentieth of the time that passes at most: so it follows
 * a clock that NTP disciplines within a millisecond or so, while one that was set an hour ahead or back is met after twenty
 * hours, in which a timeout of 10 s takes 9.5 s to 10.5 s.
 *
 * <p>Any number of threads may ask at once; what one has seen, no other sees undercut.
 */
public final class SteadyClock {

    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final long LARGEST_CORRECTION_NANOS = LOOK_NANOS / 20;

    private final LongSupplier wallNanos;
    private final LongSupplier monotonicNanos;
    private final AtomicReference<Course> course;
    private final AtomicLong latestMillis;

    /**
     * Where the clock stood at a moment of the monotonic clock, and how it goes on from there. {@code correction} is spread
     * over the time until the next look; where nobody asks for longer than that, there is no more of it.
     */
    private record Course(long at, long time, long correction) {
        long timeAt(long nanos) {
            long passed = nanos - at;
            return time + passed + correction * Math.clamp(passed, 0, LOOK_NANOS) / LOOK_NANOS;
        }
    }

    /** A clock that steadies the machine's. */
    public static SteadyClock ofMachine() {
        return new SteadyClock(SteadyClock::machineWallNanos, System::nanoTime);
    }

    /**
     * A clock by others.
     *
     * @param wallNanos nanoseconds since 1970, in whatever leaps
     * @param monotonicNanos nanoseconds since any moment, never going back
     */
    SteadyClock(LongSupplier wallNanos, LongSupplier monotonicNanos) {
        this.wallNanos = wallNanos;
        this.monotonicNanos = monotonicNanos;
        Course first = new Course(monotonicNanos.getAsLong(), wallNanos.getAsLong(), 0);
        this.course = new AtomicReference<>(first);
        this.latestMillis = new AtomicLong(TimeUnit.NANOSECONDS.toMillis(first.time()));
    }

    private static long machineWallNanos() {
        Instant now = Instant.now();
        return TimeUnit.SECONDS.toNanos(now.getEpochSecond()) + now.getNano();
    }

    /** The time, in milliseconds since 1970. */
    public long millis() {
        Course current = course.get();
        long nanos = monotonicNanos.getAsLong();
        long time = current.timeAt(nanos);
        if (nanos - current.at() >= LOOK_NANOS) {
            long error = wallNanos.getAsLong() - time;
            long correction = Math.clamp(error, -LARGEST_CORRECTION_NANOS, LARGEST_CORRECTION_NANOS);
            // Who comes too late has another's look, as good as its own.
            course.compareAndSet(current, new Course(nanos, time, correction));
        }
        return notBefore(TimeUnit.NANOSECONDS.toMillis(time));
    }

    /** Threads may meet a change of course out of order, by less than what it changes; that must not show. */
    private long notBefore(long millis) {
        long latest = latestMillis.get();
        while (millis > latest) {
            if (latestMillis.compareAndSet(latest, millis)) {
                return millis;
            }
            latest = latestMillis.get();
        }
        return latest;
    }
}
