package dev.parley.topologies.retrieval;

import org.jspecify.annotations.Nullable;

/** What is asked, with the question's embedding where there is one. */
public final class Question {

    private final String text;
    private final float @Nullable [] vector;
    private final String model;

    private Question(String text, float @Nullable [] vector, String model) {
        this.text = text;
        this.vector = vector;
        this.model = model;
    }

    /** A question that is looked for by its words alone. */
    public static Question of(String text) {
        return new Question(text, null, "");
    }

    /** A question with the vector that {@code model} made of it; one that has no direction is left out. */
    static Question of(String text, float[] vector, String model) {
        return new Question(text, unit(vector), model);
    }

    public String text() {
        return text;
    }

    /** The question's vector, of length one; null where there is none. It is not to be changed. */
    public float @Nullable [] vector() {
        return vector;
    }

    String model() {
        return model;
    }

    /** {@code vector} at length one, as the index's dot product wants it; null where it is empty, zero or not finite. */
    static float @Nullable [] unit(float[] vector) {
        double squares = 0;
        for (float component : vector) {
            squares += (double) component * component;
        }
        if (squares == 0 || !Double.isFinite(squares)) {
            return null;
        }
        double length = Math.sqrt(squares);
        float[] unit = new float[vector.length];
        for (int i = 0; i < unit.length; i++) {
            unit[i] = (float) (vector[i] / length);
        }
        return unit;
    }
}
