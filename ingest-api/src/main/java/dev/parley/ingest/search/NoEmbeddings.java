package dev.parley.ingest.search;

import java.util.List;

/** Stands in where an installation has no model for vectors. */
record NoEmbeddings() implements Embeddings {

    @Override
    public String model() {
        return "";
    }

    @Override
    public int dimensions() {
        return 0;
    }

    @Override
    public int maxTokens() {
        return 0;
    }

    @Override
    public int tokens(String text) {
        return 0;
    }

    @Override
    public List<float[]> embed(List<String> texts) {
        throw new IllegalStateException("there is no model that could");
    }
}
