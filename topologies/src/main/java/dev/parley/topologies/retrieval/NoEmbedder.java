package dev.parley.topologies.retrieval;

import java.util.List;

/** Stands in where an installation wants no vectors, so that nobody else has to ask. */
record NoEmbedder() implements Embedder {

    @Override
    public List<float[]> embed(List<String> texts) {
        return texts.stream().map(text -> new float[0]).toList();
    }

    @Override
    public float[] embedQuestion(String question) {
        return new float[0];
    }

    @Override
    public String model() {
        return "";
    }
}
