package dev.parley.bench;

import java.util.Arrays;
import java.util.List;

/** Order statistics of a sample, by the nearest-rank method. */
final class Quantiles {

    private Quantiles() {}

    /**
     * The {@code quantile} (0 to 1) of {@code sample}, in the sample's unit.
     *
     * @throws IllegalArgumentException for an empty sample
     */
    static double of(List<Double> sample, double quantile) {
        if (sample.isEmpty()) {
            throw new IllegalArgumentException("no sample");
        }
        double[] sorted =
                sample.stream().mapToDouble(Double::doubleValue).sorted().toArray();
        int rank = (int) Math.ceil(quantile * sorted.length);
        return sorted[Math.clamp(rank - 1L, 0, sorted.length - 1)];
    }

    static double median(List<Double> sample) {
        return of(sample, 0.5);
    }

    /** Half the distance between the largest and the smallest of {@code sample}. */
    static double spread(List<Double> sample) {
        double[] values = sample.stream().mapToDouble(Double::doubleValue).toArray();
        return (Arrays.stream(values).max().orElse(0)
                        - Arrays.stream(values).min().orElse(0))
                / 2;
    }
}
