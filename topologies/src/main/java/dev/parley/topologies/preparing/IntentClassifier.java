package dev.parley.topologies.preparing;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Finds the intent whose examples a question is nearest to. Pure and immutable, so any thread may ask.
 *
 * <p>Each intent is the mean of its examples' vectors, seen from a middle that lies halfway between all intents and ordinary
 * questions about anything else; what a question has in common with every question falls away there, and the cosine to the
 * nearest intent says how clear the case is. Its logistic is the confidence. Slope and middle were fitted on the examples
 * of the labelled set, each left out in turn, and each intent too; {@code docs/routing.md} has the figures.
 */
final class IntentClassifier {

    private static final double SLOPE = 16.5;
    private static final double EVEN_CHANCE_COSINE = 0.26;

    /** What a question is taken for. Confidence is from 0 to 1. */
    record Guess(String intent, double confidence) {}

    private static final class Direction {

        private final String intent;
        private final double[] unit;

        Direction(String intent, double[] unit) {
            this.intent = intent;
            this.unit = unit;
        }
    }

    private final double[] middle;
    private final List<Direction> directions;

    private IntentClassifier(double[] middle, List<Direction> directions) {
        this.middle = middle;
        this.directions = directions;
    }

    /**
     * Learns from vectors of one model, all of length one.
     *
     * @param examples by intent; an intent without any is never found
     * @param others questions that belong to no intent
     */
    static IntentClassifier of(Map<String, List<float[]>> examples, List<float[]> others) {
        int dimensions = others.getFirst().length;
        double[] middle = new double[dimensions];
        List<Direction> means = new ArrayList<>(examples.size());
        examples.forEach((intent, vectors) -> {
            if (!vectors.isEmpty()) {
                means.add(new Direction(intent, mean(vectors)));
            }
        });
        double[] other = mean(others);
        for (int i = 0; i < dimensions; i++) {
            double sum = 0;
            for (Direction mean : means) {
                sum += mean.unit[i];
            }
            middle[i] = means.isEmpty() ? other[i] : (sum / means.size() + other[i]) / 2;
        }
        return new IntentClassifier(
                middle,
                means.stream()
                        .map(mean -> new Direction(mean.intent, towards(mean.unit, middle)))
                        .toList());
    }

    /** The nearest intent; empty where there are no examples at all. */
    Optional<Guess> classify(float[] question) {
        double[] wide = new double[question.length];
        for (int i = 0; i < wide.length; i++) {
            wide[i] = question[i];
        }
        double[] seen = towards(wide, middle);
        String best = null;
        double nearest = -2;
        for (Direction direction : directions) {
            double cosine = 0;
            for (int i = 0; i < seen.length; i++) {
                cosine += seen[i] * direction.unit[i];
            }
            if (cosine > nearest) {
                nearest = cosine;
                best = direction.intent;
            }
        }
        return best == null
                ? Optional.empty()
                : Optional.of(new Guess(best, 1 / (1 + Math.exp(-SLOPE * (nearest - EVEN_CHANCE_COSINE)))));
    }

    private static double[] mean(List<float[]> vectors) {
        double[] mean = new double[vectors.getFirst().length];
        for (float[] vector : vectors) {
            for (int i = 0; i < mean.length; i++) {
                mean[i] += vector[i] / (double) vectors.size();
            }
        }
        return mean;
    }

    /** The direction from {@code middle} to {@code point}, at length one; of length zero where they are the same. */
    private static double[] towards(double[] point, double[] middle) {
        double[] direction = new double[point.length];
        double squares = 0;
        for (int i = 0; i < direction.length; i++) {
            direction[i] = point[i] - middle[i];
            squares += direction[i] * direction[i];
        }
        double length = Math.sqrt(squares);
        if (length > 0) {
            for (int i = 0; i < direction.length; i++) {
                direction[i] /= length;
            }
        }
        return direction;
    }
}
