package dev.parley.llm.model;

import dev.langchain4j.model.anthropic.AnthropicStreamingChatModel;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.parley.chat.v1.GenerationOptions;
import dev.parley.chat.v1.GenerationRequest;
import dev.parley.schemas.config.Secret;
import java.io.IOException;
import java.net.URI;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A server that speaks Anthropic's messages. */
public final class AnthropicModel implements Model {

    /** Anthropic's own. */
    public static final URI DEFAULT_URL = URI.create("https://api.anthropic.com/v1");

    private static final String VERSION = "2023-06-01";

    /** Anthropic wants to be told a limit. */
    private static final int DEFAULT_MAX_TOKENS = 4096;

    /** The client refuses to go without a key, which a gateway of one's own may not need. */
    private static final String NO_KEY = "none";

    private final ModelServer server;
    private final Connections connections;
    private final String key;
    private final ModelName name;

    public AnthropicModel(ModelServer server, Connections connections) {
        this.server = server;
        this.connections = connections;
        this.key = server.apiKey().map(Secret::reveal).orElse(NO_KEY);
        this.name = new ModelName(server, Map.of("x-api-key", key, "anthropic-version", VERSION));
    }

    @Override
    public String name() {
        return name.known();
    }

    @Override
    public Outcome generate(GenerationRequest request, Sink sink, Cancellation cancellation) {
        CancellableHttpClient client = connections.to(server, cancellation);
        StreamedAnswer answer = new StreamedAnswer(sink, client::abandon);
        GenerationOptions options = request.getOptions();
        try {
            AnthropicStreamingChatModel.builder()
                    .httpClientBuilder(client.builder())
                    .baseUrl(server.baseUrl().toString())
                    .apiKey(key)
                    .version(VERSION)
                    .modelName(name.toAskFor(client))
                    .maxTokens(maxTokens(options))
                    .returnThinking(true)
                    .customParameters(AnthropicOptions.of(options))
                    .build()
                    .chat(ChatRequest.builder().messages(Prompts.of(request)).build(), answer);
        } catch (IOException | RuntimeException e) {
            return FailureKinds.of(e);
        }
        return answer.outcome();
    }

    private static int maxTokens(@Nullable GenerationOptions options) {
        Integer asked = options == null ? null : options.getMaxOutputTokens();
        return asked == null ? DEFAULT_MAX_TOKENS : asked;
    }
}
