package dev.parley.llm.model;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.parley.chat.v1.GenerationRequest;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.ToolCall;
import dev.parley.llm.model.History.Part;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What conversations leave behind, as model servers take it. */
class HistoryTest {

    private static PromptMessage system(String text) {
        return new PromptMessage(Role.SYSTEM, text, List.of(), null, null);
    }

    private static PromptMessage user(String text) {
        return new PromptMessage(Role.USER, text, List.of(), null, null);
    }

    private static PromptMessage assistant(String text, ToolCall... calls) {
        return new PromptMessage(Role.ASSISTANT, text, List.of(calls), null, null);
    }

    private static PromptMessage tool(@Nullable String id, String text) {
        return new PromptMessage(Role.TOOL, text, List.of(), id, null);
    }

    private static ToolCall call(String id) {
        return new ToolCall(id, "look", "{}");
    }

    private static Part answer(String text) {
        return answered(text, List.of(), Map.of());
    }

    private static Part.Assistant answered(String text, List<ToolCall> calls, Map<String, String> results) {
        return new Part.Assistant(text, calls, results, MissingNode.getInstance());
    }

    private static List<Part> history(PromptMessage... messages) {
        return History.of(List.of(messages), false, "m");
    }

    @Test
    void whatSaysNothingIsPassedOver() {
        assertThat(history(system(" "), user("a"), assistant("\n"), user("b"), assistant(""), user(" ")))
                .containsExactly(new Part.User("a\n\nb"));
    }

    @Test
    void usersAndTheAssistantTakeTurns() {
        assertThat(history(user("failed"), user("stopped"), assistant("x"), assistant("y"), user("z")))
                .containsExactly(new Part.User("failed\n\nstopped"), answer("x\n\ny"), new Part.User("z"));
    }

    @Test
    void aUserBegins() {
        assertThat(history(system("s"), assistant("Welcome!"), user("a")))
                .containsExactly(
                        new Part.Instructions("s"), new Part.User("…"), answer("Welcome!"), new Part.User("a"));
        assertThat(history(system("s"))).containsExactly(new Part.Instructions("s"), new Part.User("…"));
        assertThat(history(user(" "))).containsExactly(new Part.User("…"));
    }

    @Test
    void instructionsStayWhereTheyAreUnlessAServerWantsThemFirst() {
        List<PromptMessage> messages = List.of(system("s"), system("t"), user("a"), system("u"), user("b"));

        assertThat(History.of(messages, false, "m"))
                .containsExactly(
                        new Part.Instructions("s\n\nt"),
                        new Part.User("a"),
                        new Part.Instructions("u"),
                        new Part.User("b"));
        assertThat(History.of(messages, true, "m"))
                .containsExactly(new Part.Instructions("s\n\nt\n\nu"), new Part.User("a\n\nb"));
    }

    @Test
    void resultsFollowTheirCalls() {
        assertThat(history(
                        user("a"), assistant("", call("1"), call("2")), tool("2", "two"), user("b"), tool("1", "one")))
                .containsExactly(
                        new Part.User("a"),
                        answered("", List.of(call("1"), call("2")), Map.of("1", "one", "2", "two")),
                        new Part.User("b"));
    }

    @Test
    void callsWithoutResultAndResultsWithoutCallAreNotSentAsSuch() {
        assertThat(history(user("a"), assistant("Let me see.", call("1"), call("2")), tool("2", "two")))
                .containsExactly(new Part.User("a"), answered("Let me see.", List.of(call("2")), Map.of("2", "two")));
        assertThat(history(user("a"), assistant("", call("1")), user("b"))).containsExactly(new Part.User("a\n\nb"));
        assertThat(history(tool("9", "of long ago"), user("b"), tool(null, "of nobody")))
                .containsExactly(new Part.User("of long ago\n\nb\n\nof nobody"));
    }

    @Test
    void anIdThatComesAgainIsMadeAnother() {
        assertThat(history(
                        user("a"),
                        assistant("", call("call_0")),
                        tool("call_0", "one"),
                        assistant("", call("call_0")),
                        tool("call_0", "two")))
                .containsExactly(
                        new Part.User("a"),
                        answered("", List.of(call("call_0")), Map.of("call_0", "one")),
                        answered("", List.of(call("call_0_2")), Map.of("call_0_2", "two")));
    }

    private static GenerationRequest request(List<PromptMessage> messages) {
        return GenerationRequest.newBuilder()
                .setTenantId("t")
                .setConversationId("c")
                .setTurnId("turn")
                .setGenerationId("g")
                .setAssistantMessageId("a")
                .setAttempt(1)
                .setCause("initial")
                .setTime(Instant.EPOCH)
                .setEngine("e")
                .setMessages(messages)
                .setConfiguration("")
                .setKind("model")
                .build();
    }

    /** Any conversation at all comes out in a form that the strictest servers take. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void whateverWasSaidIsAcceptable(long seed) {
        Random random = new Random(seed);
        for (int run = 0; run < 3_000; run++) {
            List<PromptMessage> messages = new ArrayList<>();
            for (int i = random.nextInt(12); i >= 0; i--) {
                String text = random.nextInt(3) == 0 ? " ".repeat(random.nextInt(2)) : "w" + i + " ";
                String id = "id " + random.nextInt(3);
                messages.add(
                        switch (random.nextInt(5)) {
                            case 0 -> system(text);
                            case 1 -> user(text);
                            case 2 -> tool(id, text);
                            case 3 -> assistant(text, call(id), call("id " + random.nextInt(3)));
                            default -> assistant(text);
                        });
            }
            takesAnthropic(MessagesRequest.of(request(messages), "m", List.of()).json());
            takesStrictly(ChatCompletionRequest.of(request(messages), "m", new LearnedDialect(Dialects.USUAL))
                    .json());
        }
    }

    private static void takesAnthropic(JsonNode body) {
        Set<String> ids = new HashSet<>();
        String before = "assistant";
        JsonNode open = null;
        for (JsonNode message : body.path("messages")) {
            String role = message.path("role").asText();
            assertThat(role).isNotEqualTo(before);
            assertThat(message.path("content")).isNotEmpty();
            Set<String> answered = new HashSet<>();
            boolean text = false;
            for (JsonNode block : message.path("content")) {
                switch (block.path("type").asText()) {
                    case "text" -> {
                        assertThat(block.path("text").asText()).isNotBlank();
                        text = true;
                    }
                    case "tool_use" -> {
                        assertThat(block.path("id").asText()).matches("[a-zA-Z0-9_-]+");
                        assertThat(ids.add(block.path("id").asText())).isTrue();
                    }
                    case "tool_result" -> {
                        assertThat(text).as("results come first").isFalse();
                        answered.add(block.path("tool_use_id").asText());
                    }
                    default -> throw new AssertionError(block);
                }
            }
            Set<String> expected = new HashSet<>();
            if (open != null) {
                open.forEach(block -> {
                    if (block.path("type").asText().equals("tool_use")) {
                        expected.add(block.path("id").asText());
                    }
                });
            }
            assertThat(answered).isEqualTo(expected);
            open = role.equals("assistant") ? message.path("content") : null;
            before = role;
        }
        for (JsonNode block : body.path("system")) {
            assertThat(block.path("text").asText()).isNotBlank();
        }
        if (before.equals("assistant") && open != null) {
            JsonNode last = open.get(open.size() - 1);
            assertThat(last.path("type").asText()).isEqualTo("text");
            assertThat(last.path("text").asText()).doesNotEndWith(" ");
        }
    }

    private static void takesStrictly(JsonNode body) {
        List<String> open = new ArrayList<>();
        Set<String> ids = new HashSet<>();
        String before = "assistant";
        for (JsonNode message : body.path("messages")) {
            String role = message.path("role").asText();
            if (role.equals("tool")) {
                assertThat(open.removeFirst())
                        .isEqualTo(message.path("tool_call_id").asText());
                assertThat(message.path("content").asText()).isNotBlank();
                before = "tool";
                continue;
            }
            assertThat(open).as("calls without result").isEmpty();
            message.path("tool_calls").forEach(call -> {
                assertThat(ids.add(call.path("id").asText())).isTrue();
                open.add(call.path("id").asText());
            });
            assertThat(open.isEmpty() ? message.path("content").asText() : "w").isNotBlank();
            if (role.equals("system")) {
                continue;
            }
            boolean instructed = body.path("messages")
                    .valueStream()
                    .skip(1)
                    .anyMatch(each -> each.path("role").asText().equals("system"));
            assertThat(role.equals(before) && !instructed).isFalse();
            before = role;
        }
        assertThat(open).isEmpty();
    }

    @Test
    void idsTakeTheFormOfWhomTheyGoTo() {
        for (ToolCallIds form : ToolCallIds.values()) {
            String strange = form.of("functions.look:0 é");
            assertThat(form.of(strange)).isEqualTo(strange);
            assertThat(form.of("functions.look:0 é")).isEqualTo(strange);
            assertThat(form.of("functions.look:1 é")).isNotEqualTo(strange);
        }
        assertThat(ToolCallIds.OPENAI.of("functions.look:0")).isEqualTo("functions.look:0");
        assertThat(ToolCallIds.ANTHROPIC.of("functions.look:0")).matches("call_[0-9a-f]{24}");
        assertThat(ToolCallIds.OPENAI.of("x".repeat(41))).hasSizeLessThan(41);
        assertThat(ToolCallIds.NINE.of("call_1")).matches("[a-z0-9]{9}");
    }

    @Test
    void idsThatAreMadeUpDifferFromTurnToTurnAndFitEverybody() {
        GenerationRequest one = request(List.of());
        GenerationRequest two =
                GenerationRequest.newBuilder(one).setGenerationId("g2").build();
        Set<String> ids = new HashSet<>();
        for (GenerationRequest each : List.of(one, two)) {
            for (int position = 0; position < 3; position++) {
                ids.add(ToolCallIds.madeUpFor(each).apply(position));
            }
        }

        assertThat(ids).hasSize(6).allSatisfy(id -> {
            assertThat(ToolCallIds.OPENAI.of(id)).isEqualTo(id);
            assertThat(ToolCallIds.ANTHROPIC.of(id)).isEqualTo(id);
        });
    }
}
