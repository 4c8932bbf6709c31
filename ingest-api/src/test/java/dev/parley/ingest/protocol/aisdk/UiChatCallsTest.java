package dev.parley.ingest.protocol.aisdk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.chat.v1.CallerPrompt;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.SubmitMessage;
import dev.parley.ingest.DoorUnderTest;
import dev.parley.ingest.DoorUnderTest.Reply;
import dev.parley.ingest.FakeWorld;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class UiChatCallsTest {

    private static final Map<String, Object> HI =
            Map.of("id", "m1", "role", "user", "parts", List.of(Map.of("type", "text", "text", "Hi")));

    private static Map<String, Object> called(Object... results) {
        return Map.of("id", "a1", "role", "assistant", "parts", List.of(results));
    }

    private static Map<String, Object> result(String id, Object output) {
        return Map.of(
                "type",
                "tool-look",
                "toolCallId",
                id,
                "state",
                "output-available",
                "input",
                Map.of(),
                "output",
                output);
    }

    private static List<SubmitMessage> submitted(FakeWorld world) {
        return world.commands().stream()
                .map(FakeWorld.Appended::body)
                .filter(SubmitMessage.class::isInstance)
                .map(SubmitMessage.class::cast)
                .toList();
    }

    @Test
    void resultsOfToolsGoToTheModelAndTheAnswerGoesOnWithItsMessage() {
        try (DoorUnderTest door = DoorUnderTest.start()) {
            door.world.conversation("c");
            Map<String, Object> body = Map.of(
                    "id", "c",
                    "trigger", "submit-message",
                    "messageId", "a1",
                    "tools", Map.of("look", Map.of("parameters", Map.of("type", "object"))),
                    "messages", List.of(HI, called(result("c1", "one"), result("c2", Map.of("n", 2)))));

            Reply reply = door.post("/api/chat", body);

            assertThat(reply.status()).as(reply.text()).isEqualTo(200);
            assertThat(reply.text()).contains("\"type\":\"start\",\"messageId\":\"a1\"");
            SubmitMessage submit = submitted(door.world).getLast();
            CallerPrompt prompt = submit.getPrompt();
            assertThat(submit.getContent()).isEqualTo("{\"n\":2}");
            assertThat(prompt).isNotNull();
            assertThat(prompt.getRole()).isEqualTo(Role.TOOL);
            assertThat(prompt.getToolCallId()).isEqualTo("c2");
            assertThat(prompt.getContext())
                    .as("what the log does not have is sent along")
                    .extracting(PromptMessage::getRole)
                    .containsExactly(Role.USER, Role.ASSISTANT, Role.TOOL);
            assertThat(prompt.getOptions().getTools()).hasSize(1);

            int turns = door.world
                    .events(door.world.commands().getLast().conversation())
                    .size();
            assertThat(door.post("/api/chat", body).text()).isEqualTo(reply.text());
            assertThat(door.world.events(door.world.commands().getLast().conversation()))
                    .hasSize(turns);
        }
    }

    @Test
    void aChatThatIsNewBringsTheCallsAsWell() {
        try (DoorUnderTest door = DoorUnderTest.start()) {
            door.post("/api/chat", Map.of("id", "new", "messages", List.of(HI, called(result("c1", "one")))));

            CallerPrompt prompt = submitted(door.world).getLast().getPrompt();
            assertThat(prompt).isNotNull();
            assertThat(prompt.getContext())
                    .extracting(PromptMessage::getRole)
                    .containsExactly(Role.USER, Role.ASSISTANT);
        }
    }
}
