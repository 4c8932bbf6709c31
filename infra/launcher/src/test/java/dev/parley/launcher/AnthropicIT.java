package dev.parley.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.launcher.ApiClient.Answer;
import dev.parley.stack.scripted.ScriptedModelServer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Anthropic's messages on both sides: a client that speaks nothing else, and an engine of that kind. */
class AnthropicIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String ASKING = "script {\"tokens\": [\"It rains.\"], \"reasoning\": \"Where?\", \"calls\":"
            + " [{\"id\": \"toolu_1\", \"name\": \"get_weather\", \"arguments\": \"{\\\"place\\\": \\\"Bern\\\"}\"}]}";

    private static ParleyUnderTest parley;
    private static ScriptedModelServer claude;

    @BeforeAll
    static void start() {
        claude = ScriptedModelServer.start();
        parley = ParleyUnderTest.start();
        String yaml = """
                routes: {chat: {engine: claude}}
                engines: {claude: {kind: anthropic, model: scripted, endpoints: ['%s']}}
                """.formatted(claude.baseUrl());
        String _ = parley.configure(yaml);
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(
                                ask(Map.of("role", "user", "content", "Hello")).status())
                        .isEqualTo(200));
    }

    @AfterAll
    static void stop() {
        parley.close();
        claude.close();
    }

    private static Answer ask(Object... messages) {
        return parley.api()
                .post(
                        "/v1/messages",
                        Map.of(
                                "model",
                                "claude",
                                "max_tokens",
                                2_048,
                                "thinking",
                                Map.of("type", "enabled", "budget_tokens", 1_024),
                                "tools",
                                List.of(Map.of("name", "get_weather", "input_schema", Map.of("type", "object"))),
                                "messages",
                                List.of(messages)));
    }

    /** Without the server's own signature, it would refuse what follows. */
    @Test
    void thoughtsGoBackAsTheirServerSignedThemThoughTheCallerHasAnotherSignature() {
        Map<String, ?> question = Map.of("role", "user", "content", ASKING);

        JsonNode first = ask(question).body();

        assertThat(first.path("stop_reason").asText()).as(first.toString()).isEqualTo("tool_use");
        assertThat(first.path("content"))
                .extracting(block -> block.path("type").asText())
                .containsExactly("thinking", "text", "tool_use");
        String signature = first.at("/content/0/signature").asText();
        assertThat(signature).isEqualTo(first.path("id").asText());

        JsonNode second = ask(
                        question,
                        Map.of("role", "assistant", "content", first.path("content")),
                        Map.of(
                                "role",
                                "user",
                                "content",
                                List.of(Map.of("type", "tool_result", "tool_use_id", "toolu_1", "content", "rain"))))
                .body();

        assertThat(second.path("stop_reason").asText()).as(second.toString()).isEqualTo("end_turn");
        JsonNode sent = claude.exchanges().getLast().request().body();
        assertThat(sent.at("/thinking/type").asText()).isEqualTo("enabled");
        assertThat(sent.at("/thinking/budget_tokens").asInt()).isEqualTo(1024);
        JsonNode thought = sent.at("/messages/1/content/0");
        assertThat(thought.path("thinking").asText()).isEqualTo("Where?");
        assertThat(thought.path("signature").asText()).isNotBlank().isNotEqualTo(signature);
        assertThat(sent.at("/messages/2/content/0/type").asText()).isEqualTo("tool_result");
    }
}
