package dev.parley.ingest.door;

import dev.parley.ingest.http.Call;
import dev.parley.ingest.http.ProblemException;
import dev.parley.schemas.ConversationKey;
import org.apache.avro.specific.SpecificRecord;

/** Where commands go. Thread-safe. */
public interface CommandLog extends AutoCloseable {

    /**
     * Appends one command; returns when the log has it for good.
     *
     * @throws ProblemException where the log does not confirm it in time; it may have it all the same
     */
    void append(ConversationKey conversation, SpecificRecord command, Call call);

    @Override
    public void close();
}
