package dev.parley.ingest.door;

import dev.parley.chat.v1.Command;
import dev.parley.ingest.http.Call;
import dev.parley.ingest.http.ProblemException;
import dev.parley.schemas.keys.ConversationKey;

/** Where commands go. Thread-safe. */
public interface CommandLog extends AutoCloseable {

    /**
     * Appends one command; returns when the log has it for good.
     *
     * @throws ProblemException where the log does not confirm it in time; it may have it all the same
     */
    void append(ConversationKey conversation, Command.Body command, Call call);

    @Override
    void close();
}
