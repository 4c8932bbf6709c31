package dev.parley.ingest.protocol.openai;

import dev.parley.ingest.answer.Abandoned;
import dev.parley.ingest.answer.Answering;
import dev.parley.ingest.answer.EventStreams;
import dev.parley.ingest.answer.TextSockets;
import dev.parley.ingest.door.Door;
import dev.parley.ingest.door.Models;
import dev.parley.ingest.files.Files;
import dev.parley.ingest.http.ErrorForm;
import dev.parley.ingest.http.RetryAdvice;
import dev.parley.ingest.http.Serving;
import dev.parley.ingest.protocol.Protocol;
import dev.parley.ingest.search.Embeddings;
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
    private final StoredCompletionCalls stored;
    private final ResponseCalls responses;
    private final TextSockets sockets;
    private final ConversationCalls conversations;
    private final CompletionCalls legacy;
    private final EmbeddingCalls embeddings;
    private final FileCalls files;

    /**
     * The protocol of one server.
     *
     * @param configurations whose engines and routes are models
     * @param connected name of the model behind the connected model server, where that is known
     * @param defaultWorkspace whose knowledge new conversations draw on
     */
    public OpenAiApi(
            Serving serving,
            Door door,
            EventStreams streams,
            Configurations configurations,
            Optional<String> connected,
            String defaultWorkspace,
            Embeddings embeddings,
            Files files) {
        Models lasting = Models.of(connected);
        Supplier<Models> current = () -> lasting.with(configurations.current());
        Answering answering = new Answering(streams, new Abandoned(door.turns()));
        this.serving = serving;
        this.models = new ModelCalls(current);
        OneTurn turns = new OneTurn(door.messages(), answering);
        this.completions = new ChatCompletionCalls(turns, current, defaultWorkspace);
        this.stored = new StoredCompletionCalls(door);
        this.responses = new ResponseCalls(door, answering, current);
        this.sockets = new TextSockets(
                serving.access(),
                "/v1/responses",
                (tenant, socket) -> new ResponseSocket(tenant, socket, serving, responses));
        this.conversations = new ConversationCalls(door, defaultWorkspace);
        this.legacy = new CompletionCalls(turns, current);
        this.embeddings = new EmbeddingCalls(embeddings);
        this.files = new FileCalls(files);
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
    public void close() {
        sockets.close();
        embeddings.close();
    }

    @Override
    public void addTo(JavalinConfig config) {
        sockets.addTo(config);
        RoutesConfig routes = config.routes;
        routes.get("/v1/models", serving.call(models::list));
        // A model's name may hold slashes.
        routes.get("/v1/models/<model>", serving.call(models::get));
        routes.post("/v1/completions", serving.streamed(legacy::create));
        routes.post("/v1/embeddings", serving.call(embeddings::create));
        routes.post("/v1/files", serving.call(files::create));
        routes.get("/v1/files/{file}", serving.call(files::get));
        routes.get("/v1/files/{file}/content", serving.call(files::content));
        routes.post("/v1/chat/completions", serving.streamed(completions::create));
        routes.get("/v1/chat/completions", serving.call(stored::list, StoredCompletionCalls.PARAMETERS));
        routes.get("/v1/chat/completions/{id}", serving.call(stored::get));
        routes.post("/v1/chat/completions/{id}", serving.call(stored::update));
        routes.delete("/v1/chat/completions/{id}", serving.call(stored::delete));
        routes.get("/v1/chat/completions/{id}/messages", serving.call(stored::messages, Paging.PARAMETERS));
        routes.post("/v1/responses", serving.streamed(responses::create));
        routes.post("/v1/responses/compact", serving.call(responses::compact));
        routes.get("/v1/responses/{id}", serving.streamed(responses::get, ResponseCalls.PARAMETERS));
        routes.delete("/v1/responses/{id}", serving.call(responses::delete));
        routes.get("/v1/responses/{id}/input_items", serving.call(responses::inputItems, ConversationCalls.LIST));
        routes.post("/v1/responses/{id}/cancel", serving.call(responses::cancel));
        routes.post("/v1/conversations", serving.call(conversations::create));
        routes.get("/v1/conversations/{id}", serving.call(conversations::get));
        routes.post("/v1/conversations/{id}", serving.call(conversations::update));
        routes.delete("/v1/conversations/{id}", serving.call(conversations::delete));
        routes.get("/v1/conversations/{id}/items", serving.call(conversations::listItems, ConversationCalls.LIST));
        routes.post(
                "/v1/conversations/{id}/items", serving.call(conversations::createItems, ConversationCalls.INCLUDE));
        routes.get(
                "/v1/conversations/{id}/items/{item}", serving.call(conversations::getItem, ConversationCalls.INCLUDE));
        routes.delete("/v1/conversations/{id}/items/{item}", serving.call(conversations::deleteItem));
    }
}
