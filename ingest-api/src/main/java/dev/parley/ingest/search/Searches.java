package dev.parley.ingest.search;

import dev.parley.chat.v1.Passage;
import dev.parley.ingest.http.Call;
import dev.parley.ingest.http.ProblemException;
import dev.parley.schemas.keys.WorkspaceKey;
import java.util.List;

/** Finds passages in the indexes of workspaces, wherever those are. Thread-safe; callers wait on their own threads. */
public interface Searches extends AutoCloseable {

    /** As many passages as one search may ask for. */
    int MAX_LIMIT = 50;

    /**
     * The passages of a workspace that bear on {@code query}, best first; none where none does, or where there is no such
     * workspace.
     *
     * @param limit most passages wanted, at most {@link #MAX_LIMIT}
     * @throws ProblemException where no answer comes in time, or too many wait for theirs
     */
    List<Passage> find(WorkspaceKey workspace, String query, int limit, Call call);

    /** Lets those go who wait, and refuses those who come. */
    void release();

    @Override
    public void close();
}
