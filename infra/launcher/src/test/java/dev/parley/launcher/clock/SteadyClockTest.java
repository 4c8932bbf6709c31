package dev.parley.launcher.clock;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class SteadyClockTest {

    private static final Duration HOUR = Duration.ofHours(1);
    private static final Duration STEP = Duration.ofMillis(10);
    private static final long BEGIN_MILLIS = 1_700_000_000_000L;

    /** Begins anywhere, below zero too. */
    private final AtomicLong monotonic = new AtomicLong(-5_000_000_000L);

    private final AtomicLong wall = new AtomicLong(BEGIN_MILLIS * 1_000_000);
    private final SteadyClock clock = new SteadyClock(wall::get, monotonic::get);

    @Test
    void beginsAtTheWallClock() {
        assertThat(clock.millis()).isEqualTo(BEGIN_MILLIS);
    }

    @Test
    void runsLikeAWallClockThatRunsWell() {
        for (int i = 0; i < 10_000; i++) {
            pass(STEP);
            assertThat(clock.millis()).isEqualTo(wallMillis());
        }
    }

    @Test
    void slowsDownATwentiethWhileTheWallClockIsAnHourBehind() {
        jump(HOUR.negated());

        assertThat(shown(Duration.ofMinutes(10))).isBetween(570_000L, 570_010L);
    }

    @Test
    void speedsUpATwentiethWhileTheWallClockIsAnHourAhead() {
        jump(HOUR);

        assertThat(shown(Duration.ofMinutes(10))).isBetween(629_990L, 630_000L);
    }

    @Test
    void meetsAWallClockThatJumpedBack() {
        jump(HOUR.negated());
        shown(HOUR.multipliedBy(20).plusSeconds(1));

        assertThat(clock.millis()).isEqualTo(wallMillis());
    }

    @Test
    void meetsAWallClockThatJumpedAheadAndDoesNotPassIt() {
        jump(HOUR);
        shown(HOUR.multipliedBy(20).minusSeconds(10));
        for (int i = 0; i < 2_000; i++) {
            pass(STEP);
            assertThat(clock.millis()).isLessThanOrEqualTo(wallMillis());
        }

        assertThat(clock.millis()).isEqualTo(wallMillis());
    }

    @Test
    void followsAWallClockThatNtpSlews() {
        // The steepest that adjtime has: 500 µs a second.
        for (int i = 0; i < 20_000; i++) {
            pass(STEP);
            wall.addAndGet(i < 10_000 ? 5_000 : -5_000);
            assertThat(clock.millis()).isBetween(wallMillis() - 1, wallMillis() + 1);
        }
    }

    @Test
    void isOverASmallStepSoon() {
        pass(STEP);
        jump(Duration.ofMillis(-500));
        shown(Duration.ofMillis(10_200));

        assertThat(clock.millis()).isEqualTo(wallMillis());
    }

    @Test
    void doesNotCatchUpAtOnceAfterALongTimeInWhichNobodyAsked() {
        jump(HOUR.negated());
        clock.millis();
        pass(HOUR);
        long before = clock.millis();
        pass(Duration.ofMillis(100));

        assertThat(clock.millis() - before).isBetween(95L, 96L);
    }

    @Test
    void neverGoesBackWhateverTheWallClockDoes() {
        Random random = new Random(7);
        long last = clock.millis();
        for (int i = 0; i < 200_000; i++) {
            pass(Duration.ofNanos(random.nextLong(200_000_000)));
            if (random.nextInt(50) == 0) {
                jump(Duration.ofMillis(random.nextLong(-3_600_000, 3_600_000)));
            }
            long now = clock.millis();
            assertThat(now).isGreaterThanOrEqualTo(last);
            last = now;
        }
    }

    @Test
    void noThreadSeesItBehindWhatAnotherSaw() throws InterruptedException {
        Random random = new Random(11);
        SteadyClock real = new SteadyClock(() -> wall.get() + random.nextLong(-1_000_000_000, 1_000_000_000), () -> {
            // Fast, so that there are many changes of course.
            return System.nanoTime() * 1_000;
        });
        AtomicLong seen = new AtomicLong(real.millis());
        AtomicBoolean wentBack = new AtomicBoolean();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            threads.add(Thread.ofPlatform().start(() -> {
                for (int j = 0; j < 200_000; j++) {
                    long before = seen.get();
                    long now = real.millis();
                    if (now < before) {
                        wentBack.set(true);
                    }
                    seen.accumulateAndGet(now, Math::max);
                }
            }));
        }
        for (Thread thread : threads) {
            thread.join();
        }

        assertThat(wentBack).isFalse();
    }

    private void pass(Duration time) {
        monotonic.addAndGet(time.toNanos());
        wall.addAndGet(time.toNanos());
    }

    private void jump(Duration by) {
        wall.addAndGet(by.toNanos());
    }

    private long wallMillis() {
        return wall.get() / 1_000_000;
    }

    /** How far the clock goes while so much time passes. */
    private long shown(Duration time) {
        long before = clock.millis();
        for (long nanos = 0; nanos < time.toNanos(); nanos += STEP.toNanos()) {
            pass(STEP);
            clock.millis();
        }
        return clock.millis() - before;
    }
}
