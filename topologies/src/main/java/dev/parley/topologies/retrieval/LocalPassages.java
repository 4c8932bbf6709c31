package dev.parley.topologies.retrieval;

import dev.parley.chat.v1.DocumentPassages;
import dev.parley.chat.v1.Passage;
import dev.parley.schemas.keys.WorkspaceKey;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * An index that belongs to no task and is not kept, to measure what {@link PassageStore} serves: the same index, the same
 * search. Used by one thread.
 */
public final class LocalPassages implements Closeable {

    private final PassageIndex index;

    private LocalPassages(PassageIndex index) {
        this.index = index;
    }

    /** An empty index in {@code folder}, which must not hold another. */
    public static LocalPassages in(Path folder) throws IOException {
        return new LocalPassages(PassageIndex.open(folder));
    }

    /** Takes up the passages of a document, in place of what was known of it before. */
    public void put(DocumentPassages document) throws IOException {
        index.put(PassageChange.workspace(document).document(document.getPath()), document);
    }

    /** How many passages there are. */
    public long passages() {
        return index.passages();
    }

    /** As {@link PassageStore#find} does it, or by one half of it. */
    public List<Passage> find(
            WorkspaceKey workspace, Question question, SearchMode mode, int limit, double minSimilarity)
            throws IOException {
        return index.find(workspace, question, mode, limit, minSimilarity);
    }

    @Override
    public void close() throws IOException {
        index.close();
    }
}
