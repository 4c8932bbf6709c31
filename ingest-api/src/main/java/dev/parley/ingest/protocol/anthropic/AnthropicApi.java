package dev.parley.ingest.protocol.anthropic;

import dev.parley.ingest.answer.Abandoned;
import dev.parley.ingest.answer.Answering;
import dev.parley.ingest.answer.EventStreams;
import dev.parley.ingest.door.Door;
import dev.parley.ingest.door.Models;
import dev.parley.ingest.http.ErrorForm;
import dev.parley.ingest.http.Serving;
import dev.parley.ingest.protocol.Protocol;
import dev.parley.schemas.routes.Configurations;
import io.javalin.config.JavalinConfig;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.javalin.http.Handler;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Anthropic's API: messages, and the list of models in its form for clients that say so. A view of the same log for the clients
 * that speak nothing else.
 */
public final class AnthropicApi implements Protocol {

    private static final AnthropicErrors ERRORS = new AnthropicErrors();
    private static final Set<String> READING = Set.of("GET", "HEAD");

    /** Whether a call is of the SDK's part that is in the making; it is the same call. */
    private static final String BETA = "beta";

    private final Serving serving;
    private final MessageCalls messages;
    private final ModelCalls models;

    /**
     * The protocol of one server.
     *
     * @param configurations whose engines and routes are models
     * @param connected name of the model behind the connected model server, where that is known
     */
    public AnthropicApi(
            Serving serving,
            Door door,
            EventStreams streams,
            Configurations configurations,
            Optional<String> connected) {
        Models lasting = Models.of(connected);
        Supplier<Models> current = () -> lasting.with(configurations.current());
        this.serving = serving;
        this.messages = new MessageCalls(door, new Answering(streams, new Abandoned(door.turns())), current);
        this.models = new ModelCalls(current);
    }

    @Override
    public Optional<ErrorForm> errors() {
        return Optional.of(ERRORS);
    }

    @Override
    public List<String> readableHeaders() {
        return List.of(AnthropicErrors.REQUEST_ID);
    }

    @Override
    public void addTo(JavalinConfig config) {
        RoutesConfig routes = config.routes;
        routes.before(AnthropicErrors.MESSAGES, AnthropicApi::name);
        routes.before(AnthropicErrors.MESSAGES + "/*", AnthropicApi::name);
        routes.post(AnthropicErrors.MESSAGES, serving.streamed(messages::create, BETA));
        routes.post(AnthropicErrors.MESSAGES + "/count_tokens", serving.call(messages::countTokens, BETA));
        // The paths are OpenAI's as well: the header says whose client asks.
        routes.before("/v1/models", forOurClients(serving.call(models::list, ModelCalls.PARAMETERS)));
        routes.before("/v1/models/<model>", forOurClients(serving.call(models::get, BETA)));
    }

    private static void name(Context ctx) {
        String _ = AnthropicErrors.named(ctx);
    }

    private static Handler forOurClients(Handler handler) {
        return ctx -> {
            if (ctx.header(AnthropicErrors.VERSION) != null
                    && READING.contains(ctx.req().getMethod())) {
                name(ctx);
                handler.handle(ctx);
                ctx.skipRemainingHandlers();
            }
        };
    }
}
