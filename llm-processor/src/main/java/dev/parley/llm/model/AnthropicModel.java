package dev.parley.llm.model;

import dev.parley.chat.v1.Dialect;
import dev.parley.chat.v1.GenerationRequest;
import dev.parley.llm.stream.MessagesReader;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.settings.Secret;
import java.io.IOException;
import java.net.URI;
import java.util.List;
import java.util.Map;

/** A server that speaks Anthropic's messages. */
public final class AnthropicModel implements Model {

    /** Anthropic's own. */
    public static final URI DEFAULT_URL = URI.create("https://api.anthropic.com/v1");

    private static final String VERSION = "2023-06-01";

    /** A gateway of one's own may want no key, and yet the header. */
    private static final String NO_KEY = "none";

    private final ModelServer server;
    private final Connections connections;
    private final List<String> leaveOut;
    private final Map<String, String> headers;
    private final ModelName name;
    private final URI messages;

    public AnthropicModel(ModelServer server, Dialect dialect, Connections connections) {
        this.server = server;
        this.connections = connections;
        this.leaveOut = dialect.getLeaveOut();
        this.headers =
                Map.of("x-api-key", server.apiKey().map(Secret::reveal).orElse(NO_KEY), "anthropic-version", VERSION);
        this.name = new ModelName(server, headers);
        this.messages = URI.create(server.baseUrl() + "/messages");
    }

    @Override
    public String name() {
        return name.known();
    }

    @Override
    public Outcome generate(GenerationRequest request, Sink sink, Cancellation cancellation) {
        ServerCall call = connections.to(server, cancellation);
        for (boolean again = false; ; again = true) {
            String model = name.known();
            try {
                model = name.toAskFor(call);
                MessagesRequest body = MessagesRequest.of(request, model, leaveOut);
                StreamedAnswer answer =
                        new StreamedAnswer(new MessagesReader(ToolCallIds.madeUpFor(request)), sink, body.leftOut());
                call.stream(messages, headers, body.bytes(), answer);
                return answer.outcome();
            } catch (RefusedException e) {
                if (again || cancellation.isCancelled() || !name.isGone(model, e) || !sink.asksAgain()) {
                    return server.withoutKey(FailureKinds.of(e));
                }
            } catch (IOException e) {
                return server.withoutKey(FailureKinds.of(e));
            } catch (IllegalArgumentException e) {
                return new Outcome.Failed(ErrorCode.ENGINE_REJECTED, "the request cannot be written as JSON");
            }
        }
    }
}
