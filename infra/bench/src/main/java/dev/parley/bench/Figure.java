package dev.parley.bench;

import java.util.List;
import java.util.Optional;

/**
 * One measured figure.
 *
 * @param name for people to read, with what it is measured against
 * @param unit {@code ms}, {@code ratio}, {@code bytes}, {@code /s}, or empty for a count
 * @param value the median over rounds, where there are rounds
 * @param spread half the distance between the largest and the smallest round; 0 where there is one
 * @param reach what must be reached; empty for a figure that only explains others
 */
record Figure(String name, String unit, double value, double spread, Optional<Reach> reach) {

    /** A bound on a figure: from above where less is better. */
    record Reach(double bound, boolean atMost) {

        boolean holds(double value) {
            return atMost ? value <= bound : value >= bound;
        }

        @Override
        public String toString() {
            return (atMost ? "≤ " : "≥ ") + Report.number(bound);
        }
    }

    static Figure of(String name, String unit, double value) {
        return new Figure(name, unit, value, 0, Optional.empty());
    }

    /** The figure of several rounds. */
    static Figure of(String name, String unit, List<Double> rounds) {
        return new Figure(name, unit, Quantiles.median(rounds), Quantiles.spread(rounds), Optional.empty());
    }

    Figure atMost(double bound) {
        return new Figure(name, unit, value, spread, Optional.of(new Reach(bound, true)));
    }

    Figure atLeast(double bound) {
        return new Figure(name, unit, value, spread, Optional.of(new Reach(bound, false)));
    }

    /** Whether what must be reached is; true where nothing must. */
    boolean isReached() {
        return reach.isEmpty() || reach.get().holds(value);
    }
}
