package dev.parley.ingest.protocol.openai;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.chat.v1.ConversationAnnotated;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.SubmitMessage;
import dev.parley.chat.v1.TurnCancelled;
import dev.parley.ingest.DoorUnderTest;
import dev.parley.ingest.DoorUnderTest.Reply;
import dev.parley.ingest.FakeWorld.Answer;
import dev.parley.ingest.contract.PublishedOpenApi;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.keys.ConversationKey;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Responses over HTTP: what is told of one, and what becomes of it. */
class ResponseCallsTest {

    private static final String RESPONSES = "/v1/responses";

    private final DoorUnderTest door =
            new DoorUnderTest(new dev.parley.ingest.FakeWorld(), Map.of("PARLEY_LLM_MODEL", "org/a-model"));

    @AfterEach
    void stop() {
        door.close();
    }

    private Reply create(Object... pairs) {
        Map<String, Object> body = new HashMap<>(Map.of("model", "default", "input", "Hi"));
        for (int i = 0; i < pairs.length; i += 2) {
            body.put((String) pairs[i], pairs[i + 1]);
        }
        return door.post(RESPONSES, body);
    }

    private static String id(Reply reply) {
        return reply.json().path("id").asText();
    }

    private static ConversationKey conversation(Reply reply) {
        return new ConversationKey(
                ConversationKey.DEFAULT_TENANT,
                reply.json().at("/conversation/id").asText());
    }

    private List<String> inputItems(String response, String query) {
        List<String> told = new ArrayList<>();
        door.get(RESPONSES + "/" + response + "/input_items" + query)
                .json()
                .path("data")
                .forEach(item -> told.add(item.path("type").asText() + " "
                        + item.at("/content/0/text").asText(item.path("output").asText())));
        return told;
    }

    @Test
    void theModelIsTheOneAskedForFromTheFirstEventToTheLast() {
        for (String model : List.of("default", "extractive", "org/a-model")) {
            List<JsonNode> events =
                    PublishedOpenApi.told(create("model", model, "stream", true).text());

            assertThat(events)
                    .filteredOn(event -> event.has("response"))
                    .hasSizeGreaterThan(2)
                    .allSatisfy(event ->
                            assertThat(event.at("/response/model").asText()).isEqualTo(model));
            assertThat(events.getLast().at("/response/parley/model").asText()).isEqualTo("a-model");
        }
    }

    @Test
    void aResponseIsInProgressAtOnceAndQueuedInTheBackground() {
        List<JsonNode> events = PublishedOpenApi.told(create("stream", true).text());
        assertThat(events.getFirst().at("/response/status").asText()).isEqualTo("in_progress");

        List<JsonNode> background =
                PublishedOpenApi.told(create("stream", true, "background", true).text());
        assertThat(background.subList(0, 3))
                .extracting(event -> event.path("type").asText() + " "
                        + event.at("/response/status").asText() + " " + event.path("sequence_number"))
                .containsExactly(
                        "response.created queued 0", "response.queued queued 1", "response.in_progress in_progress 2");
        String id = background.getFirst().at("/response/id").asText();
        for (JsonNode event : background) {
            long seen = event.path("sequence_number").asLong();
            List<JsonNode> rest =
                    PublishedOpenApi.told(door.get(RESPONSES + "/" + id + "?stream=true&starting_after=" + seen)
                            .text());
            assertThat(rest)
                    .as("after " + seen)
                    .allMatch(later -> later.path("sequence_number").asLong() > seen);
            assertThat(rest.size()).isEqualTo(background.size() - background.indexOf(event) - 1);
        }
    }

    @Test
    void whyAResponseFailedIsSaidInOpenAisWordsAndInOurs() {
        Map<ErrorCode, String> words = Map.of(
                ErrorCode.ENGINE_RATE_LIMITED, "rate_limit_exceeded",
                ErrorCode.CONTEXT_LENGTH_EXCEEDED, "invalid_prompt",
                ErrorCode.CONTENT_FILTERED, "invalid_prompt",
                ErrorCode.ENGINE_ERROR, "server_error",
                ErrorCode.NO_WORKER, "server_error");
        words.forEach((code, word) -> {
            door.world.fail(code);
            JsonNode failed = PublishedOpenApi.told(create("stream", true).text())
                    .getLast()
                    .path("response");

            assertThat(failed.path("status").asText()).isEqualTo("failed");
            assertThat(failed.at("/error/code").asText()).isEqualTo(word);
            assertThat(failed.at("/parley/code").asText()).isEqualTo(code.wire());
        });
    }

    @Test
    void aDeletedResponseIsNotFoundAndTheLogKnowsWhy() {
        Reply created = create();
        String id = id(created);

        JsonNode deleted = door.send("DELETE", RESPONSES + "/" + id, null).json();

        assertThat(deleted.path("deleted").asBoolean()).isTrue();
        assertThat(door.world.events(conversation(created)).getLast().getBody())
                .isEqualTo(new ConversationAnnotated(null, List.of(), List.of(id)));
        assertThat(door.get(RESPONSES + "/" + id).status()).isEqualTo(404);
        assertThat(door.get(RESPONSES + "/" + id + "/input_items").status()).isEqualTo(404);
        assertThat(door.send("DELETE", RESPONSES + "/" + id, null).status()).isEqualTo(404);
        Reply refused = create("previous_response_id", id);
        assertThat(refused.status()).isEqualTo(404);
        assertThat(refused.json().at("/error/param").asText()).isEqualTo("previous_response_id");
        try (DoorUnderTest other = DoorUnderTest.over(door.world)) {
            other.feed.forgetful();
            assertThat(other.get(RESPONSES + "/" + id).status())
                    .as("on any node")
                    .isEqualTo(404);
        }
        assertThat(door.get("/api/conversations/" + conversation(created).conversation())
                        .status())
                .as("its conversation stays")
                .isEqualTo(200);
    }

    @Test
    void aRunningResponseThatIsDeletedIsStopped() {
        door.world.answer(Answer.NEVER);
        Reply created = create("background", true);

        assertThat(door.send("DELETE", RESPONSES + "/" + id(created), null).status())
                .isEqualTo(200);

        assertThat(door.world.events(conversation(created)))
                .anyMatch(event -> event.getBody() instanceof TurnCancelled);
        assertThat(door.get(RESPONSES + "/" + id(created)).status()).isEqualTo(404);
    }

    @Test
    void whatAResponseWasAskedWithIsListed() {
        String id = id(create(
                "input",
                List.of(
                        Map.of("role", "user", "content", "One?"),
                        Map.of("type", "function_call", "call_id", "c", "name", "f", "arguments", "{}"),
                        Map.of("type", "function_call_output", "call_id", "c", "output", "42"))));

        assertThat(inputItems(id, "?order=asc"))
                .containsExactly("message One?", "function_call ", "function_call_output 42");
        assertThat(inputItems(id, "?limit=1")).containsExactly("function_call_output 42");
        String last = door.get(RESPONSES + "/" + id + "/input_items?limit=1")
                .json()
                .path("last_id")
                .asText();
        assertThat(inputItems(id, "?after=" + last)).containsExactly("function_call ", "message One?");
    }

    @Test
    void aSummaryStandsForWhatItSummarises() {
        String first = id(create("input", "One?"));
        Reply compacted = door.post(
                RESPONSES + "/compact", Map.of("model", "default", "previous_response_id", first, "input", "Two?"));
        SubmitMessage asked = lastSubmitted();
        assertThat(Objects.requireNonNull(asked.getPrompt()).getContext())
                .extracting(PromptMessage::getContent)
                .containsExactly("One?", "You said: One?", "Two?");
        assertThat(asked.getPrompt().getOptions().getInstructions()).contains("summarise");

        JsonNode item = compacted.json().at("/output/0");
        assertThat(item.path("type").asText()).isEqualTo("compaction");
        create("input", List.of(item, Map.of("role", "user", "content", "Three?")));

        assertThat(Objects.requireNonNull(lastSubmitted().getPrompt()).getContext())
                .singleElement()
                .satisfies(message -> {
                    assertThat(message.getRole()).isEqualTo(Role.SYSTEM);
                    assertThat(message.getContent()).endsWith("You said: " + asked.getContent());
                });
    }

    @Test
    void aSummaryIsOfOneBranch() {
        String first = id(create("input", "One?"));
        String left = id(create("previous_response_id", first, "input", "Left?"));
        create("previous_response_id", first, "input", "Right?");

        door.post(RESPONSES + "/compact", Map.of("model", "default", "previous_response_id", left));

        assertThat(Objects.requireNonNull(lastSubmitted().getPrompt()).getContext())
                .extracting(PromptMessage::getContent)
                .containsExactly("One?", "You said: One?", "Left?", "You said: Left?");
    }

    @Test
    void aSummaryThatIsNoneOfOursIsRefused() {
        for (String opaque : List.of("", "gAAAAA", "parley1.*", "parley1._w")) {
            Reply refused = create(
                    "input",
                    List.of(
                            Map.of("type", "compaction", "encrypted_content", opaque),
                            Map.of("role", "user", "content", "Hi")));
            assertThat(refused.status()).as(opaque).isEqualTo(400);
            assertThat(refused.json().at("/error/param").asText()).isEqualTo("input[0].encrypted_content");
        }
    }

    private SubmitMessage lastSubmitted() {
        return door.world.commands().stream()
                .map(appended -> appended.body())
                .filter(SubmitMessage.class::isInstance)
                .map(SubmitMessage.class::cast)
                .reduce((first, second) -> second)
                .orElseThrow();
    }
}
