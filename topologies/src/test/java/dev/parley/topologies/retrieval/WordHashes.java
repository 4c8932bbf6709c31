package dev.parley.topologies.retrieval;

import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;

/** Each word has a direction of its own, by its hash; words declared alike share one. A text points where its words do. */
public final class WordHashes implements Embedder {

    private static final int DIMENSIONS = 384;
    private static final Pattern NO_LETTERS = Pattern.compile("\\P{L}+");

    private final Map<String, String> alike = new HashMap<>();
    private final AtomicInteger questions = new AtomicInteger();
    private volatile boolean failing;

    /** Gives {@code word} the meaning of {@code other}. */
    public WordHashes alike(String word, String other) {
        alike.put(word, other);
        return this;
    }

    /** Fails from now on. */
    public void fail() {
        failing = true;
    }

    /** How many questions were embedded. */
    public int questions() {
        return questions.get();
    }

    @Override
    public List<float[]> embed(List<String> texts) {
        return texts.stream().map(this::vector).toList();
    }

    @Override
    public float[] embedQuestion(String question) {
        questions.incrementAndGet();
        if (failing) {
            throw new IllegalStateException("no model today");
        }
        return vector(question);
    }

    @Override
    public String model() {
        return "word-hashes";
    }

    private float[] vector(String text) {
        float[] vector = new float[DIMENSIONS];
        for (String word : NO_LETTERS.split(text.toLowerCase(Locale.ROOT), 0)) {
            if (!word.isEmpty()) {
                Random direction = new Random(alike.getOrDefault(word, word).hashCode());
                for (int i = 0; i < DIMENSIONS; i++) {
                    vector[i] += (float) direction.nextGaussian();
                }
            }
        }
        return vector;
    }
}
