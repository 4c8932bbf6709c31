package dev.parley.topologies.retrieval;

import java.util.List;

/**
 * Turns texts into vectors whose dot product says how near they are in meaning. Vectors are normalised, and compare only
 * with vectors of the same {@link #model}. Thread-safe: indexing, retrieval and routing share one.
 */
public interface Embedder {

    /** One vector for each text, in their order: what is to be found. What is longer than the model takes is cut off. */
    List<float[]> embed(List<String> texts);

    /** The vector of a question that looks for what {@link #embed} was given. */
    float[] embedQuestion(String question);

    /** The name of the model, as {@code DocumentPassages.embeddingModel} has it; empty where there are no vectors. */
    String model();

    /** No model: every vector is empty. */
    static Embedder none() {
        return new NoEmbedder();
    }
}
