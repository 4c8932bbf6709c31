package dev.parley.llm.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RetriesTest {

    private long nanos;

    private Retries retries(int count, double random) {
        return new Retries(count, Duration.ofSeconds(30), (time, cancellation) -> false, () -> random, () -> nanos);
    }

    @Test
    void timesDoubleUpToTheLongest() {
        Retries retries = retries(10, 0);

        assertThat(retries.next(0, 0, Optional.empty())).contains(Duration.ofMillis(200));
        assertThat(retries.next(1, 0, Optional.empty())).contains(Duration.ofMillis(400));
        assertThat(retries.next(3, 0, Optional.empty())).contains(Duration.ofMillis(1600));
        assertThat(retries.next(4, 0, Optional.empty())).contains(Duration.ofSeconds(2));
        assertThat(retries.next(9, 0, Optional.empty())).contains(Duration.ofSeconds(2));
    }

    @Test
    void upToHalfIsTakenOffByChance() {
        assertThat(retries(2, 1).next(0, 0, Optional.empty())).contains(Duration.ofMillis(100));
    }

    @Test
    void aServerIsGivenTheTimeItAsksForUnlessThatIsTooLong() {
        Retries retries = retries(2, 0);

        assertThat(retries.next(0, 0, Optional.of(Duration.ofSeconds(3)))).contains(Duration.ofSeconds(3));
        assertThat(retries.next(0, 0, Optional.of(Duration.ofMillis(1)))).contains(Duration.ofMillis(200));
        assertThat(retries.next(0, 0, Optional.of(Duration.ofSeconds(6)))).isEmpty();
    }

    @Test
    void thereIsAnEnd() {
        assertThat(retries(2, 0).next(2, 0, Optional.empty())).isEmpty();
        nanos = Duration.ofSeconds(30).toNanos();
        assertThat(retries(2, 0).next(0, 0, Optional.empty())).isEmpty();
    }
}
