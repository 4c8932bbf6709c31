package dev.parley.ingest.documents;

import dev.parley.chat.v1.Document;
import dev.parley.ingest.http.Call;
import dev.parley.ingest.http.ProblemException;
import dev.parley.schemas.keys.DocumentKey;
import org.jspecify.annotations.Nullable;

/** Where documents go. Thread-safe. */
public interface DocumentLog extends AutoCloseable {

    /**
     * A place in the log.
     *
     * @param offset of the first record that is not before it
     */
    record Place(int partition, long offset) {}

    /**
     * Appends a document, or, where that is null, its end; returns when the log has it for good.
     *
     * @throws ProblemException where the log does not confirm it in time; it may have it all the same
     */
    void append(DocumentKey key, @Nullable Document document, Call call);

    /**
     * The end of what the log holds of a workspace now.
     *
     * @param any document of the workspace, whether or not there is one
     * @throws ProblemException where the log does not answer in time
     */
    Place end(DocumentKey any);

    @Override
    public void close();
}
