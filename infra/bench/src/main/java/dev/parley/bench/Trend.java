package dev.parley.bench;

import java.util.ArrayList;
import java.util.List;

/** Where a series goes, whatever single samples say. */
final class Trend {

    private Trend() {}

    /**
     * By how much evenly spaced {@code samples} grow from the first to the last, as a part of their median: the median of the
     * slopes between all pairs (Theil and Sen), over the whole time. 0 for fewer than two.
     */
    static double growth(List<Double> samples) {
        List<Double> slopes = new ArrayList<>();
        for (int i = 0; i < samples.size(); i++) {
            for (int j = i + 1; j < samples.size(); j++) {
                slopes.add((samples.get(j) - samples.get(i)) / (j - i));
            }
        }
        return slopes.isEmpty()
                ? 0
                : Quantiles.median(slopes) * (samples.size() - 1) / Math.max(1, Quantiles.median(samples));
    }
}
