package dev.parley.launcher;

import dev.parley.ingest.search.Embeddings;
import dev.parley.topologies.retrieval.BgeSmallEmbedder;
import dev.parley.topologies.retrieval.Embedder;
import java.util.List;

/** The model that knowledge is indexed with, for callers of the front door; loaded when the first one asks. */
record EmbeddedModel(BgeSmallEmbedder embedder) implements Embeddings {

    /** What {@code embedder} is to the front door, which has no vectors where knowledge has none. */
    static Embeddings of(Embedder embedder) {
        return embedder instanceof BgeSmallEmbedder bge ? new EmbeddedModel(bge) : Embeddings.none();
    }

    @Override
    public String model() {
        return embedder.model();
    }

    @Override
    public int dimensions() {
        return BgeSmallEmbedder.DIMENSIONS;
    }

    @Override
    public int maxTokens() {
        return BgeSmallEmbedder.MAX_TOKENS;
    }

    @Override
    public int tokens(String text) {
        return embedder.tokens(text);
    }

    @Override
    public List<float[]> embed(List<String> texts) {
        return embedder.embed(texts);
    }
}
