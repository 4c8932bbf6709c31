package dev.parley.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TrendTest {

    @Test
    void oneSpikeIsNoTrend() {
        assertThat(Trend.growth(List.of(100.0, 100.0, 900.0, 100.0, 100.0, 100.0)))
                .isZero();
    }

    @Test
    void aLeakShowsThroughNoise() {
        Random random = new Random(1);
        List<Double> leaking = IntStream.range(0, 30)
                .mapToObj(i -> 1_000 + 10 * i + 40 * random.nextGaussian())
                .toList();

        assertThat(Trend.growth(leaking)).isCloseTo(0.25, within(0.08));
    }

    @Test
    void aSingleSampleHasNone() {
        assertThat(Trend.growth(List.of(5.0))).isZero();
    }
}
