package dev.parley.ingest.search;

import java.util.List;

/** A model that counts words, of which it reads eight, and puts the length of a text into its vector. */
public final class FakeEmbeddings implements Embeddings {

    @Override
    public String model() {
        return "a-model-for-vectors";
    }

    @Override
    public int dimensions() {
        return 3;
    }

    @Override
    public int maxTokens() {
        return 8;
    }

    @Override
    public int tokens(String text) {
        return text.split(" ", -1).length;
    }

    @Override
    public List<float[]> embed(List<String> texts) {
        return texts.stream().map(text -> new float[] {text.length(), 0.5f, -1}).toList();
    }
}
