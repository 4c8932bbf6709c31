package dev.parley.llm.model;

import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.openai.OpenAiChatRequestParameters;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;
import dev.parley.chat.v1.GenerationRequest;
import dev.parley.schemas.config.Secret;
import java.io.IOException;
import java.util.Map;

/** A server that speaks OpenAI's chat completions: vLLM, Ollama, a cloud. */
public final class OpenAiModel implements Model {

    private final ModelServer server;
    private final Connections connections;
    private final ModelName name;

    public OpenAiModel(ModelServer server, Connections connections) {
        this.server = server;
        this.connections = connections;
        this.name = new ModelName(
                server,
                server.apiKey()
                        .map(key -> Map.of("Authorization", "Bearer " + key.reveal()))
                        .orElse(Map.of()));
    }

    @Override
    public String name() {
        return name.known();
    }

    @Override
    public Outcome generate(GenerationRequest request, Sink sink, Cancellation cancellation) {
        CancellableHttpClient client = connections.to(server, cancellation);
        StreamedAnswer answer = new StreamedAnswer(sink, client::abandon);
        try {
            OpenAiStreamingChatModel.builder()
                    .httpClientBuilder(client.builder())
                    .baseUrl(server.baseUrl().toString())
                    .apiKey(server.apiKey().map(Secret::reveal).orElse(null))
                    .modelName(name.toAskFor(client))
                    .returnThinking(true)
                    .build()
                    .chat(
                            ChatRequest.builder()
                                    .messages(Prompts.of(request))
                                    .parameters(OpenAiChatRequestParameters.builder()
                                            .customParameters(OpenAiOptions.of(request.getOptions()))
                                            .build())
                                    .build(),
                            answer);
        } catch (IOException | RuntimeException e) {
            return FailureKinds.of(e);
        }
        return answer.outcome();
    }
}
