package dev.parley.topologies.retrieval;

import dev.parley.chat.v1.Document;
import dev.parley.chat.v1.Passage;
import java.util.List;

/**
 * The searchable documents of the workspaces of one task. Owned by the task's stream thread, which fills it from the
 * store {@code documents} when the task starts and keeps it in step with the topic from then on.
 */
public interface PassageIndex extends AutoCloseable {

    /** Takes up a document, in place of an earlier version under the same key. */
    void put(String documentKey, Document document);

    /** Forgets a document; nothing happens where there is none. */
    void remove(String documentKey);

    /** The passages that bear on {@code question}, best first, at most {@code limit}. */
    List<Passage> find(String tenantId, String workspaceId, String question, int limit);

    @Override
    void close();

    /** Makes an index for each task. */
    @FunctionalInterface
    interface Factory {
        PassageIndex create();
    }
}
