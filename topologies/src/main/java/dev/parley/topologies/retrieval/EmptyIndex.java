package dev.parley.topologies.retrieval;

import dev.parley.chat.v1.Document;
import dev.parley.chat.v1.Passage;
import java.util.List;

/** Indexes nothing and finds nothing: documents are kept, and not yet searched. */
public final class EmptyIndex implements PassageIndex {

    @Override
    public void put(String documentKey, Document document) {}

    @Override
    public void remove(String documentKey) {}

    @Override
    public List<Passage> find(String tenantId, String workspaceId, String question, int limit) {
        return List.of();
    }

    @Override
    public void close() {}
}
