package dev.parley.ingest.protocol.agui;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.chat.v1.BranchPoint;
import dev.parley.chat.v1.CallerPrompt;
import dev.parley.chat.v1.MessageAccepted;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.RegenerateMessage;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.SubmitMessage;
import dev.parley.chat.v1.ToolCall;
import dev.parley.ingest.DoorUnderTest;
import dev.parley.ingest.DoorUnderTest.Reply;
import dev.parley.ingest.FakeWorld;
import dev.parley.ingest.FakeWorld.Answer;
import dev.parley.ingest.http.RawConnection;
import dev.parley.schemas.keys.ConversationKey;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class RunCallsTest {

    private static final ConversationKey THREAD = new ConversationKey(ConversationKey.DEFAULT_TENANT, "c");

    private static Map<String, Object> message(String id, String role, String content) {
        return Map.of("id", id, "role", role, "content", content);
    }

    private static Map<String, Object> run(String runId, Object... messages) {
        return Map.of("threadId", "c", "runId", runId, "messages", List.of(messages));
    }

    private static final Map<String, Object> HI = message("m1", "user", "Hi");

    private static final Map<String, Object> SAID_HI = message("a1", "assistant", "You said: Hi");

    private static List<JsonNode> events(Reply reply) {
        assertThat(reply.status()).as(reply.text()).isEqualTo(200);
        return reply.text()
                .lines()
                .filter(line -> line.startsWith("data: "))
                .map(line -> {
                    try {
                        return DoorUnderTest.MAPPER.readTree(line.substring("data: ".length()));
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                })
                .toList();
    }

    private static List<String> ids(Reply reply) {
        return reply.text()
                .lines()
                .filter(line -> line.startsWith("id: "))
                .map(line -> line.substring("id: ".length()))
                .toList();
    }

    private static List<SubmitMessage> submitted(FakeWorld world) {
        return world.commands().stream()
                .map(FakeWorld.Appended::body)
                .filter(SubmitMessage.class::isInstance)
                .map(SubmitMessage.class::cast)
                .toList();
    }

    private static long accepted(FakeWorld world) {
        return world.events(THREAD).stream()
                .filter(event -> event.getBody() instanceof MessageAccepted)
                .count();
    }

    @Test
    void aRunIsATurnAndARepeatOfItIsTheSame() {
        try (DoorUnderTest door = DoorUnderTest.start()) {
            Reply first = door.post("/agui", run("r1", HI));
            Reply again = door.post("/agui", run("r1", HI));

            ThreadUnderTest thread = ThreadUnderTest.of(events(first));
            assertThat(thread.isOver()).isTrue();
            assertThat(thread.messages()).hasSize(1);
            assertThat(thread.message(thread.messages().iterator().next())).isEqualTo("You said: Hi");
            assertThat(first.header("Content-Type")).startsWith("text/event-stream");
            assertThat(first.header("Cache-Control")).isEqualTo("no-cache, no-transform");
            assertThat(again.text()).isEqualTo(first.text());
            assertThat(accepted(door.world)).isEqualTo(1);
            assertThat(submitted(door.world).getFirst().getMessageId()).isEqualTo("m1");
            assertThat(submitted(door.world).getFirst().getPrompt()).isNull();
        }
    }

    @Test
    void itGoesOnExactlyAfterAnyEvent() {
        try (DoorUnderTest door = DoorUnderTest.start()) {
            Reply whole = door.post("/agui", run("r1", HI));
            List<String> ids = ids(whole);
            List<JsonNode> events = events(whole);
            assertThat(ids).hasSameSizeAs(events);

            for (int i = 0; i < ids.size() - 1; i++) {
                List<JsonNode> rest = events.subList(i + 1, events.size());
                assertThat(events(door.get("/agui/c/r1?cursor=" + ids.get(i)))).isEqualTo(rest);
                assertThat(events(door.get("/agui/c/r1?cursor=x", "Last-Event-ID", ids.get(i))))
                        .isEqualTo(rest);
            }
            assertThat(door.get("/agui/c/r1?cursor=" + ids.getLast()).status()).isEqualTo(204);
        }
    }

    /** Asks the first question in a run of its own, of which nobody gives the answer. */
    private static String answeredAnew(DoorUnderTest door) {
        try (RawConnection again = door.connect()) {
            String body = "{\"threadId\": \"c\", \"runId\": \"r3\", \"messages\": [{\"id\": \"m1\", \"role\": \"user\","
                    + " \"content\": \"Hi\"}]}";
            again.send("POST /agui HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: "
                    + body.length() + "\r\n\r\n" + body);
            again.readUntil("STEP_STARTED");
        }
        return String.valueOf(
                ((RegenerateMessage) door.world.commands().getLast().body()).getMessageId());
    }

    @Test
    void theSameQuestionInAnotherRunIsAnsweredAnew() {
        try (DoorUnderTest door = DoorUnderTest.start()) {
            door.post("/agui", run("r1", HI));

            assertThat(answeredAnew(door))
                    .isEqualTo(submitted(door.world).getFirst().getAssistantMessageId());
            assertThat(accepted(door.world)).isEqualTo(1);
        }
    }

    @Test
    void anEarlierQuestionIsAnsweredAnewAsWell() {
        try (DoorUnderTest door = DoorUnderTest.start()) {
            door.post("/agui", run("r1", HI));
            door.post("/agui", run("r2", HI, SAID_HI, message("m2", "user", "And?")));

            assertThat(answeredAnew(door))
                    .isEqualTo(submitted(door.world).getFirst().getAssistantMessageId());
        }
    }

    @Test
    void aQuestionWhoseTurnFailedJoinsOnceMoreInItsPlace() {
        try (DoorUnderTest door = DoorUnderTest.start()) {
            door.world.answer(Answer.FAIL);
            assertThat(events(door.post("/agui", run("r1", HI)))
                            .getLast()
                            .path("type")
                            .asText())
                    .isEqualTo("RUN_ERROR");
            door.world.answer(Answer.COMPLETE);

            Reply again = door.post("/agui", run("r2", HI));

            assertThat(events(again).getLast().path("type").asText()).isEqualTo("RUN_FINISHED");
            assertThat(door.post("/agui", run("r2", HI)).text()).isEqualTo(again.text());
            assertThat(accepted(door.world)).isEqualTo(2);
            JsonNode messages = events(door.get("/agui/c")).get(1).path("messages");
            assertThat(messages)
                    .extracting(message -> message.path("content").asText())
                    .containsExactly("Hi", "You said: Hi");
            assertThat(messages.path(0).path("id").asText()).isEqualTo("m1");
        }
    }

    private static Map<String, Object> calling(String... ids) {
        List<Object> calls = new ArrayList<>();
        for (String id : ids) {
            calls.add(Map.of("id", id, "type", "function", "function", Map.of("name", "look", "arguments", "{}")));
        }
        return Map.of("id", "a1", "role", "assistant", "content", "You said: Hi", "toolCalls", calls);
    }

    private static Map<String, Object> result(String id, String callId, String content) {
        Map<String, Object> result = new HashMap<>(message(id, "tool", content));
        result.put("toolCallId", callId);
        return result;
    }

    @Test
    void whatCameOfToolsIsToldTheModel() {
        try (DoorUnderTest door = DoorUnderTest.start()) {
            door.world.calls(List.of(new ToolCall("c1", "look", "{}"), new ToolCall("c2", "look", "{}")), null);
            door.post("/agui", run("r1", HI));
            Object[] results = {result("t1", "c1", "one"), result("t2", "c2", "two")};

            Reply reply = door.post("/agui", run("r2", HI, calling("c1", "c2"), results[0], results[1]));

            assertThat(reply.status()).isEqualTo(200);
            SubmitMessage submit = submitted(door.world).getLast();
            CallerPrompt prompt = submit.getPrompt();
            assertThat(submit.getMessageId()).isEqualTo("t2");
            assertThat(submit.getContent()).isEqualTo("two");
            assertThat(after(submit)).isEqualTo(submitted(door.world).getFirst().getAssistantMessageId());
            assertThat(prompt).isNotNull();
            assertThat(prompt.getRole()).isEqualTo(Role.TOOL);
            assertThat(prompt.getToolCallId()).isEqualTo("c2");
            assertThat(prompt.getContext())
                    .extracting(PromptMessage::getContent)
                    .containsExactly("one");

            door.post(
                    "/agui",
                    run(
                            "r3",
                            HI,
                            calling("c1", "c2"),
                            results[0],
                            results[1],
                            message("a2", "assistant", "You said: two"),
                            message("m3", "user", "And?")));

            assertThat(after(submitted(door.world).getLast())).isEqualTo(submit.getAssistantMessageId());
            assertThat(submitted(door.world).getLast().getPrompt()).isNull();
        }
    }

    private static @Nullable String after(SubmitMessage submit) {
        BranchPoint after = submit.getAfter();
        assertThat(after).isNotNull();
        return after.getMessageId();
    }

    @Test
    void whatIsShownAndNotKnownIsBroughtAlong() {
        try (DoorUnderTest door = DoorUnderTest.start()) {
            Object[] messages = {message("m0", "user", "Before"), message("a0", "assistant", "Yes"), HI};
            Reply first = door.post("/agui", run("r1", messages));

            CallerPrompt prompt = submitted(door.world).getFirst().getPrompt();
            assertThat(prompt).isNotNull();
            assertThat(prompt.getContext())
                    .extracting(PromptMessage::getContent)
                    .containsExactly("Before", "Yes");
            assertThat(shown(door)).containsExactly("Before", "Yes", "Hi", "You said: Hi");
            assertThat(door.post("/agui", run("r1", messages)).text()).isEqualTo(first.text());
            assertThat(accepted(door.world)).isEqualTo(1);

            door.post("/agui", run("r2", message("m0", "user", "Other"), message("m2", "user", "And?")));

            assertThat(shown(door)).containsExactly("Other", "And?", "You said: And?");
        }
    }

    @Test
    void aRunGoesOnWithWhatItsClientShows() {
        try (DoorUnderTest door = DoorUnderTest.start()) {
            door.post("/agui", run("r1", HI));
            door.post("/agui", run("r2", HI, SAID_HI, message("m2", "user", "One?")));
            String first = submitted(door.world).getFirst().getAssistantMessageId();
            assertThat(after(submitted(door.world).getLast())).isEqualTo(first);

            door.post("/agui", run("r3", HI, SAID_HI, message("m3", "user", "Two?")));
            assertThat(after(submitted(door.world).getLast())).isEqualTo(first);
            assertThat(shown(door)).containsExactly("Hi", "You said: Hi", "Two?", "You said: Two?");

            door.post("/agui", run("r4", message("m4", "user", "Alone")));
            assertThat(after(submitted(door.world).getLast())).isNull();
            assertThat(shown(door)).containsExactly("Alone", "You said: Alone");

            door.post(
                    "/agui", run("r5", HI, message("a1", "assistant", "Something else"), message("m5", "user", "So?")));
            assertThat(shown(door)).containsExactly("Hi", "Something else", "So?", "You said: So?");
        }
    }

    @Test
    void aMessageWithOtherWordsOrAtAnotherPlaceIsOneOfItsOwn() {
        try (DoorUnderTest door = DoorUnderTest.start()) {
            door.post("/agui", run("r1", HI));

            Map<String, Object> edited = message("m1", "user", "Hello");
            Reply other = door.post("/agui", run("r2", edited));
            assertThat(shown(door)).containsExactly("Hello", "You said: Hello");
            assertThat(events(door.get("/agui/c")).get(1).at("/messages/0/id").asText())
                    .isEqualTo("m1");
            assertThat(door.post("/agui", run("r2", edited)).text()).isEqualTo(other.text());

            door.post("/agui", run("r3", HI, SAID_HI, HI));
            assertThat(shown(door)).containsExactly("Hi", "You said: Hi", "Hi", "You said: Hi");
            assertThat(accepted(door.world)).isEqualTo(3);
        }
    }

    @Test
    void whereTheThreadCannotBeReadOnlyOneThatShowsNothingElseIsTaken() {
        try (DoorUnderTest door = DoorUnderTest.start()) {
            door.post("/agui", run("r1", HI));
            door.feed.forgetful();
            door.queries.away();

            Reply refused = door.post("/agui", run("r2", HI, SAID_HI, message("m2", "user", "And?")));

            assertThat(refused.status()).isEqualTo(503);
            assertThat(refused.json().path("code").asText()).isEqualTo("unavailable");
            assertThat(submitted(door.world)).hasSize(1);
        }
    }

    private static List<String> shown(DoorUnderTest door) {
        List<String> contents = new ArrayList<>();
        events(door.get("/agui/c"))
                .get(1)
                .path("messages")
                .forEach(message -> contents.add(message.path("content").asText()));
        return contents;
    }

    @Test
    void whoComesToAThreadIsShownItsActiveBranch() {
        try (DoorUnderTest door = DoorUnderTest.start()) {
            door.post("/agui", run("r1", HI));
            String first = submitted(door.world).getFirst().getAssistantMessageId();

            door.post("/api/conversations/c/messages", Map.of("content", "Hello", "after", ""));
            assertThat(shown(door)).containsExactly("Hello", "You said: Hello");

            door.json("PUT", "/api/conversations/c/branch", Map.of("messageId", first));
            assertThat(shown(door)).containsExactly("Hi", "You said: Hi");
        }
    }

    @Test
    void whoComesToAThreadIsShownItAndWhatRunsInIt() {
        try (DoorUnderTest door = DoorUnderTest.start()) {
            door.post("/agui", run("r1", HI));
            List<JsonNode> atRest = events(door.get("/agui/c"));
            assertThat(atRest)
                    .extracting(event -> event.path("type").asText())
                    .containsExactly("RUN_STARTED", "MESSAGES_SNAPSHOT", "RUN_FINISHED");
            assertThat(atRest.getFirst().path("runId").asText()).isEqualTo("r1");
            assertThat(atRest.get(1).path("messages"))
                    .extracting(message -> message.path("id").asText())
                    .first()
                    .isEqualTo("m1");

            door.world.answer(Answer.NEVER);
            door.post("/api/conversations/c/messages", Map.of("messageId", "m2", "content", "And?"));
            try (RawConnection reader = door.connect()) {
                reader.send("GET /agui/c HTTP/1.1\r\nHost: localhost\r\n\r\n");
                String told = reader.readUntil("STEP_STARTED");
                assertThat(told).contains("MESSAGES_SNAPSHOT").contains("And?");
            }
            assertThat(door.get("/agui/none").status()).isEqualTo(404);
        }
    }

    @Test
    void problemsAreToldAsTheEventThatEndsARun() {
        try (DoorUnderTest door = DoorUnderTest.start()) {
            Reply refused = door.post("/agui", Map.of("threadId", "a b", "runId", "r", "messages", List.of(HI)));
            assertThat(refused.status()).isEqualTo(400);
            assertThat(refused.header("Content-Type")).isEqualTo("application/json");
            assertThat(refused.text())
                    .isEqualTo(
                            "{\"type\":\"RUN_ERROR\",\"message\":\"threadId must be 1 to 128 of A-Z a-z 0-9 . _ : -\","
                                    + "\"code\":\"invalid_id\"}");
            assertThat(door.post("/agui", run("r1", HI), "Accept", "application/vnd.ag-ui.event+proto")
                            .json()
                            .path("message")
                            .asText())
                    .startsWith("Accept must allow text/event-stream");
            assertThat(door.post(
                                    "/agui",
                                    run("r1", HI),
                                    "Accept",
                                    "application/vnd.ag-ui.event+proto, text/event-stream;q=0.5")
                            .status())
                    .isEqualTo(200);
            assertThat(door.get("/agui/c/r1").json().path("message").asText()).isEqualTo("cursor is required");
            assertThat(door.get("/agui/c/r1?cursor=x").json().path("code").asText())
                    .isEqualTo("invalid_cursor");
            assertThat(door.get("/agui/c/r1?cursor=turn_0123456789abcdef01234567.0.0.0.an")
                            .json()
                            .path("code")
                            .asText())
                    .isEqualTo("invalid_cursor");
            assertThat(door.get("/agui/c?cursor=x").json().path("code").asText())
                    .isEqualTo("invalid_request");
            assertThat(door.send("DELETE", "/agui/c", null).status()).isEqualTo(405);
            assertThat(door.get("/agui").status()).isEqualTo(405);
            door.post("/agui", run("r9", message("m9", "user", "One")));
            Reply other = door.post("/agui", run("r9", message("m9", "user", "Two")));
            assertThat(other.status()).isEqualTo(422);
            assertThat(other.json().path("code").asText()).isEqualTo("idempotency_conflict");
        }
    }
}
