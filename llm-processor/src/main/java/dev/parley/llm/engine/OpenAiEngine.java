package dev.parley.llm.engine;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.CompleteToolCall;
import dev.langchain4j.model.chat.response.PartialThinking;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.openai.OpenAiChatRequestParameters;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;
import dev.langchain4j.model.output.FinishReason;
import dev.langchain4j.model.output.TokenUsage;
import dev.parley.chat.v1.GenerationRequest;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.ToolCall;
import dev.parley.chat.v1.Usage;
import dev.parley.chat.v1.UsageBasis;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.config.Secret;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/** Any server that speaks OpenAI's chat completions: vLLM, Ollama, a cloud. */
public final class OpenAiEngine implements Engine, AutoCloseable {

    /**
     * Where the server is and what to ask it for.
     *
     * @param baseUrl up to and including the version, such as {@code http://127.0.0.1:8000/v1}
     * @param model empty: the first that the server lists
     * @param firstTokenTimeout how long the answer's beginning may take
     * @param idleTimeout how long the stream may be silent after that
     */
    public record Server(
            URI baseUrl,
            Optional<String> model,
            Optional<Secret> apiKey,
            Duration firstTokenTimeout,
            Duration idleTimeout) {}

    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);
    private static final Duration LIST_TIMEOUT = Duration.ofSeconds(10);

    private final String name;
    private final Server server;
    private final HttpClient http;
    private final StreamWatch watch;
    private volatile @Nullable String discoveredModel;

    public OpenAiEngine(String name, Server server) {
        this.name = name;
        this.server = server;
        this.http = HttpClient.newBuilder()
                // An upgrade to HTTP/2 in clear text confuses some model servers.
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(CONNECT_TIMEOUT)
                .executor(Executors.newVirtualThreadPerTaskExecutor())
                .build();
        this.watch = new StreamWatch(server.idleTimeout());
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String model() {
        String discovered = discoveredModel;
        return server.model().orElse(discovered == null ? "unknown" : discovered);
    }

    @Override
    public Outcome generate(GenerationRequest request, Sink sink, Cancellation cancellation) {
        String model;
        try {
            model = modelToAskFor();
        } catch (IOException e) {
            return FailureKinds.of(e);
        }
        CancellableHttpClient client = new CancellableHttpClient(http, cancellation, watch, server.firstTokenTimeout());
        Answer answer = new Answer(sink);
        try {
            OpenAiStreamingChatModel.builder()
                    .httpClientBuilder(client.builder())
                    .baseUrl(server.baseUrl().toString())
                    .apiKey(server.apiKey().map(Secret::reveal).orElse(null))
                    .modelName(model)
                    .returnThinking(true)
                    .build()
                    .chat(
                            ChatRequest.builder()
                                    .messages(messages(request))
                                    .parameters(OpenAiChatRequestParameters.builder()
                                            .customParameters(OpenAiOptions.of(request.getOptions()))
                                            .build())
                                    .build(),
                            answer);
        } catch (RuntimeException e) {
            return FailureKinds.of(e);
        }
        return answer.outcome();
    }

    private static List<ChatMessage> messages(GenerationRequest request) {
        return request.getMessages().stream().map(OpenAiEngine::message).toList();
    }

    private static ChatMessage message(PromptMessage message) {
        String content = message.getContent();
        return switch (message.getRole()) {
            case SYSTEM -> SystemMessage.from(content);
            case USER -> UserMessage.from(content);
            case ASSISTANT -> {
                List<ToolExecutionRequest> calls = message.getToolCalls().stream()
                        .map(call -> ToolExecutionRequest.builder()
                                .id(call.getId())
                                .name(call.getName())
                                .arguments(call.getArguments())
                                .build())
                        .toList();
                yield AiMessage.builder()
                        .text(content.isEmpty() && !calls.isEmpty() ? null : content)
                        .toolExecutionRequests(calls)
                        .build();
            }
            case TOOL -> ToolExecutionResultMessage.from(message.getToolCallId(), null, content);
        };
    }

    private String modelToAskFor() throws IOException {
        if (server.model().isPresent()) {
            return server.model().get();
        }
        String discovered = discoveredModel;
        if (discovered == null) {
            discovered = firstListed();
            discoveredModel = discovered;
        }
        return discovered;
    }

    private String firstListed() throws IOException {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(URI.create(server.baseUrl() + "/models")).timeout(LIST_TIMEOUT);
        server.apiKey().map(Secret::reveal).ifPresent(key -> request.header("Authorization", "Bearer " + key));
        try {
            HttpResponse<String> response = http.send(request.GET().build(), HttpResponse.BodyHandlers.ofString());
            JsonNode first = response.statusCode() == 200
                    ? MAPPER.readTree(response.body()).at("/data/0/id")
                    : MAPPER.missingNode();
            if (!first.isTextual()) {
                throw new IOException("PARLEY_LLM_MODEL is not set and the model server lists none");
            }
            return first.asText();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    @Override
    public void close() {
        watch.close();
        http.shutdownNow();
    }

    /** What langchain4j tells of one answer; all on the thread that asked. */
    private static final class Answer implements StreamingChatResponseHandler {
        private final Sink sink;
        private @Nullable ChatResponse response;
        private @Nullable Throwable failure;

        Answer(Sink sink) {
            this.sink = sink;
        }

        @Override
        public void onPartialResponse(String piece) {
            sink.text(piece);
        }

        @Override
        public void onPartialThinking(PartialThinking thinking) {
            sink.reasoning(thinking.text());
        }

        @Override
        public void onCompleteToolCall(CompleteToolCall complete) {
            ToolExecutionRequest call = complete.toolExecutionRequest();
            sink.toolCall(new ToolCall(
                    call.id() == null ? "call_" + complete.index() : call.id(), call.name(), call.arguments()));
        }

        @Override
        public void onCompleteResponse(ChatResponse complete) {
            response = complete;
        }

        @Override
        public void onError(Throwable error) {
            if (failure == null) {
                failure = error;
            }
        }

        Outcome outcome() {
            if (failure != null) {
                return FailureKinds.of(failure);
            }
            FinishReason reason = response == null ? null : response.finishReason();
            if (response == null || reason == null) {
                return new Outcome.Failed(
                        ErrorCode.ENGINE_TRUNCATED, "the model server's stream ended without a finish reason");
            }
            return new Outcome.Finished(wire(reason), usage(response.tokenUsage()));
        }

        private static String wire(FinishReason reason) {
            return switch (reason) {
                case STOP -> "stop";
                case LENGTH -> "length";
                case TOOL_EXECUTION -> "tool_calls";
                case CONTENT_FILTER -> "content_filter";
                case OTHER -> "other";
            };
        }

        private static Optional<Usage> usage(@Nullable TokenUsage counted) {
            return counted == null || counted.inputTokenCount() == null || counted.outputTokenCount() == null
                    ? Optional.empty()
                    : Optional.of(new Usage(
                            counted.inputTokenCount(), counted.outputTokenCount(), UsageBasis.MEASURED, null));
        }
    }
}
