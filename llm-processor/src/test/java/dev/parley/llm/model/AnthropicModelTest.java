package dev.parley.llm.model;

import static dev.parley.llm.model.FakeAnthropic.block;
import static dev.parley.llm.model.FakeAnthropic.blockEnd;
import static dev.parley.llm.model.FakeAnthropic.delta;
import static dev.parley.llm.model.FakeAnthropic.end;
import static dev.parley.llm.model.FakeAnthropic.start;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.parley.chat.v1.GenerationOptions;
import dev.parley.chat.v1.GenerationRequest;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.ToolCall;
import dev.parley.chat.v1.ToolDefinition;
import dev.parley.llm.Orders;
import dev.parley.llm.model.Model.Outcome;
import dev.parley.llm.stream.TokenUsage;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.serde.TrustedRecords;
import dev.parley.schemas.settings.Secret;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class AnthropicModelTest {

    static {
        TrustedRecords.trust();
    }

    private static final long PATIENCE_SECONDS = 30;

    private final FakeAnthropic server = new FakeAnthropic();
    private final Connections connections = new Connections();
    private final AnthropicModel model = new AnthropicModel(
            new ModelServer(
                    server.baseUrl(),
                    Optional.of("claude"),
                    Optional.of(new Secret("the-key")),
                    Duration.ofSeconds(PATIENCE_SECONDS),
                    Duration.ofSeconds(PATIENCE_SECONDS)),
            Dialects.USUAL,
            connections);
    private final Said said = new Said();
    private final Cancellation cancellation = new Cancellation();

    @AfterEach
    void stop() {
        connections.close();
        server.close();
    }

    private static GenerationRequest request(@Nullable GenerationOptions options) {
        return Orders.of(
                        "claude",
                        List.of(
                                new PromptMessage(Role.SYSTEM, "Be brief.", List.of(), null, null),
                                new PromptMessage(Role.USER, "Look!", List.of(), null, null),
                                new PromptMessage(
                                        Role.ASSISTANT,
                                        "",
                                        List.of(new ToolCall("c1", "look", "{\"q\":1}")),
                                        null,
                                        null),
                                new PromptMessage(Role.TOOL, "42", List.of(), "c1", null)))
                .setOptions(options)
                .setConfiguration("")
                .setKind("model")
                .build();
    }

    private Outcome ask(@Nullable GenerationOptions options) {
        return model.generate(request(options), said, cancellation);
    }

    private static String text(String text) {
        return "{\"type\":\"text_delta\",\"text\":\"" + text + "\"}";
    }

    @Test
    void textReasoningAndCallsArriveWithTheirReasonAndCost() {
        server.streams(
                start(11),
                block(0, "{\"type\":\"thinking\",\"thinking\":\"\"}"),
                delta(0, "{\"type\":\"thinking_delta\",\"thinking\":\"Hm.\"}"),
                blockEnd(0),
                block(1, "{\"type\":\"text\",\"text\":\"\"}"),
                FakeAnthropic.event("ping", ""),
                delta(1, text("Cold")),
                delta(1, text(" and windy.")),
                blockEnd(1),
                block(2, "{\"type\":\"tool_use\",\"id\":\"toolu_1\",\"name\":\"look\",\"input\":{}}"),
                delta(2, "{\"type\":\"input_json_delta\",\"partial_json\":\"{\\\"q\\\":\"}"),
                delta(2, "{\"type\":\"input_json_delta\",\"partial_json\":\"2}\"}"),
                blockEnd(2),
                end("tool_use", 23));

        assertThat(ask(null))
                .isEqualTo(new Outcome.Finished(
                        "tool_calls", Optional.of(TokenUsage.of(11, 23)), Optional.empty(), List.of()));
        assertThat(said.reasoning).hasToString("Hm.");
        assertThat(said.text).hasToString("Cold and windy.");
        assertThat(said.calls).containsExactly(new ToolCall("toolu_1", "look", "{\"q\":2}"));
    }

    @Test
    void promptKeyAndOptionsReachTheServerInItsOwnWords() throws Exception {
        server.streams(start(1), end("end_turn", 1));
        ask(GenerationOptions.newBuilder()
                .setTemperature(1.5)
                .setTopP(0.5)
                .setMaxOutputTokens(7)
                .setStop(List.of("x"))
                .setUser("u")
                .setSeed(3L)
                .setParallelToolCalls(false)
                .setToolChoice("{\"type\":\"function\",\"function\":{\"name\":\"look\"}}")
                .setTools(List.of(new ToolDefinition("look", "Looks.", "{\"type\":\"object\",\"$defs\":{}}", null)))
                .build());

        FakeAnthropic.Asked asked = server.asked.take();
        assertThat(asked.header("x-api-key")).isEqualTo("the-key");
        assertThat(asked.header("anthropic-version")).isEqualTo("2023-06-01");
        JsonNode body = asked.body();
        assertThat(body.at("/system/0/text").asText()).isEqualTo("Be brief.");
        assertThat(body.at("/messages/1/content/0/type").asText()).isEqualTo("tool_use");
        assertThat(body.at("/messages/2/content/0/tool_use_id").asText()).isEqualTo("c1");
        for (String member : List.of(
                "\"model\": \"claude\"",
                "\"stream\": true",
                "\"temperature\": 1.0",
                "\"top_p\": 0.5",
                "\"max_tokens\": 7",
                "\"stop_sequences\": [\"x\"]",
                "\"metadata\": {\"user_id\": \"u\"}",
                "\"tool_choice\": {\"type\": \"tool\", \"name\": \"look\", \"disable_parallel_tool_use\": true}",
                "\"tools\": [{\"name\": \"look\", \"description\": \"Looks.\","
                        + " \"input_schema\": {\"type\": \"object\", \"$defs\": {}}}]")) {
            var expected = new ObjectMapper()
                    .readTree("{" + member + "}")
                    .properties()
                    .iterator()
                    .next();
            assertThat(body.path(expected.getKey())).as(expected.getKey()).isEqualTo(expected.getValue());
        }
        assertThat(body.has("seed")).isFalse();
    }

    @Test
    void whatItKnowsOfOtherParametersReachesItAndTheRestIsToldToBeLeftOut() throws Exception {
        server.streams(start(1), end("end_turn", 1));

        Outcome outcome = ask(GenerationOptions.newBuilder()
                .setPrefill("Well, ")
                .setExtraParameters("{\"top_k\":4,\"min_p\":0.1}")
                .build());

        JsonNode body = server.asked.take().body();
        assertThat(body.path("top_k").asInt()).isEqualTo(4);
        assertThat(body.has("min_p")).isFalse();
        assertThat(body.path("messages").get(body.path("messages").size() - 1).toString())
                .isEqualTo("{\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"Well,\"}]}");
        assertThat(outcome)
                .isInstanceOfSatisfying(
                        Outcome.Finished.class,
                        finished -> assertThat(finished.leftOut()).containsExactly("min_p"));
    }

    private ErrorCode failing() {
        return ((Outcome.Failed) ask(null)).code();
    }

    @Test
    void failuresAreToldApart() {
        server.refuses(529, "overloaded_error", "Overloaded");
        assertThat(failing()).isEqualTo(ErrorCode.ENGINE_ERROR);
        server.refuses(429, "rate_limit_error", "Slow down");
        assertThat(failing()).isEqualTo(ErrorCode.ENGINE_RATE_LIMITED);
        server.refuses(400, "invalid_request_error", "prompt is too long");
        assertThat(ask(null)).isInstanceOfSatisfying(Outcome.Failed.class, failed -> {
            assertThat(failed.code()).isEqualTo(ErrorCode.CONTEXT_LENGTH_EXCEEDED);
            assertThat(failed.detail()).contains("prompt is too long");
        });
        server.refuses(400, "invalid_request_error", "max_tokens: must be positive");
        assertThat(ask(null)).isInstanceOfSatisfying(Outcome.Failed.class, failed -> {
            assertThat(failed.code()).isEqualTo(ErrorCode.ENGINE_REJECTED);
            assertThat(failed.detail()).contains("must be positive");
        });
        server.streams(start(1), FakeAnthropic.event("error", "\"error\":{\"type\":\"overloaded_error\"}"));
        assertThat(failing()).isEqualTo(ErrorCode.ENGINE_ERROR);
        server.streams(start(1), block(0, "{\"type\":\"text\",\"text\":\"\"}"), delta(0, text("half")));
        assertThat(failing()).isEqualTo(ErrorCode.ENGINE_TRUNCATED);
        server.streams("event: message_start\ndata: {\"message\": <html>\n\n");
        assertThat(failing()).isEqualTo(ErrorCode.ENGINE_PROTOCOL);
    }

    @Test
    void cancellingClosesTheConnection() throws Exception {
        server.streamsWithoutEnd(start(1));
        CompletableFuture<Outcome> outcome = CompletableFuture.supplyAsync(() -> ask(null));
        server.asked.take();

        cancellation.cancel();

        assertThat(server.left.await(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
        outcome.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }
}
