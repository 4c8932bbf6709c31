package dev.parley.ingest.protocol.openai;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.chat.v1.AnnotateConversation;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.SubmitMessage;
import dev.parley.ingest.DoorUnderTest;
import dev.parley.ingest.DoorUnderTest.Reply;
import dev.parley.ingest.FakeWorld;
import dev.parley.ingest.FakeWorld.Answer;
import dev.parley.ingest.files.Pictures;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Conversations of OpenAI's API, and their items. */
class ConversationCallsTest {

    private static final String CONVERSATIONS = "/v1/conversations";

    private final DoorUnderTest door = DoorUnderTest.start();

    @AfterEach
    void stop() {
        door.close();
    }

    private static Map<String, Object> said(String role, String text) {
        return Map.of("role", role, "content", text);
    }

    private String create(Map<String, ?> body) {
        return door.post(CONVERSATIONS, body).json().path("id").asText();
    }

    private Reply add(String conversation, Map<?, ?>... items) {
        return door.post(CONVERSATIONS + "/" + conversation + "/items", Map.of("items", List.of(items)));
    }

    private List<JsonNode> items(String conversation, String query) {
        List<JsonNode> items = new ArrayList<>();
        door.get(CONVERSATIONS + "/" + conversation + "/items?" + query)
                .json()
                .path("data")
                .forEach(items::add);
        return items;
    }

    private static List<String> told(List<JsonNode> items) {
        return items.stream()
                .map(item -> item.path("role").asText(item.path("type").asText()) + ": "
                        + item.at("/content/0/text")
                                .asText(item.path("output")
                                        .asText(item.path("name")
                                                .asText(item.at("/summary/0/text")
                                                        .asText()))))
                .toList();
    }

    private JsonNode respond(String conversation, String input) {
        return door.post("/v1/responses", Map.of("model", "default", "conversation", conversation, "input", input))
                .json();
    }

    private List<PromptMessage> lastContext() {
        SubmitMessage submit = (SubmitMessage) door.world.commands().stream()
                .map(FakeWorld.Appended::body)
                .filter(SubmitMessage.class::isInstance)
                .reduce((first, second) -> second)
                .orElseThrow();
        return Objects.requireNonNull(submit.getPrompt()).getContext();
    }

    @Test
    void metadataAreReplacedAsAWhole() {
        String id = create(Map.of("metadata", Map.of("topic", "tea", "who", "me")));
        assertThat(door.get(CONVERSATIONS + "/" + id).json().path("metadata"))
                .isEqualTo(DoorUnderTest.MAPPER.valueToTree(Map.of("topic", "tea", "who", "me")));

        Reply changed = door.post(CONVERSATIONS + "/" + id, Map.of("metadata", Map.of("topic", "coffee")));

        assertThat(changed.json().path("metadata").toString()).isEqualTo("{\"topic\":\"coffee\"}");
        assertThat(door.get(CONVERSATIONS + "/" + id).json()).isEqualTo(changed.json());
        assertThat(door.get("/api/conversations/" + id).json().path("metadata"))
                .isEqualTo(changed.json().path("metadata"));
        assertThat(door.post(CONVERSATIONS, Map.of("metadata", Map.of("openai.store", "x")))
                        .json()
                        .at("/error/param")
                        .asText())
                .isEqualTo("metadata.openai.store");
    }

    @Test
    void aRepeatUnderTheSameKeyIsTheSameConversationWithItsItemsOnce() {
        Map<String, ?> body = Map.of("items", List.of(said("user", "Hi")));

        Reply first = door.post(CONVERSATIONS, body, "Idempotency-Key", "k");
        Reply second = door.post(CONVERSATIONS, body, "Idempotency-Key", "k");

        assertThat(second.json()).isEqualTo(first.json());
        String id = first.json().path("id").asText();
        assertThat(items(id, "")).hasSize(1);

        String path = CONVERSATIONS + "/" + id + "/items";
        Reply added = door.post(path, body, "Idempotency-Key", "k");
        assertThat(door.post(path, body, "Idempotency-Key", "k").json()).isEqualTo(added.json());
        assertThat(items(id, "")).hasSize(2);
        assertThat(door.post(path, Map.of("items", List.of(said("user", "Ho"))), "Idempotency-Key", "k")
                        .status())
                .isEqualTo(422);
    }

    @ParameterizedTest
    @ValueSource(strings = {"x/y", "9/1", "9/0", "999999999/999999999"})
    void whatCallersOfOtherProtocolsWriteIntoMetadataIsNoMark(String written) {
        String id = create(Map.of("items", List.of(said("user", "One?"))));
        door.post(
                "/api/conversations/" + id + "/messages",
                Map.of("content", "Two?", "metadata", Map.of("openai.items", written)),
                "Prefer",
                "wait=20");

        assertThat(told(items(id, "order=asc")))
                .containsExactly("user: One?", "user: Two?", "assistant: You said: Two?");
        respond(id, "Three?");
        assertThat(lastContext()).extracting(PromptMessage::getContent).containsExactly("One?");
    }

    @Test
    void imagesAndFilesOfAnItemAreRefusedByTheirType() {
        String id = create(Map.of());
        List<Map<String, ?>> parts = List.of(
                Map.of("type", "input_image", "image_url", "https://example.com/cat.png"),
                Map.of("type", "image_url", "image_url", Map.of("url", "https://example.com/cat.png")),
                Map.of("type", "input_file", "file_url", "https://example.com/a.pdf"),
                Map.of("type", "file", "file", Map.of("filename", "a.txt", "file_data", "eA==")));
        for (Map<String, ?> part : parts) {
            List<?> content = List.of(Map.of("type", "input_text", "text", "See"), part);
            Map<String, ?> body =
                    Map.of("items", List.of(said("user", "fine"), Map.of("role", "user", "content", content)));
            for (String path : List.of(CONVERSATIONS, CONVERSATIONS + "/" + id + "/items")) {
                Reply refused = door.post(path, body);

                assertThat(refused.status()).as(part.toString()).isEqualTo(400);
                assertThat(refused.json().at("/error/param").asText()).isEqualTo("items[1].content[1].type");
            }
        }
        assertThat(items(id, "")).isEmpty();
    }

    @Test
    void imagesAndFilesOfAResponseAreToldWhereTheyStood() {
        String id = create(Map.of());
        JsonNode response = door.post(
                        "/v1/responses",
                        Map.of(
                                "model",
                                "default",
                                "conversation",
                                id,
                                "input",
                                List.of(
                                        Map.of("role", "user", "content", List.of(image("high"), text("A cat?"))),
                                        Map.of("role", "assistant", "content", "A cat."),
                                        Map.of(
                                                "role",
                                                "user",
                                                "content",
                                                List.of(text("And "), file("notes.txt"), text("this?"), url())))))
                .json();

        List<JsonNode> items = items(id, "order=asc");
        String kept = items.getFirst().at("/content/0/file_id").asText();
        assertThat(items.getFirst().path("content").toString())
                .isEqualTo("[{\"type\":\"input_image\",\"detail\":\"high\",\"file_id\":\"" + kept
                        + "\"},{\"type\":\"input_text\",\"text\":\"A cat?\"}]");
        assertThat(door.get("/v1/files/" + kept).status()).isEqualTo(200);
        JsonNode last = items.get(2).path("content");
        assertThat(last)
                .extracting(part -> part.path("type").asText())
                .containsExactly("input_text", "input_file", "input_text", "input_file");
        assertThat(last.at("/1/filename").asText()).isEqualTo("notes.txt");
        assertThat(door.get("/v1/files/" + last.at("/1/file_id").asText()).status())
                .isEqualTo(200);
        assertThat(last.at("/3/file_url").asText()).isEqualTo("https://example.com/a.pdf");
        assertThat(door.get("/v1/responses/" + response.path("id").asText() + "/input_items?order=asc")
                        .json()
                        .path("data"))
                .containsExactlyElementsOf(items.subList(0, 3));
    }

    private static Map<String, ?> text(String text) {
        return Map.of("type", "input_text", "text", text);
    }

    private static Map<String, ?> image(String detail) {
        return Map.of(
                "type",
                "input_image",
                "detail",
                detail,
                "image_url",
                Pictures.dataUrl("image/png", Pictures.png("cat")));
    }

    private static Map<String, ?> file(String name) {
        return Map.of("type", "input_file", "filename", name, "file_data", Pictures.base64("x".getBytes(UTF_8)));
    }

    private static Map<String, ?> url() {
        return Map.of("type", "input_file", "file_url", "https://example.com/a.pdf");
    }

    @Test
    void aResponseIsNotGivenWithoutTheItemsThatMayWaitForIt() {
        String id = create(Map.of("items", List.of(said("user", "One?"))));
        try (DoorUnderTest other = DoorUnderTest.over(door.world)) {
            other.feed.forgetful();
            other.feed.archiveAway();

            Reply refused =
                    other.post("/v1/responses", Map.of("model", "default", "conversation", id, "input", "And?"));

            assertThat(refused.status()).isEqualTo(503);
        }
        assertThat(door.world.commands()).noneMatch(appended -> appended.body() instanceof SubmitMessage);
    }

    @Test
    void itemsAreToldInTheirFormWhoeverBroughtThem() {
        String id = create(Map.of("items", List.of(said("developer", "Be brief."), said("user", "One?"))));
        add(
                id,
                Map.of(
                        "type",
                        "reasoning",
                        "id",
                        "rs_x",
                        "summary",
                        List.of(Map.of("type", "summary_text", "text", "hm"))),
                Map.of("type", "function_call", "call_id", "c", "name", "f", "arguments", "{}", "status", "completed"),
                Map.of("type", "function_call_output", "call_id", "c", "output", "42"));
        respond(id, "Two?");
        door.post("/api/conversations/" + id + "/messages", Map.of("content", "Three?"), "Prefer", "wait=20");

        assertThat(told(items(id, "order=asc")))
                .containsExactly(
                        "system: Be brief.",
                        "user: One?",
                        "reasoning: hm",
                        "function_call: f",
                        "function_call_output: 42",
                        "user: Two?",
                        "assistant: You said: Two?",
                        "user: Three?",
                        "assistant: You said: Three?");
        assertThat(told(items(id, "limit=2"))).containsExactly("assistant: You said: Three?", "user: Three?");
        assertThat(items(id, "order=asc"))
                .allSatisfy(item -> assertThat(door.get(CONVERSATIONS + "/" + id + "/items/"
                                        + item.path("id").asText())
                                .json())
                        .isEqualTo(item));
    }

    @Test
    void whatWasAddedIsGivenToTheNextResponseOnce() {
        String id = create(Map.of("items", List.of(said("user", "One?"), said("assistant", "One."))));
        add(id, said("user", "Two?"));

        respond(id, "And?");
        assertThat(lastContext())
                .containsExactly(
                        new PromptMessage(Role.USER, "One?", List.of(), null, null),
                        new PromptMessage(Role.ASSISTANT, "One.", List.of(), null, null),
                        new PromptMessage(Role.USER, "Two?", List.of(), null, null));

        respond(id, "Once more?");
        assertThat(lastContext()).as("it is in the history by now").isEmpty();
        add(id, said("user", "Three?"));
        respond(id, "At last?");
        assertThat(lastContext()).hasSize(1);
    }

    @Test
    void whatWasGivenToATurnThatFailedIsGivenAgain() {
        String id = create(Map.of("items", List.of(said("user", "One?"))));
        door.world.answer(Answer.FAIL);
        respond(id, "And?");
        door.world.answer(Answer.COMPLETE);

        respond(id, "Again?");

        assertThat(lastContext()).hasSize(1);
    }

    private String answer(JsonNode response) {
        String id = response.path("id").asText();
        return door.world.commands().stream()
                .map(FakeWorld.Appended::body)
                .filter(SubmitMessage.class::isInstance)
                .map(SubmitMessage.class::cast)
                .filter(submit -> id.contains(submit.getTurnId().substring("turn_".length())))
                .map(SubmitMessage::getAssistantMessageId)
                .findFirst()
                .orElseThrow();
    }

    private JsonNode goOn(JsonNode response, String input) {
        return door.post(
                        "/v1/responses",
                        Map.of(
                                "model",
                                "default",
                                "previous_response_id",
                                response.path("id").asText(),
                                "input",
                                input))
                .json();
    }

    private void switchTo(String conversation, JsonNode response) {
        assertThat(door.json(
                                "PUT",
                                "/api/conversations/" + conversation + "/branch",
                                Map.of("messageId", answer(response)))
                        .status())
                .isEqualTo(200);
    }

    @Test
    void aListIsOfTheActiveBranch() {
        String id = create(Map.of("items", List.of(said("user", "One?"))));
        JsonNode first = respond(id, "A?");
        JsonNode left = goOn(first, "B?");
        JsonNode right = goOn(first, "C?");

        assertThat(told(items(id, "order=asc")))
                .containsExactly(
                        "user: One?", "user: A?", "assistant: You said: A?", "user: C?", "assistant: You said: C?");
        switchTo(id, left);
        assertThat(told(items(id, "order=asc")))
                .containsExactly(
                        "user: One?", "user: A?", "assistant: You said: A?", "user: B?", "assistant: You said: B?");
        assertThat(door.get(CONVERSATIONS + "/" + id + "/items/"
                                + right.at("/output/0/id").asText())
                        .status())
                .as("its id finds it all the same")
                .isEqualTo(200);
    }

    @Test
    void whatWasAddedOnABranchIsGivenToAModelThereAlone() {
        String id = create(Map.of());
        JsonNode first = respond(id, "A?");
        JsonNode left = goOn(first, "B?");
        JsonNode right = goOn(first, "C?");
        add(id, said("user", "right"));
        String added = items(id, "limit=1").getFirst().path("id").asText();

        switchTo(id, left);
        assertThat(told(items(id, ""))).doesNotContain("user: right");
        respond(id, "And?");
        assertThat(lastContext()).isEmpty();
        add(id, said("user", "left"));
        respond(id, "And then?");
        assertThat(lastContext()).extracting(PromptMessage::getContent).containsExactly("left");

        switchTo(id, right);
        assertThat(told(items(id, "limit=1"))).containsExactly("user: right");
        respond(id, "And here?");
        assertThat(lastContext()).extracting(PromptMessage::getContent).containsExactly("right");
        assertThat(door.send("DELETE", CONVERSATIONS + "/" + id + "/items/" + added, null)
                        .status())
                .isEqualTo(400);
    }

    @Test
    void whatABranchHasNotBeenGivenCanBeTakenBackThere() {
        String id = create(Map.of());
        JsonNode first = respond(id, "A?");
        JsonNode left = goOn(first, "B?");
        goOn(first, "C?");
        add(id, said("user", "right"));
        String added = items(id, "limit=1").getFirst().path("id").asText();
        switchTo(id, left);
        add(id, said("user", "left"));
        respond(id, "And?");

        assertThat(door.send("DELETE", CONVERSATIONS + "/" + id + "/items/" + added, null)
                        .status())
                .isEqualTo(200);
    }

    @Test
    void anItemIsTakenBackAsLongAsNoTurnHasIt() {
        String id = create(Map.of("items", List.of(said("user", "One?"), said("user", "Two?"))));
        String last = items(id, "limit=1").getFirst().path("id").asText();

        Reply conversation = door.send("DELETE", CONVERSATIONS + "/" + id + "/items/" + last, null);

        assertThat(conversation.json().path("object").asText()).isEqualTo("conversation");
        assertThat(told(items(id, ""))).containsExactly("user: One?");
        assertThat(door.send("DELETE", CONVERSATIONS + "/" + id + "/items/" + last, null)
                        .status())
                .isEqualTo(404);

        respond(id, "And?");
        for (JsonNode item : items(id, "")) {
            Reply refused = door.send(
                    "DELETE",
                    CONVERSATIONS + "/" + id + "/items/" + item.path("id").asText(),
                    null);
            assertThat(refused.status()).isEqualTo(400);
            assertThat(refused.json().at("/error/message").asText()).contains("the log keeps turns whole");
        }
        assertThat(items(id, "")).hasSize(3);
    }

    @Test
    void aListIsReadPageByPage() {
        String id = create(Map.of());
        for (int i = 0; i < 3; i++) {
            int from = i * 10;
            add(
                    id,
                    IntStream.range(from, from + 10)
                            .mapToObj(number -> said("user", Integer.toString(number)))
                            .toArray(Map<?, ?>[]::new));
        }
        List<String> read = new ArrayList<>();
        String after = "";
        for (boolean more = true; more; ) {
            JsonNode page = door.get(CONVERSATIONS + "/" + id + "/items?order=asc&limit=7" + after)
                    .json();
            page.path("data")
                    .forEach(item -> read.add(item.at("/content/0/text").asText()));
            after = "&after=" + page.path("last_id").asText();
            more = page.path("has_more").asBoolean();
        }

        assertThat(read)
                .isEqualTo(IntStream.range(0, 30).mapToObj(Integer::toString).toList());
    }

    @Test
    void whatIsNoItemIsRefusedByNameAndNothingOfItIsKept() {
        String id = create(Map.of());
        List<Map<?, ?>> bad = List.of(
                Map.of("type", "web_search_call", "id", "x"),
                Map.of("role", "user"),
                Map.of("role", "nobody", "content", "x"),
                Map.of("type", "function_call_output", "output", "x"),
                Map.of("type", "item_reference", "id", "msg_" + "0".repeat(24) + ".none"),
                Map.of("type", "reasoning", "summary", "x"),
                Map.of("type", "compaction", "encrypted_content", "gAAA"));
        for (Map<?, ?> item : bad) {
            Reply refused = add(id, said("user", "fine"), item);

            assertThat(refused.status()).as(item.toString()).isIn(400, 404);
        }
        assertThat(add(
                                id,
                                IntStream.range(0, 21)
                                        .mapToObj(i -> said("user", "x"))
                                        .toArray(Map<?, ?>[]::new))
                        .status())
                .isEqualTo(400);
        assertThat(items(id, "")).isEmpty();
        assertThat(door.world.commands()).noneMatch(appended -> appended.body() instanceof AnnotateConversation);
    }

    @Test
    void aDeletedConversationHasNothingAnyMore() {
        String id = create(Map.of("items", List.of(said("user", "One?"))));

        assertThat(door.send("DELETE", CONVERSATIONS + "/" + id, null)
                        .json()
                        .path("deleted")
                        .asBoolean())
                .isTrue();

        assertThat(door.get(CONVERSATIONS + "/" + id).status()).isEqualTo(410);
        assertThat(door.get(CONVERSATIONS + "/" + id + "/items").status()).isEqualTo(410);
        assertThat(add(id, said("user", "x")).status()).isEqualTo(410);
        assertThat(door.send("DELETE", CONVERSATIONS + "/" + id, null).status()).isEqualTo(200);
    }

    @Test
    void whatAnotherNodeAddedIsThere() {
        String id = create(Map.of("items", List.of(said("user", "One?"))));
        try (DoorUnderTest other = DoorUnderTest.over(door.world)) {
            other.feed.forgetful();
            assertThat(other.get(CONVERSATIONS + "/" + id + "/items").json().path("data"))
                    .hasSize(1);
        }
    }
}
