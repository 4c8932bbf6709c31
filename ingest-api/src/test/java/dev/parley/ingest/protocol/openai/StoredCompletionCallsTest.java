package dev.parley.ingest.protocol.openai;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.chat.v1.CreateConversation;
import dev.parley.ingest.DoorUnderTest;
import dev.parley.ingest.DoorUnderTest.Reply;
import dev.parley.ingest.FakeWorld;
import dev.parley.ingest.FakeWorld.Answer;
import dev.parley.ingest.http.Request;
import dev.parley.schemas.keys.ConversationKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Chat completions that were asked to be stored. */
class StoredCompletionCallsTest {

    private static final String COMPLETIONS = "/v1/chat/completions";

    private final DoorUnderTest door = DoorUnderTest.start();

    @AfterEach
    void stop() {
        door.close();
    }

    private Reply ask(String text, Object store, Map<String, String> metadata, String... headers) {
        return door.post(
                COMPLETIONS,
                Map.of(
                        "model",
                        "default",
                        "store",
                        store,
                        "metadata",
                        metadata,
                        "messages",
                        List.of(
                                Map.of("role", "system", "content", "Be brief."),
                                Map.of("role", "user", "content", text))),
                headers);
    }

    private String stored(String text, Map<String, String> metadata) {
        return ask(text, true, metadata).json().path("id").asText();
    }

    private List<String> listed(String query) {
        List<String> ids = new ArrayList<>();
        door.get(COMPLETIONS + query)
                .json()
                .path("data")
                .forEach(one -> ids.add(one.path("id").asText()));
        return ids;
    }

    @Test
    void onlyWhatWasAskedToBeStoredIsFound() {
        Reply asked = ask("Hi", true, Map.of("k", "v"));
        String other = ask("Hi", false, Map.of()).json().path("id").asText();
        String id = asked.json().path("id").asText();

        JsonNode found = door.get(COMPLETIONS + "/" + id).json();

        assertThat(found.path("choices")).isEqualTo(asked.json().path("choices"));
        assertThat(found.path("metadata").toString()).isEqualTo("{\"k\":\"v\"}");
        assertThat(listed("")).containsExactly(id);
        assertThat(door.get(COMPLETIONS + "/" + other).status()).isEqualTo(404);
        assertThat(door.get(COMPLETIONS + "/" + other + "/messages").status()).isEqualTo(404);
        assertThat(door.send("DELETE", COMPLETIONS + "/" + other, null).status())
                .isEqualTo(404);
    }

    @Test
    void whatWasNotAnsweredIsNotListed() {
        door.world.answer(Answer.FAIL);
        ask("Hi", true, Map.of());

        assertThat(listed("")).isEmpty();
    }

    @Test
    void theListIsInTheOrderOfTimeAndPaged() {
        List<String> ids = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            ids.add(stored("Question " + i, Map.of("kind", i % 2 == 0 ? "even" : "odd")));
        }
        List<String> all = listed("?limit=100");
        assertThat(all).isEqualTo(ids);
        assertThat(listed("?order=desc&limit=100")).isEqualTo(all.reversed());

        JsonNode first = door.get(COMPLETIONS + "?limit=2").json();
        assertThat(first.path("has_more").asBoolean()).isTrue();
        assertThat(first.path("last_id").asText()).isEqualTo(all.get(1));
        assertThat(listed("?limit=2&after=" + all.get(1))).isEqualTo(all.subList(2, 4));
        JsonNode last = door.get(COMPLETIONS + "?limit=2&after=" + all.get(3)).json();
        assertThat(last.path("has_more").asBoolean()).isFalse();
        assertThat(last.path("data")).hasSize(1);

        assertThat(listed("?metadata[kind]=odd")).containsExactly(ids.get(1), ids.get(3));
        assertThat(listed("?metadata[kind]=neither")).isEmpty();
        assertThat(listed("?model=a-model")).hasSize(5);
        assertThat(listed("?model=another")).isEmpty();
    }

    @Test
    void thereIsMoreAfterThoseThatWereDeletedOfLate() {
        List<String> ids = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            ids.add(stored("Question " + i, Map.of()));
        }
        door.queries.unawareOfDeletions();
        door.send("DELETE", COMPLETIONS + "/" + ids.get(0), null);
        door.send("DELETE", COMPLETIONS + "/" + ids.get(1), null);

        JsonNode page = door.get(COMPLETIONS + "?limit=1").json();

        assertThat(page.path("last_id").asText()).isEqualTo(ids.get(2));
        assertThat(page.path("has_more").asBoolean()).isTrue();
        assertThat(listed("")).isEqualTo(ids.subList(2, 4));
    }

    @Test
    void aPageThatIsSoughtLongSaysWhereToGoOn() {
        String first = stored("First", Map.of());
        for (int i = 0; i < 1_500; i++) {
            ConversationKey unanswered =
                    new ConversationKey(ConversationKey.DEFAULT_TENANT, "chatcmpl-" + Request.uniqueId());
            door.world.append(
                    unanswered,
                    new CreateConversation(null, "default", StoredCompletionCalls.marked(Map.of(), "turn_none")),
                    FakeWorld.call());
        }
        String last = stored("Last", Map.of());

        List<String> found = new ArrayList<>();
        int pages = 0;
        String after = "";
        for (boolean more = true; more; pages++) {
            JsonNode page =
                    door.get(COMPLETIONS + "?limit=100&order=asc" + after).json();
            page.path("data").forEach(one -> found.add(one.path("id").asText()));
            after = "&after=" + page.path("last_id").asText();
            more = page.path("has_more").asBoolean();
        }

        assertThat(found).containsExactly(first, last);
        assertThat(pages).as("none looks at them all").isGreaterThan(1);
    }

    @Test
    void aCompletionStaysTheSameWhenPeopleGoOnFromIt() {
        String id = stored("Hi", Map.of());
        JsonNode before = door.get(COMPLETIONS + "/" + id).json();

        door.post("/api/conversations/" + id + "/messages", Map.of("content", "And?"), "Prefer", "wait=20");

        assertThat(door.get(COMPLETIONS + "/" + id).json()).isEqualTo(before);
        assertThat(door.get(COMPLETIONS).json().at("/data/0")).isEqualTo(before);
        door.feed.forgetful();
        assertThat(door.get(COMPLETIONS + "/" + id).json()).isEqualTo(before);
    }

    @Test
    void whatIsRefusedLeavesNoConversation() {
        Reply refused = door.post(
                COMPLETIONS,
                Map.of(
                        "model",
                        "default",
                        "store",
                        true,
                        "messages",
                        List.of(Map.of(
                                "role",
                                "user",
                                "content",
                                List.of(Map.of(
                                        "type",
                                        "file",
                                        "file",
                                        Map.of("file_id", "file-" + "0".repeat(64) + "-0")))))));

        assertThat(refused.status()).as(refused.text()).isEqualTo(404);
        assertThat(door.world.commands()).isEmpty();
    }

    @Test
    void imagesAndFilesAreToldAsParts() {
        String id = door.post(
                        COMPLETIONS,
                        Map.of(
                                "model",
                                "default",
                                "store",
                                true,
                                "messages",
                                List.of(Map.of(
                                        "role",
                                        "user",
                                        "content",
                                        List.of(
                                                Map.of("type", "text", "text", "See "),
                                                Map.of(
                                                        "type",
                                                        "image_url",
                                                        "image_url",
                                                        Map.of("url", "https://example.com/cat.png", "detail", "low")),
                                                Map.of(
                                                        "type",
                                                        "file",
                                                        "file",
                                                        Map.of("filename", "a.txt", "file_data", "eA==")))))))
                .json()
                .path("id")
                .asText();

        JsonNode message = door.get(COMPLETIONS + "/" + id + "/messages").json().at("/data/0");

        assertThat(message.path("content").asText()).isEqualTo("See ");
        JsonNode parts = message.path("content_parts");
        assertThat(parts.at("/0").toString()).isEqualTo("{\"type\":\"text\",\"text\":\"See \"}");
        assertThat(parts.at("/1/image_url").toString())
                .isEqualTo("{\"url\":\"https://example.com/cat.png\",\"detail\":\"low\"}");
        assertThat(parts.at("/2/file/filename").asText()).isEqualTo("a.txt");
        assertThat(door.get("/v1/files/" + parts.at("/2/file/file_id").asText()).status())
                .isEqualTo(200);
        assertThat(parts).hasSize(3);
    }

    @Test
    void metadataChangeAndAreFoundByThen() {
        String id = stored("Hi", Map.of("k", "old", "gone", "x"));

        Reply changed = door.post(COMPLETIONS + "/" + id, Map.of("metadata", Map.of("k", "new")));

        assertThat(changed.json().path("metadata").toString()).isEqualTo("{\"k\":\"new\"}");
        assertThat(door.get(COMPLETIONS + "/" + id).json()).isEqualTo(changed.json());
        assertThat(listed("?metadata[k]=new")).containsExactly(id);
        assertThat(listed("?metadata[k]=old")).isEmpty();
    }

    @Test
    void whatItWasAskedIsToldMessageByMessage() {
        String id = stored("Hi", Map.of());

        JsonNode messages = door.get(COMPLETIONS + "/" + id + "/messages").json();

        assertThat(messages.path("data"))
                .extracting(message -> message.path("role").asText())
                .containsExactly("system", "user");
        assertThat(messages.path("first_id").asText()).isEqualTo(id + "-0");
        assertThat(door.get(COMPLETIONS + "/" + id + "/messages?order=desc&limit=1")
                        .json()
                        .at("/data/0/content")
                        .asText())
                .isEqualTo("Hi");
    }

    @Test
    void aDeletedOneIsGone() {
        String id = stored("Hi", Map.of());

        JsonNode deleted = door.send("DELETE", COMPLETIONS + "/" + id, null).json();

        assertThat(deleted.path("deleted").asBoolean()).isTrue();
        assertThat(door.get(COMPLETIONS + "/" + id).status()).isEqualTo(404);
        assertThat(door.send("DELETE", COMPLETIONS + "/" + id, null).status()).isEqualTo(404);
        assertThat(listed("")).isEmpty();
    }

    @Test
    void aRepeatUnderTheSameKeyIsStoredOnce() {
        String first = ask("Hi", true, Map.of("k", "v"), "Idempotency-Key", "k")
                .json()
                .path("id")
                .asText();
        String second = ask("Hi", true, Map.of("k", "v"), "Idempotency-Key", "k")
                .json()
                .path("id")
                .asText();

        assertThat(second).isEqualTo(first);
        assertThat(listed("")).containsExactly(first);
        assertThat(door.world.commands())
                .filteredOn(appended -> appended.body() instanceof CreateConversation)
                .hasSize(1);
        assertThat(ask("Hi", true, Map.of("k", "w"), "Idempotency-Key", "k").status())
                .isEqualTo(422);
    }

    @Test
    void aStrangePlaceOrPairIsRefused() {
        for (String query : List.of(
                "?after=chatcmpl-none",
                "?after=c",
                "?limit=101",
                "?limit=x",
                "?order=newest",
                "?metadata=k",
                "?metadata[k]=a&metadata[k]=b",
                "?metadata[]=x",
                "?meta[k]=v")) {
            assertThat(door.get(COMPLETIONS + query).status()).as(query).isEqualTo(400);
        }
    }
}
