package dev.parley.ingest.protocol.anthropic;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.ProviderExtras;
import dev.parley.chat.v1.SubmitMessage;
import dev.parley.chat.v1.ToolCall;
import dev.parley.ingest.DoorUnderTest;
import dev.parley.ingest.DoorUnderTest.Reply;
import dev.parley.ingest.FakeWorld;
import dev.parley.ingest.contract.PublishedOpenApi;
import dev.parley.ingest.http.Unused;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class MessageCallsTest {

    private static final String MESSAGES = "/v1/messages";
    private static final Map<String, ?> HI = Map.of("role", "user", "content", "Hi");
    private static final ToolCall CALL = new ToolCall("call_1", "look", "{\"q\":1}");
    private static final ProviderExtras EXTRAS = new ProviderExtras("default", "a-model", "{\"thinking\":[]}");
    private static final Map<String, ?> RESULT = Map.of(
            "role",
            "user",
            "content",
            List.of(Map.of("type", "tool_result", "tool_use_id", "call_1", "content", "42")));

    private static Map<String, Object> asking(Object... messages) {
        return new HashMap<>(Map.of("model", "default", "max_tokens", 9, "messages", List.of(messages)));
    }

    private static Map<String, Object> with(Map<String, Object> body, String member, Object value) {
        Map<String, Object> more = new HashMap<>(body);
        more.put(member, value);
        return more;
    }

    private static SubmitMessage last(FakeWorld world) {
        return (SubmitMessage) world.commands().getLast().body();
    }

    @Test
    void aMessageIsAConversationUnderItsId() {
        try (DoorUnderTest door = DoorUnderTest.start()) {
            Reply reply = door.post(MESSAGES, asking(HI), "x-request-id", "mine");

            assertThat(reply.status()).as(reply.text()).isEqualTo(200);
            assertThat(reply.header("request-id")).isEqualTo("mine");
            assertThat(reply.json().path("content").toString())
                    .isEqualTo("[{\"type\":\"text\",\"text\":\"You said: Hi\",\"citations\":null}]");
            JsonNode kept = door.get(
                            "/api/conversations/" + reply.json().path("id").asText())
                    .json();
            assertThat(kept.at("/messages/1/content").asText()).isEqualTo("You said: Hi");
        }
    }

    @Test
    void aStreamTellsTheSame() {
        try (DoorUnderTest door = DoorUnderTest.start()) {
            Reply reply = door.post(MESSAGES + "?beta=true", with(asking(HI), "stream", true));

            assertThat(reply.header("Content-Type")).startsWith("text/event-stream");
            assertThat(reply.header("Cache-Control")).isEqualTo("no-cache, no-transform");
            assertThat(reply.header("request-id")).isEqualTo(reply.header("x-request-id"));
            assertThat(PublishedOpenApi.told(reply.text()))
                    .extracting(event -> event.path("type").asText())
                    .containsExactly(
                            "message_start",
                            "content_block_start",
                            "content_block_delta",
                            "content_block_stop",
                            "message_delta",
                            "message_stop");
        }
    }

    @Test
    void aRepeatUnderAKeyIsTheSameMessage() {
        try (DoorUnderTest door = DoorUnderTest.start()) {
            Reply first = door.post(MESSAGES, asking(HI), "Idempotency-Key", "k");
            Reply again = door.post(MESSAGES, asking(HI), "Idempotency-Key", "k");
            Reply streamed = door.post(MESSAGES, with(asking(HI), "stream", true), "Idempotency-Key", "k");

            assertThat(again.json()).isEqualTo(first.json());
            assertThat(PublishedOpenApi.told(streamed.text())
                            .getFirst()
                            .at("/message/id")
                            .asText())
                    .isEqualTo(first.json().path("id").asText());
            assertThat(door.world.commands()).hasSize(1);
            assertThat(door.post(MESSAGES, asking(HI, HI), "Idempotency-Key", "k")
                            .status())
                    .isEqualTo(422);
            assertThat(door.post(
                                    "/v1/chat/completions",
                                    Map.of("model", "default", "messages", List.of(HI)),
                                    "Idempotency-Key",
                                    "k")
                            .status())
                    .isEqualTo(200);
        }
    }

    @Test
    void whatWasNotUsedIsNamed() {
        try (DoorUnderTest door = DoorUnderTest.start()) {
            Map<String, ?> cached = Map.of("type", "text", "text", "Hi", "cache_control", Map.of("type", "ephemeral"));

            Reply reply = door.post(
                    MESSAGES,
                    with(
                            with(asking(Map.of("role", "user", "content", List.of(cached))), "system", List.of(cached)),
                            "cache_control",
                            Map.of("type", "ephemeral")));

            assertThat(reply.header(Unused.HEADER))
                    .isEqualTo("cache_control, messages[].content[].cache_control, system[].cache_control");
        }
    }

    @Test
    void tokensAreEstimated() {
        try (DoorUnderTest door = DoorUnderTest.start()) {
            Reply reply = door.post(
                    MESSAGES + "/count_tokens?beta=true",
                    Map.of("model", "default", "messages", List.of(Map.of("role", "user", "content", "x".repeat(41)))));

            assertThat(reply.json().toString()).isEqualTo("{\"input_tokens\":11}");
            assertThat(door.world.commands()).isEmpty();
        }
    }

    /** What becomes of an answer with a call that is sent back with this content. */
    private static PromptMessage sentBack(DoorUnderTest door, Object content) {
        Reply reply = door.post(MESSAGES, asking(HI, Map.of("role", "assistant", "content", content), RESULT));
        assertThat(reply.status()).as(reply.text()).isEqualTo(200);
        return Objects.requireNonNull(last(door.world).getPrompt()).getContext().get(1);
    }

    /** The log has what model servers want back; a caller only names the answer. */
    @Test
    void whatAModelServerWantsBackComesFromTheLog() {
        FakeWorld world = new FakeWorld();
        world.calls(List.of(CALL), EXTRAS);
        try (DoorUnderTest door = DoorUnderTest.over(world)) {
            PromptMessage back =
                    sentBack(door, door.post(MESSAGES, asking(HI)).json().path("content"));

            assertThat(back.getToolCalls()).containsExactly(CALL);
            assertThat(back.getExtras()).isEqualTo(EXTRAS);
        }
    }

    @Test
    void anAnswerThatWasChangedIsAnotherOne() {
        FakeWorld world = new FakeWorld();
        world.calls(List.of(CALL), EXTRAS);
        try (DoorUnderTest door = DoorUnderTest.over(world)) {
            String id = door.post(MESSAGES, asking(HI)).json().path("id").asText();

            PromptMessage back = sentBack(
                    door,
                    List.of(
                            Map.of("type", "redacted_thinking", "data", id),
                            Map.of("type", "tool_use", "id", "call_2", "name", "look", "input", Map.of())));

            assertThat(back.getExtras()).isNull();
        }
    }

    @Test
    void whatIsDeletedOrAnothersDoesNotComeBack() {
        FakeWorld world = new FakeWorld();
        world.calls(List.of(), EXTRAS);
        Map<String, String> keys = Map.of("PARLEY_API_KEYS", "ann=key-of-ann,bob=key-of-bob");
        try (DoorUnderTest door = new DoorUnderTest(world, keys)) {
            String id = door.post(MESSAGES, asking(HI), "x-api-key", "key-of-ann")
                    .json()
                    .path("id")
                    .asText();
            Map<String, ?> back = Map.of(
                    "role",
                    "assistant",
                    "content",
                    List.of(
                            Map.of("type", "thinking", "thinking", "", "signature", id),
                            Map.of("type", "text", "text", "x")));
            Map<String, Object> going = asking(HI, back, HI);

            door.post(MESSAGES, going, "x-api-key", "key-of-bob");
            assertThat(Objects.requireNonNull(last(world).getPrompt())
                            .getContext()
                            .get(1)
                            .getExtras())
                    .isNull();

            door.post(MESSAGES, going, "x-api-key", "key-of-ann");
            assertThat(Objects.requireNonNull(last(world).getPrompt())
                            .getContext()
                            .get(1)
                            .getExtras())
                    .isEqualTo(EXTRAS);

            door.send("DELETE", "/api/conversations/" + id, null, "x-api-key", "key-of-ann");
            door.post(MESSAGES, going, "x-api-key", "key-of-ann");
            assertThat(Objects.requireNonNull(last(world).getPrompt())
                            .getContext()
                            .get(1)
                            .getExtras())
                    .isNull();
        }
    }

    /** What the log adds is no part of what was asked: a repeat is known for one though the log has lost it. */
    @Test
    void aRepeatIsKnownForOneWhateverTheLogHas() {
        FakeWorld world = new FakeWorld();
        world.calls(List.of(), EXTRAS);
        try (DoorUnderTest door = DoorUnderTest.over(world)) {
            String id = door.post(MESSAGES, asking(HI)).json().path("id").asText();
            Map<String, Object> going = asking(
                    HI,
                    Map.of(
                            "role",
                            "assistant",
                            "content",
                            List.of(
                                    Map.of("type", "redacted_thinking", "data", id),
                                    Map.of("type", "text", "text", "x"))),
                    HI);
            Reply first = door.post(MESSAGES, going, "Idempotency-Key", "k");
            door.send("DELETE", "/api/conversations/" + id, null);

            assertThat(door.post(MESSAGES, going, "Idempotency-Key", "k").json())
                    .isEqualTo(first.json());
        }
    }

    @Test
    void onlyTheLatestThoughtsAreLookedUp() {
        FakeWorld world = new FakeWorld();
        world.calls(List.of(), EXTRAS);
        try (DoorUnderTest door = DoorUnderTest.over(world)) {
            String id = door.post(MESSAGES, asking(HI)).json().path("id").asText();
            Map<String, ?> back = Map.of(
                    "role",
                    "assistant",
                    "content",
                    List.of(Map.of("type", "redacted_thinking", "data", id), Map.of("type", "text", "text", "x")));
            List<Object> messages = new ArrayList<>();
            for (int i = 0; i < Thoughts.MOST + 2; i++) {
                messages.add(HI);
                messages.add(back);
            }
            messages.add(HI);

            door.post(MESSAGES, asking(messages.toArray()));

            List<PromptMessage> context =
                    Objects.requireNonNull(last(world).getPrompt()).getContext();
            assertThat(context)
                    .filteredOn(message -> message.getExtras() != null)
                    .hasSize(Thoughts.MOST);
            assertThat(context.get(1).getExtras()).isNull();
            assertThat(context.getLast().getExtras()).isEqualTo(EXTRAS);
        }
    }

    @Test
    void modelsAreListedInTheFormOfWhoAsks() {
        String[] version = {"anthropic-version", "2023-06-01"};
        try (DoorUnderTest door = DoorUnderTest.start()) {
            JsonNode all = door.get("/v1/models?limit=1000", version).json();
            assertThat(all.path("data"))
                    .extracting(model -> model.path("id").asText())
                    .contains("default", "extractive")
                    .isSorted();
            assertThat(all.path("has_more").asBoolean()).isFalse();
            String first = all.path("first_id").asText();
            String last = all.path("last_id").asText();

            JsonNode one = door.get("/v1/models?limit=1", version).json();
            assertThat(one.path("data")).hasSize(1);
            assertThat(one.path("first_id").asText()).isEqualTo(first);
            assertThat(one.path("has_more").asBoolean()).isTrue();
            JsonNode rest = door.get("/v1/models?after_id=" + first, version).json();
            assertThat(rest.path("data")).hasSize(all.path("data").size() - 1);
            JsonNode before =
                    door.get("/v1/models?limit=1&before_id=" + last, version).json();
            assertThat(before.path("data")).hasSize(1);
            assertThat(before.path("first_id").asText()).isNotEqualTo(last);
            assertThat(door.get("/v1/models?after_id=" + last, version).json().path("data"))
                    .isEmpty();
            assertThat(door.get("/v1/models?after_id=none", version).status()).isEqualTo(400);
            assertThat(door.get("/v1/models?limit=0", version).status()).isEqualTo(400);
            assertThat(door.get("/v1/models?after_id=" + first + "&before_id=" + last, version)
                            .status())
                    .isEqualTo(400);
            assertThat(door.get("/v1/models/default?beta=true", version)
                            .json()
                            .path("display_name")
                            .asText())
                    .isEqualTo("default");

            assertThat(door.get("/v1/models").json().path("object").asText()).isEqualTo("list");
            assertThat(door.get("/v1/models/default").json().path("object").asText())
                    .isEqualTo("model");
            assertThat(door.get("/v1/models?limit=1").status()).isEqualTo(400);
        }
    }
}
