package dev.parley.ingest.search;

import java.util.List;

/** The model that turns texts into vectors, where this process has one. Thread-safe; works on the caller's thread. */
public interface Embeddings {

    /** The name of the model; empty where there is none. */
    String model();

    /** How many numbers a vector has. */
    int dimensions();

    /** How many tokens of one text the model reads; of a longer one it would read only the beginning. */
    int maxTokens();

    int tokens(String text);

    /** One vector for each text, in their order. */
    List<float[]> embed(List<String> texts);

    /** No model. */
    static Embeddings none() {
        return new NoEmbeddings();
    }
}
