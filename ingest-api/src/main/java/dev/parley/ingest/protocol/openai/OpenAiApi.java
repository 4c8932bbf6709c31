package dev.parley.ingest.protocol.openai;

import dev.parley.ingest.answer.Abandoned;
import dev.parley.ingest.answer.Answering;
import dev.parley.ingest.answer.EventStreams;
import dev.parley.ingest.door.Door;
import dev.parley.ingest.door.Models;
import dev.parley.ingest.http.ErrorForm;
import dev.parley.ingest.http.RetryAdvice;
import dev.parley.ingest.http.Serving;
import dev.parley.ingest.protocol.Protocol;
import dev.parley.schemas.routes.Configurations;
import io.javalin.config.JavalinConfig;
import io.javalin.config.RoutesConfig;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** OpenAI's API, under {@code /v1}: a view of the same log for the clients that people have. */
public final class OpenAiApi implements Protocol {

    private static final OpenAiErrors ERRORS = new OpenAiErrors();

    private final Serving serving;
    private final ModelCalls models;
    private final ChatCompletionCalls completions;
    private final ResponseCalls responses;

    /**
     * The protocol of one server.
     *
     * @param configurations whose engines and routes are models
     * @param connected name of the model behind the connected model server, where that is known
     */
    public OpenAiApi(
            Serving serving,
            Door door,
            EventStreams streams,
            Configurations configurations,
            Optional<String> connected) {
        Models lasting = Models.of(connected);
        Supplier<Models> current = () -> lasting.with(configurations.current());
        Answering answering = new Answering(streams, new Abandoned(door.turns()));
        this.serving = serving;
        this.models = new ModelCalls(current);
        this.completions = new ChatCompletionCalls(door.messages(), answering, current);
        this.responses = new ResponseCalls(door, answering, current);
    }

    @Override
    public Optional<ErrorForm> errors() {
        return Optional.of(ERRORS);
    }

    @Override
    public List<String> readableHeaders() {
        return RetryAdvice.HEADERS;
    }

    @Override
    public void addTo(JavalinConfig config) {
        RoutesConfig routes = config.routes;
        routes.get("/v1/models", serving.call(models::list));
        // A model's name may hold slashes.
        routes.get("/v1/models/<model>", serving.call(models::get));
        routes.post("/v1/chat/completions", serving.streamed(completions::create));
        routes.post("/v1/responses", serving.streamed(responses::create));
        routes.get("/v1/responses/{id}", serving.streamed(responses::get, ResponseCalls.PARAMETERS));
        routes.post("/v1/responses/{id}/cancel", serving.call(responses::cancel));
    }
}
