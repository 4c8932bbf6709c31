package dev.parley.ingest.protocol.agui;

import dev.parley.ingest.answer.Abandoned;
import dev.parley.ingest.answer.ChatRules;
import dev.parley.ingest.answer.EventStreams;
import dev.parley.ingest.door.Door;
import dev.parley.ingest.http.ErrorForm;
import dev.parley.ingest.http.Serving;
import dev.parley.ingest.protocol.Protocol;
import io.javalin.config.JavalinConfig;
import java.util.Optional;

/**
 * AG-UI, version 1.0, for its {@code HttpAgent} and whatever else speaks it: a view of the same log
 * (<a href="https://docs.ag-ui.com">the protocol</a>).
 */
public final class AgUiApi implements Protocol {

    private static final RunErrors ERRORS = new RunErrors();

    private final Serving serving;
    private final RunCalls calls;

    /**
     * The protocol of one server.
     *
     * @param abandoned who reads answers, by any protocol of chats
     */
    public AgUiApi(Serving serving, Door door, EventStreams streams, Abandoned abandoned, ChatRules rules) {
        this.serving = serving;
        this.calls = new RunCalls(door, streams, abandoned, rules);
    }

    @Override
    public Optional<ErrorForm> errors() {
        return Optional.of(ERRORS);
    }

    @Override
    public void addTo(JavalinConfig config) {
        config.routes.post("/agui", serving.streamed(calls::run));
        config.routes.get("/agui/{id}", serving.streamed(calls::connect));
        config.routes.get("/agui/{id}/{run}", serving.streamed(calls::resume, "cursor"));
    }
}
