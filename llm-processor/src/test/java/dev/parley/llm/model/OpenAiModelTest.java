package dev.parley.llm.model;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.parley.chat.v1.GenerationOptions;
import dev.parley.chat.v1.GenerationRequest;
import dev.parley.chat.v1.Passage;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.Source;
import dev.parley.chat.v1.ToolCall;
import dev.parley.chat.v1.ToolDefinition;
import dev.parley.llm.Orders;
import dev.parley.llm.model.Model.Outcome;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.serde.TrustedRecords;
import dev.parley.stack.scripted.ModelExchange;
import dev.parley.stack.scripted.Script;
import dev.parley.stack.scripted.ScriptedModelServer;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class OpenAiModelTest {

    static {
        TrustedRecords.trust();
    }

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final ScriptedModelServer server = ScriptedModelServer.start();
    private final Connections connections = new Connections();
    private final OpenAiModel model = model(server.baseUrl(), Duration.ofSeconds(20), Duration.ofMillis(600));
    private final Said said = new Said();

    private OpenAiModel model(URI url, Duration firstToken, Duration idle) {
        return new OpenAiModel(
                new ModelServer(url, Optional.of("scripted"), Optional.empty(), firstToken, idle),
                Dialects.USUAL,
                connections);
    }

    @AfterEach
    void stop() {
        connections.close();
        server.close();
    }

    private static GenerationRequest request(Passage... passages) {
        return request(
                List.of(
                        new PromptMessage(Role.SYSTEM, "Be brief.", List.of(), null, null),
                        new PromptMessage(Role.USER, "How is the weather on Saturn?", List.of(), null, null)),
                null,
                passages);
    }

    private static GenerationRequest request(
            List<PromptMessage> messages, @Nullable GenerationOptions options, Passage... passages) {
        return Orders.of("default", messages)
                .setPassages(List.of(passages))
                .setOptions(options)
                .setConfiguration("")
                .setKind("model")
                .build();
    }

    private Outcome ask(Script script) {
        server.enqueue(script);
        return model.generate(request(), said, new Cancellation());
    }

    private static ErrorCode code(Outcome outcome) {
        return ((Outcome.Failed) outcome).code();
    }

    @Test
    void anAnswerComesInPiecesWithItsReasonAndItsCost() {
        Outcome outcome = ask(Script.tokens(List.of("Cold", " and", " windy.")).reasoning("Think."));

        assertThat(said.text).hasToString("Cold and windy.");
        assertThat(said.reasoning).hasToString("Think.");
        assertThat(outcome).isInstanceOfSatisfying(Outcome.Finished.class, finished -> {
            assertThat(finished.finishReason()).isEqualTo("stop");
            assertThat(finished.usage()).isPresent();
        });
    }

    @Test
    void textArrivesExactly() {
        List<String> tokens = List.of("\n", "\r\n", "\u0000", "\u2028", "\uD83D\uDE00", "data: x\n\n", "[DONE]", " ");

        ask(Script.tokens(tokens));

        assertThat(said.text).hasToString(String.join("", tokens));
    }

    /** What the model server was sent for a request. */
    private JsonNode sent(List<PromptMessage> messages, @Nullable GenerationOptions options) {
        int index = server.exchanges().size();
        server.enqueue(Script.text("x"));
        Outcome outcome = model.generate(request(messages, options), said, new Cancellation());
        assertThat(outcome).isInstanceOf(Outcome.Finished.class);
        return server.awaitExchange(index, PATIENCE).request().body();
    }

    private static PromptMessage message(Role role, String content) {
        return new PromptMessage(role, content, List.of(), null, null);
    }

    private static JsonNode json(String text) throws JsonProcessingException {
        return new ObjectMapper().readTree(text);
    }

    @Test
    void everyOptionReachesTheServerAsItIs() throws JsonProcessingException {
        GenerationOptions options = GenerationOptions.newBuilder()
                .setTemperature(0.25)
                .setTopP(0.5)
                .setPresencePenalty(-1.5)
                .setFrequencyPenalty(1.0)
                .setMaxOutputTokens(7)
                .setSeed(Long.MAX_VALUE)
                .setStop(List.of("a", "b"))
                .setReasoningEffort("low")
                .setUser("u")
                .setParallelToolCalls(false)
                .setToolChoice("{\"type\":\"function\",\"function\":{\"name\":\"look\"}}")
                .setResponseFormat("{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"n\",\"strict\":true,"
                        + "\"schema\":{\"type\":\"object\",\"$defs\":{\"x\":{\"oneOf\":[{\"const\":1},"
                        + "{\"type\":[\"string\",\"null\"]}]}},\"additionalProperties\":false}}}")
                .setTools(List.of(
                        new ToolDefinition("look", "Looks.", "{\"type\":\"object\",\"minProperties\":0}", true),
                        new ToolDefinition("wait", null, null, null)))
                .build();

        JsonNode body = sent(List.of(message(Role.USER, "Hi")), options);

        for (String member : List.of(
                "\"temperature\": 0.25",
                "\"top_p\": 0.5",
                "\"presence_penalty\": -1.5",
                "\"frequency_penalty\": 1.0",
                "\"max_tokens\": 7",
                "\"seed\": 9223372036854775807",
                "\"stop\": [\"a\", \"b\"]",
                "\"reasoning_effort\": \"low\"",
                "\"user\": \"u\"",
                "\"parallel_tool_calls\": false",
                "\"tool_choice\": " + options.getToolChoice(),
                "\"response_format\": " + options.getResponseFormat(),
                "\"tools\": [{\"type\": \"function\", \"function\": {\"name\": \"look\", \"description\": \"Looks.\","
                        + " \"parameters\": {\"type\": \"object\", \"minProperties\": 0}, \"strict\": true}},"
                        + " {\"type\": \"function\", \"function\": {\"name\": \"wait\"}}]")) {
            var expected = json("{" + member + "}").properties().iterator().next();
            assertThat(body.path(expected.getKey())).as(expected.getKey()).isEqualTo(expected.getValue());
        }
    }

    @Test
    void parametersOfTheServersOwnReachItAsTheyAre() throws JsonProcessingException {
        String extra =
                "{\"top_k\":40,\"logit_bias\":{\"1\":-100},\"chat_template_kwargs\":{\"enable_thinking\":false}}";

        JsonNode body = sent(
                List.of(message(Role.USER, "Hi")),
                GenerationOptions.newBuilder().setExtraParameters(extra).build());

        json(extra)
                .properties()
                .forEach(parameter -> assertThat(body.path(parameter.getKey())).isEqualTo(parameter.getValue()));
    }

    @Test
    void whatTheAnswerIsToBeginWithIsTheLastMessage() throws JsonProcessingException {
        JsonNode body = sent(
                List.of(message(Role.USER, "Hi")),
                GenerationOptions.newBuilder().setPrefill("Well, ").build());

        assertThat(body.path("messages"))
                .isEqualTo(json("[{\"role\": \"user\", \"content\": \"Hi\"},"
                        + " {\"role\": \"assistant\", \"content\": \"Well, \"}]"));
    }

    @Test
    void whatIsTheServersToChooseIsLeftOut() {
        for (GenerationOptions options :
                new GenerationOptions[] {null, GenerationOptions.newBuilder().build()}) {
            JsonNode body = sent(List.of(message(Role.USER, "Hi")), options);

            assertThat(body.properties().stream().map(Map.Entry::getKey))
                    .as(body.toString())
                    .containsExactlyInAnyOrderElementsOf(List.of("model", "messages", "stream", "stream_options"));
        }
    }

    @Test
    void toolMessagesReachTheServerAsTheyAre() throws JsonProcessingException {
        JsonNode body = sent(
                List.of(
                        message(Role.SYSTEM, "Be brief."),
                        message(Role.USER, "Look!"),
                        new PromptMessage(
                                Role.ASSISTANT,
                                "",
                                List.of(
                                        new ToolCall("call_1", "look", "{\"q\": 1}"),
                                        new ToolCall("call_2", "look", "no JSON")),
                                null,
                                null),
                        new PromptMessage(Role.TOOL, "42", List.of(), "call_1", null),
                        new PromptMessage(Role.TOOL, "43", List.of(), "call_2", null),
                        new PromptMessage(
                                Role.ASSISTANT, "Once more.", List.of(new ToolCall("call_3", "f", "{}")), null, null),
                        new PromptMessage(Role.TOOL, "44", List.of(), "call_3", null)),
                null);

        JsonNode messages = body.path("messages");
        assertThat(messages).hasSize(7);
        assertThat(messages.get(2).path("role").asText()).isEqualTo("assistant");
        assertThat(messages.get(2).path("content").asText("")).isEmpty();
        assertThat(messages.get(2).path("tool_calls"))
                .isEqualTo(json("[{\"id\": \"call_1\", \"type\": \"function\", \"function\": {\"name\": \"look\","
                        + " \"arguments\": \"{\\\"q\\\": 1}\"}}, {\"id\": \"call_2\", \"type\": \"function\","
                        + " \"function\": {\"name\": \"look\", \"arguments\": \"no JSON\"}}]"));
        assertThat(messages.get(3))
                .isEqualTo(json("{\"role\": \"tool\", \"tool_call_id\": \"call_1\", \"content\": \"42\"}"));
        assertThat(messages.get(4).path("tool_call_id").asText()).isEqualTo("call_2");
        assertThat(messages.get(5).path("content").asText()).isEqualTo("Once more.");
        assertThat(messages.get(5).at("/tool_calls/0/id").asText()).isEqualTo("call_3");
    }

    @Test
    void whatTheModelAsksOfToolsComesBack() {
        Outcome outcome = ask(Script.text("Let me see.")
                .calling("call_1", "look", "{\"q\": \"\u2028\"}")
                .calling("call_2", "wait", "{}"));

        assertThat(said.text).hasToString("Let me see.");
        assertThat(said.calls)
                .containsExactly(
                        new ToolCall("call_1", "look", "{\"q\": \"\u2028\"}"), new ToolCall("call_2", "wait", "{}"));
        assertThat(outcome)
                .isInstanceOfSatisfying(
                        Outcome.Finished.class,
                        finished -> assertThat(finished.finishReason()).isEqualTo("tool_calls"));
    }

    @Test
    void aToolThatTakesNothingMayBeAskedWithNothing() {
        ask(Script.tokens(List.of()).calling("call_1", "wait", ""));

        assertThat(said.text).isEmpty();
        assertThat(said.calls).containsExactly(new ToolCall("call_1", "wait", "{}"));
    }

    @Test
    void failuresAreToldApart() {
        assertThat(code(ask(Script.refuse(429)))).isEqualTo(ErrorCode.ENGINE_RATE_LIMITED);
        assertThat(code(ask(Script.refuse(500)))).isEqualTo(ErrorCode.ENGINE_ERROR);
        assertThat(code(ask(Script.refuse(401)))).isEqualTo(ErrorCode.ENGINE_REJECTED);
        assertThat(code(ask(Script.refuse(400)))).isEqualTo(ErrorCode.ENGINE_REJECTED);
        assertThat(code(ask(Script.tokens(List.of("a", "b", "c")).withoutFinish())))
                .isEqualTo(ErrorCode.ENGINE_TRUNCATED);
        assertThat(code(ask(Script.tokens(List.of("a", "b", "c")).garbageAfter(1))))
                .isEqualTo(ErrorCode.ENGINE_PROTOCOL);
        assertThat(code(ask(Script.tokens(List.of("a", "b", "c")).dyingAfter(1))))
                .isIn(ErrorCode.ENGINE_ERROR, ErrorCode.ENGINE_TRUNCATED);
        assertThat(code(ask(Script.tokens(List.of("a", "b", "c")).hangingAfter(1))))
                .isEqualTo(ErrorCode.ENGINE_TIMEOUT);
    }

    @Test
    void aServerThatIsNotThereIsUnreachable() {
        OpenAiModel nowhere = model(URI.create("http://127.0.0.1:1/v1"), PATIENCE, PATIENCE);

        assertThat(code(nowhere.generate(request(), said, new Cancellation()))).isEqualTo(ErrorCode.ENGINE_UNREACHABLE);
    }

    @Test
    void cancellingClosesTheConnectionInMidAnswerAndBeforeIt() throws Exception {
        for (Script script : List.of(Script.numbered(1000, Duration.ofMillis(20)), Script.silence())) {
            Cancellation cancellation = new Cancellation();
            int index = server.exchanges().size();
            server.enqueue(script);
            CompletableFuture<Outcome> outcome = CompletableFuture.supplyAsync(
                    () -> model(server.baseUrl(), PATIENCE, PATIENCE).generate(request(), said, cancellation));
            ModelExchange exchange = server.awaitExchange(index, PATIENCE);

            cancellation.cancel();

            assertThat(exchange.awaitClosedByClient(PATIENCE)).isTrue();
            outcome.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        }
    }

    @Test
    void withoutAModelPassagesAreQuotedAndTheLackIsSaid() {
        ExtractiveModel extractive = new ExtractiveModel();
        extractive.generate(request(), said, new Cancellation());
        assertThat(said.text).contains("No language model is connected").contains("--llm-base-url");

        said.text.setLength(0);
        Passage passage = new Passage(
                new Source("s", "Planets", null, 1.0), "Mars is red. The weather on Saturn is stormy. Venus is hot.");
        extractive.generate(request(passage), said, new Cancellation());
        assertThat(said.text)
                .contains("No language model is connected")
                .contains("The weather on Saturn is stormy. [1]")
                .doesNotContain("Mars is red");
    }
}
