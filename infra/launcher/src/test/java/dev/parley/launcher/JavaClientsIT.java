package dev.parley.launcher;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.JsonValue;
import com.openai.core.http.StreamResponse;
import com.openai.errors.BadRequestException;
import com.openai.errors.NotFoundException;
import com.openai.errors.OpenAIIoException;
import com.openai.helpers.ChatCompletionAccumulator;
import com.openai.models.FunctionDefinition;
import com.openai.models.FunctionParameters;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.models.Model;
import com.openai.models.responses.Response;
import com.openai.models.responses.ResponseCreateParams;
import com.openai.models.responses.ResponseRetrieveParams;
import com.openai.models.responses.ResponseStatus;
import com.openai.models.responses.ResponseStreamEvent;
import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.request.ResponseFormatType;
import dev.langchain4j.model.chat.request.json.JsonObjectSchema;
import dev.langchain4j.model.chat.request.json.JsonSchema;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.PartialResponse;
import dev.langchain4j.model.chat.response.PartialResponseContext;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.openai.OpenAiChatModel;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;
import dev.parley.stack.scripted.Script;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** The clients that Java programs already have: OpenAI's own, and langchain4j's for OpenAI. */
class JavaClientsIT {

    private static final Duration PACE = Duration.ofMillis(15);
    private static final List<String> TRICKY = List.of(
            "Line",
            "\n",
            "two",
            "\uD83D",
            "\uDE00",
            "\r",
            "\r\n",
            "\u0000",
            "\u2028",
            "\uFEFF",
            " \"end\"\\",
            " more",
            " words");
    private static final String TRICKY_TEXT = String.join("", TRICKY);
    private static final int WORDS = 12;
    private static final String TEXT = Script.numbered(WORDS, PACE).fullText();

    private static ParleyUnderTest parley;

    @BeforeAll
    static void start() {
        parley = ParleyUnderTest.start();
    }

    @AfterAll
    static void stop() {
        parley.close();
    }

    @BeforeEach
    void answerWithWords() {
        parley.model().answerWith(Script.numbered(WORDS, PACE));
    }

    @Nested
    class OpenAiJava {

        private final OpenAIClient client = client(parley.url());

        private OpenAIClient client(String url) {
            return OpenAIOkHttpClient.builder()
                    .baseUrl(url + "/v1")
                    .apiKey("unused")
                    .maxRetries(0)
                    .responseValidation(true)
                    .build();
        }

        private ChatCompletionCreateParams.Builder asking(String text) {
            return ChatCompletionCreateParams.builder().model("default").addUserMessage(text);
        }

        @Test
        void listsModels() {
            assertThat(client.models().list().data()).extracting(Model::id).contains("default", "scripted");
        }

        @Test
        void completesAChat() {
            ChatCompletion completion = client.chat()
                    .completions()
                    .create(asking("Hello").addSystemMessage("Be brief.").build())
                    .validate();

            assertThat(completion.choices().getFirst().message().content()).contains(TEXT);
            assertThat(completion.choices().getFirst().finishReason())
                    .isEqualTo(ChatCompletion.Choice.FinishReason.STOP);
            assertThat(completion.usage().orElseThrow().completionTokens()).isPositive();
        }

        @Test
        void streamsAChat() {
            parley.model().answerWith(Script.tokens(TRICKY).pacedAt(PACE));
            ChatCompletionAccumulator accumulator = ChatCompletionAccumulator.create();

            try (StreamResponse<ChatCompletionChunk> stream =
                    client.chat().completions().createStreaming(asking("Hello").build())) {
                stream.stream().peek(ChatCompletionChunk::validate).forEach(accumulator::accumulate);
            }

            assertThat(accumulator
                            .chatCompletion()
                            .choices()
                            .getFirst()
                            .message()
                            .content())
                    .contains(TRICKY_TEXT);
        }

        @Test
        void callsATool() {
            parley.model().enqueue(Script.text("").calling("call_1", "weather", "{\"place\":\"Bern\"}"));
            parley.model().enqueue(Script.text("It rains."));
            ChatCompletionCreateParams.Builder asking = asking("Will it rain?")
                    .addFunctionTool(FunctionDefinition.builder()
                            .name("weather")
                            .parameters(FunctionParameters.builder()
                                    .putAdditionalProperty("type", JsonValue.from("object"))
                                    .putAdditionalProperty(
                                            "properties", JsonValue.from(Map.of("place", Map.of("type", "string"))))
                                    .build())
                            .build());

            ChatCompletion.Choice first = client.chat()
                    .completions()
                    .create(asking.build())
                    .validate()
                    .choices()
                    .getFirst();
            ChatCompletion second = client.chat()
                    .completions()
                    .create(asking.addMessage(first.message())
                            .addMessage(com.openai.models.chat.completions.ChatCompletionToolMessageParam.builder()
                                    .toolCallId("call_1")
                                    .content("rain")
                                    .build())
                            .build());

            assertThat(first.finishReason()).isEqualTo(ChatCompletion.Choice.FinishReason.TOOL_CALLS);
            assertThat(first.message()
                            .toolCalls()
                            .orElseThrow()
                            .getFirst()
                            .asFunction()
                            .function()
                            .arguments())
                    .isEqualTo("{\"place\":\"Bern\"}");
            assertThat(second.choices().getFirst().message().content()).contains("It rains.");
            assertThat(parley.lastExchange()
                            .request()
                            .body()
                            .at("/tools/0/function/parameters/properties/place/type")
                            .asText())
                    .isEqualTo("string");
        }

        @Test
        void tellsWhatIsWrong() {
            assertThatThrownBy(() ->
                            client.chat().completions().create(asking("x").n(3).build()))
                    .isInstanceOfSatisfying(
                            BadRequestException.class,
                            e -> assertThat(e.param()).contains("n"));
            assertThatThrownBy(() -> client.chat()
                            .completions()
                            .create(asking("x").model("gpt-none").build()))
                    .isInstanceOf(NotFoundException.class);
        }

        @Test
        void closingAStreamStopsItsGeneration() throws InterruptedException {
            parley.model().answerWith(Script.numbered(5_000, PACE));
            try (StreamResponse<ChatCompletionChunk> stream =
                    client.chat().completions().createStreaming(asking("Hello").build())) {
                assertThat(stream.stream().limit(3)).hasSize(3);
            }

            assertThat(parley.lastExchange().awaitClosedByClient(Duration.ofSeconds(5)))
                    .isTrue();
        }

        @Test
        void aRepeatUnderTheSameKeyMeetsTheSameGenerationWhereverItWasCut() {
            for (int count = 1; count <= WORDS; count++) {
                String key = UUID.randomUUID().toString();
                long before = parley.model().requestCount();
                try (CuttingProxy proxy = new CuttingProxy(parley.url(), "chat.completion.chunk", count)) {
                    String said = "";
                    while (!said.equals(TEXT)) {
                        said = read(client(proxy.url()), key);
                    }
                    // How many chunks an answer has is a matter of pace, but it has one at least.
                    assertThat(proxy.cuts() == 1 || count > 1).isTrue();
                }
                assertThat(parley.model().requestCount()).as("cut at %s", count).isEqualTo(before + 1);
            }
        }

        /** What one request got to read, cut or not. */
        private String read(OpenAIClient through, String key) {
            StringBuilder said = new StringBuilder();
            ChatCompletionCreateParams params =
                    asking("Hello").putAdditionalHeader("Idempotency-Key", key).build();
            try (StreamResponse<ChatCompletionChunk> stream =
                    through.chat().completions().createStreaming(params)) {
                stream.stream()
                        .forEach(chunk -> chunk.choices()
                                .forEach(choice -> choice.delta().content().ifPresent(said::append)));
            } catch (OpenAIIoException e) {
                return "cut: " + said;
            }
            return said.toString();
        }

        @Test
        void createsAResponse() {
            Response response = client.responses()
                    .create(ResponseCreateParams.builder()
                            .model("default")
                            .input("Hello")
                            .build())
                    .validate();

            assertThat(text(response)).isEqualTo(TEXT);
            assertThat(client.responses().retrieve(response.id()).validate().status())
                    .contains(ResponseStatus.COMPLETED);
        }

        private String text(Response response) {
            return response.output()
                    .getLast()
                    .asMessage()
                    .content()
                    .getFirst()
                    .asOutputText()
                    .text();
        }

        @Test
        void aResponseResumesAtTheCharacterAfterACutAtAnyEvent() throws Exception {
            parley.model().answerWith(Script.tokens(TRICKY).pacedAt(PACE));
            int events = new Reading().readNew(client).events;

            try (ExecutorService readers = Executors.newVirtualThreadPerTaskExecutor()) {
                List<Future<String>> texts = IntStream.rangeClosed(1, events)
                        .mapToObj(count -> readers.submit(() -> readWithACut(count)))
                        .toList();
                for (int i = 0; i < events; i++) {
                    assertThat(texts.get(i).get()).as("cut at event %s", i + 1).isEqualTo(TRICKY_TEXT);
                }
            }
        }

        private String readWithACut(int count) {
            try (CuttingProxy proxy = new CuttingProxy(parley.url(), "\"sequence_number\"", count)) {
                OpenAIClient cut = client(proxy.url());
                Reading reading = new Reading().readNew(cut);
                while (!reading.completed) {
                    reading = reading.id.isEmpty() ? new Reading().readNew(cut) : reading.readOn(cut);
                }
                return reading.text.toString();
            }
        }

        /** What a program has read of a response. */
        private static final class Reading {
            private final StringBuilder text = new StringBuilder();
            private String id = "";
            private long seen = -1;
            private int events;
            private boolean completed;

            Reading readNew(OpenAIClient client) {
                ResponseCreateParams params = ResponseCreateParams.builder()
                        .model("default")
                        .input("Hello")
                        .build();
                try (StreamResponse<ResponseStreamEvent> stream =
                        client.responses().createStreaming(params)) {
                    stream.stream().forEach(this::take);
                } catch (OpenAIIoException e) {
                    // Cut.
                }
                return this;
            }

            Reading readOn(OpenAIClient client) {
                ResponseRetrieveParams params = ResponseRetrieveParams.builder()
                        .responseId(id)
                        .startingAfter(seen)
                        .build();
                try (StreamResponse<ResponseStreamEvent> stream =
                        client.responses().retrieveStreaming(params)) {
                    stream.stream().forEach(this::take);
                } catch (OpenAIIoException e) {
                    // Cut.
                }
                return this;
            }

            private void take(ResponseStreamEvent event) {
                event.validate();
                events++;
                event.created().ifPresent(created -> id = created.response().id());
                event.outputTextDelta().ifPresent(delta -> text.append(delta.delta()));
                completed |= event.isCompleted();
                long number = requireNonNull(event._json().orElseThrow().convert(JsonNode.class))
                        .path("sequence_number")
                        .asLong(-1);
                assertThat(number).isGreaterThan(seen);
                seen = number;
            }
        }

        @Test
        void stopsAResponse() throws InterruptedException {
            parley.model().answerWith(Script.numbered(5_000, PACE));
            Response running = client.responses()
                    .create(ResponseCreateParams.builder()
                            .model("default")
                            .input("Hello")
                            .background(true)
                            .build());
            await().until(() ->
                    client.responses().retrieve(running.id()).status().equals(Optional.of(ResponseStatus.IN_PROGRESS)));

            Response stopped = client.responses().cancel(running.id()).validate();

            assertThat(stopped.status()).contains(ResponseStatus.CANCELLED);
            assertThat(parley.model().openStreams()).isZero();
        }
    }

    @Nested
    class LangChain4j {

        private OpenAiChatModel model() {
            return OpenAiChatModel.builder()
                    .baseUrl(parley.url() + "/v1")
                    .apiKey("unused")
                    .modelName("default")
                    .maxRetries(0)
                    .build();
        }

        private OpenAiStreamingChatModel streaming(String url) {
            return OpenAiStreamingChatModel.builder()
                    .baseUrl(url + "/v1")
                    .apiKey("unused")
                    .modelName("default")
                    .build();
        }

        @Test
        void chats() {
            ChatResponse response = model().chat(UserMessage.from("Hello"));

            assertThat(response.aiMessage().text()).isEqualTo(TEXT);
            assertThat(response.tokenUsage().outputTokenCount()).isPositive();
        }

        @Test
        void streams() throws Exception {
            parley.model().answerWith(Script.tokens(TRICKY).pacedAt(PACE));
            Collecting answer = new Collecting(Integer.MAX_VALUE);

            streaming(parley.url()).chat("Hello", answer);

            ChatResponse response = answer.whole.get(20, TimeUnit.SECONDS);
            assertThat(answer.pieces.toString()).isEqualTo(TRICKY_TEXT);
            assertThat(response.aiMessage().text()).isEqualTo(TRICKY_TEXT);
            assertThat(response.tokenUsage().outputTokenCount()).isPositive();
        }

        @Test
        void aCutStreamIsAnErrorOrUnfinishedAndNeverAnotherText() throws Exception {
            for (int count = 1; count <= WORDS; count++) {
                try (CuttingProxy proxy = new CuttingProxy(parley.url(), "chat.completion.chunk", count)) {
                    Collecting answer = new Collecting(Integer.MAX_VALUE);

                    streaming(proxy.url()).chat("Hello", answer);

                    boolean finished;
                    try {
                        finished = answer.whole.get(20, TimeUnit.SECONDS).finishReason() != null;
                    } catch (ExecutionException e) {
                        finished = false;
                    }
                    // An answer with fewer chunks, which is a matter of pace, is not cut.
                    assertThat(finished).as("cut at chunk %s", count).isEqualTo(proxy.cuts() == 0);
                    assertThat(TEXT).startsWith(answer.pieces.toString());
                }
            }
        }

        @Test
        void stopsWhenItsCallerDoes() throws InterruptedException {
            parley.model().answerWith(Script.numbered(5_000, PACE));

            long before = parley.model().requestCount();

            streaming(parley.url()).chat("Hello", new Collecting(3));

            await().until(() -> parley.model().requestCount() > before);
            assertThat(parley.lastExchange().awaitClosedByClient(Duration.ofSeconds(5)))
                    .isTrue();
        }

        @Test
        void callsATool() {
            parley.model().enqueue(Script.text("").calling("call_1", "weather", "{\"place\":\"Bern\"}"));
            parley.model().enqueue(Script.text("It rains."));
            List<ChatMessage> messages = new ArrayList<>(List.of(UserMessage.from("Will it rain?")));
            ToolSpecification weather = ToolSpecification.builder()
                    .name("weather")
                    .parameters(JsonObjectSchema.builder()
                            .addStringProperty("place")
                            .build())
                    .build();

            ChatResponse first = model().chat(ChatRequest.builder()
                    .messages(messages)
                    .toolSpecifications(weather)
                    .build());
            ToolExecutionRequest call =
                    first.aiMessage().toolExecutionRequests().getFirst();
            messages.add(first.aiMessage());
            messages.add(ToolExecutionResultMessage.from(call, "rain"));
            ChatResponse second = model().chat(ChatRequest.builder()
                    .messages(messages)
                    .toolSpecifications(weather)
                    .build());

            assertThat(call.arguments()).isEqualTo("{\"place\":\"Bern\"}");
            assertThat(second.aiMessage().text()).isEqualTo("It rains.");
        }

        @Test
        void asksForAFormOfTheAnswer() {
            parley.model().answerWith(Script.text("{\"n\":1}"));

            model().chat(ChatRequest.builder()
                    .messages(UserMessage.from("A number"))
                    .responseFormat(ResponseFormat.builder()
                            .type(ResponseFormatType.JSON)
                            .jsonSchema(JsonSchema.builder()
                                    .name("number")
                                    .rootElement(JsonObjectSchema.builder()
                                            .addIntegerProperty("n")
                                            .required("n")
                                            .build())
                                    .build())
                            .build())
                    .build());

            assertThat(parley.lastExchange()
                            .request()
                            .body()
                            .at("/response_format/json_schema/schema/properties/n/type")
                            .asText())
                    .isEqualTo("integer");
        }

        @Test
        void tellsWhatIsWrong() {
            OpenAiChatModel two = OpenAiChatModel.builder()
                    .baseUrl(parley.url() + "/v1")
                    .apiKey("unused")
                    .modelName("default")
                    .customParameters(Map.of("n", 2))
                    .maxRetries(0)
                    .build();

            assertThatThrownBy(() -> two.chat("x"))
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessageContaining("n must be");
        }

        /** Takes an answer, and has enough of it after a number of pieces. */
        private static final class Collecting implements StreamingChatResponseHandler {
            private final int enough;
            private final StringBuilder pieces = new StringBuilder();
            private final CompletableFuture<ChatResponse> whole = new CompletableFuture<>();
            private int count;

            Collecting(int enough) {
                this.enough = enough;
            }

            @Override
            public void onPartialResponse(PartialResponse piece, PartialResponseContext context) {
                pieces.append(piece.text());
                if (++count >= enough) {
                    context.streamingHandle().cancel();
                }
            }

            @Override
            public void onCompleteResponse(ChatResponse response) {
                whole.complete(response);
            }

            @Override
            public void onError(Throwable error) {
                whole.completeExceptionally(error);
            }
        }
    }
}
