package dev.parley.ingest.search;

import dev.parley.chat.v1.Passage;
import dev.parley.ingest.http.Call;
import dev.parley.ingest.http.ProblemException;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.keys.WorkspaceKey;
import java.util.ArrayList;
import java.util.List;

/** Finds what it was given, whoever asks. */
public final class FakeSearches implements Searches {

    /** A search as it reached the index. */
    public record Asked(WorkspaceKey workspace, String query, int limit) {}

    private final List<Asked> asked = new ArrayList<>();
    private List<Passage> found = List.of();
    private boolean away;

    public synchronized void finds(List<Passage> passages) {
        found = passages;
    }

    public synchronized void away() {
        away = true;
    }

    public synchronized List<Asked> asked() {
        return List.copyOf(asked);
    }

    @Override
    public synchronized List<Passage> find(WorkspaceKey workspace, String query, int limit, Call call) {
        if (away) {
            throw new ProblemException(ErrorCode.UNAVAILABLE, "the workspace's index did not answer");
        }
        asked.add(new Asked(workspace, query, limit));
        return found.subList(0, Math.min(limit, found.size()));
    }

    @Override
    public void release() {}

    @Override
    public void close() {}
}
