package dev.parley.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ClockWatchTest {

    private long wallMillis = 1_000_000;
    private long nanos = 77;
    private final List<Duration> told = new ArrayList<>();
    private final ClockWatch watch = new ClockWatch(() -> wallMillis, () -> nanos, told::add);

    private void pass(Duration time) {
        wallMillis += time.toMillis();
        nanos += time.toNanos();
    }

    @Test
    void aClockThatIsSetBackIsToldOnce() {
        pass(Duration.ofSeconds(1));
        watch.look();
        pass(Duration.ofSeconds(1));
        wallMillis -= Duration.ofHours(1).toMillis();
        watch.look();
        pass(Duration.ofSeconds(1));
        watch.look();

        assertThat(told).containsExactly(Duration.ofHours(1));
    }

    @Test
    void aClockThatIsSetForwardOrSlewedIsNot() {
        wallMillis += Duration.ofHours(1).toMillis();
        watch.look();
        for (int i = 0; i < 100; i++) {
            pass(Duration.ofSeconds(1));
            wallMillis -= 500;
            watch.look();
        }

        assertThat(told).isEmpty();
    }

    @Test
    void backFromForwardIsBack() {
        wallMillis += Duration.ofHours(1).toMillis();
        watch.look();
        wallMillis -= Duration.ofHours(1).toMillis();
        watch.look();

        assertThat(told).containsExactly(Duration.ofHours(1));
    }
}
