package dev.parley.bench;

import java.util.List;
import java.util.Locale;

/**
 * How a baseline agrees with itself (A/A), as parts of its size. It must within 5 %, by the median of the rounds; and half of
 * the rounds must within 10 %, for a median of rounds that lie far apart says nothing.
 *
 * @param what was measured twice
 * @param median of the rounds' differences; 0 where both are the same
 * @param typical the median of the differences' sizes: half of the rounds differ by no more
 */
record Agreement(String what, double median, double typical) {

    private static final double MEDIAN = 0.05;
    private static final double TYPICAL = 0.10;
    private static final double PERCENT = 100;

    /** Of rounds in each of which the second was so many times the first. */
    static Agreement ofRatios(String what, List<Double> ratios) {
        return ofDifferences(what, ratios.stream().map(ratio -> ratio - 1).toList(), 1);
    }

    /** Of rounds in which the second was above the first by {@code differences}, in the unit of {@code size}. */
    static Agreement ofDifferences(String what, List<Double> differences, double size) {
        List<Double> parts =
                differences.stream().map(difference -> difference / size).toList();
        return new Agreement(
                what,
                Quantiles.median(parts),
                Quantiles.median(parts.stream().map(Math::abs).toList()));
    }

    boolean holds() {
        return Math.abs(median) <= MEDIAN && typical <= TYPICAL;
    }

    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "%s against itself (A/A): %+.1f %% by the median, half of the rounds within %.1f %%",
                what,
                median * PERCENT,
                typical * PERCENT);
    }
}
