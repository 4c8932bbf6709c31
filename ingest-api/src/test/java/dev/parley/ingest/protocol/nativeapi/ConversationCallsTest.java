package dev.parley.ingest.protocol.nativeapi;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.DeleteConversation;
import dev.parley.ingest.DoorUnderTest;
import dev.parley.ingest.DoorUnderTest.Reply;
import dev.parley.ingest.FakeWorld;
import dev.parley.schemas.keys.ConversationKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Creating, reading, changing and exporting conversations. */
class ConversationCallsTest {

    private static final String ALL = "/api/conversations";

    private final FakeWorld world = new FakeWorld();
    private DoorUnderTest door;

    @BeforeEach
    void start() {
        door = DoorUnderTest.over(world);
    }

    @AfterEach
    void stop() {
        door.close();
    }

    @Test
    void aConversationIsThereOnceItIsCreated() {
        Reply reply = door.post(ALL, Map.of("id", "mine", "title", "First", "metadata", Map.of("a", "b")));

        assertThat(reply.status()).isEqualTo(201);
        assertThat(reply.header("Location")).isEqualTo("/api/conversations/mine");
        assertThat(reply.json().path("id").asText()).isEqualTo("mine");
        assertThat(reply.json().path("title").asText()).isEqualTo("First");
        assertThat(reply.json().path("workspaceId").asText()).isEqualTo("default");
        assertThat(reply.json().path("metadata").path("a").asText()).isEqualTo("b");
        assertThat(reply.json().path("createdAt").asText()).isNotBlank();
        JsonNode snapshot = door.get(ALL + "/mine").json();
        assertThat(snapshot.path("title").asText()).isEqualTo("First");
        assertThat(snapshot.path("cursor").asText()).isEqualTo("1");
        assertThat(snapshot.path("messages")).isEmpty();
        assertThat(door.get(ALL).json().path("conversations")).hasSize(1);
    }

    @Test
    void withoutAnIdItGetsOne() {
        Reply one = door.send("POST", ALL, null);
        Reply two = door.post(ALL, "{}");

        assertThat(one.status()).isEqualTo(201);
        assertThat(ConversationKey.isConversationId(one.json().path("id").asText()))
                .isTrue();
        assertThat(two.json().path("id")).isNotEqualTo(one.json().path("id"));
    }

    @ParameterizedTest
    @CsvSource({"false, false", "true, false", "false, true"})
    void createdAgainTheSameWayItIsTheSameEvenAfterARename(boolean forgetful, boolean postgresAway) {
        Map<String, String> request = Map.of("id", "mine", "title", "First");
        Reply first = door.post(ALL, request);
        door.json("PATCH", ALL + "/mine", Map.of("title", "Renamed"));
        if (forgetful) {
            door.feed.forgetful();
        }
        if (postgresAway) {
            door.queries.away();
        }

        Reply again = door.post(ALL, request);
        Reply other = door.post(ALL, Map.of("id", "mine", "title", "Other"));

        assertThat(again.status()).isEqualTo(201);
        assertThat(again.json()).isEqualTo(first.json());
        assertThat(other.status() + " " + other.problem()).isEqualTo("409 conversation_exists:id");
    }

    @Test
    void anIdempotencyKeyMakesTheId() {
        Reply first = door.post(ALL, Map.of("title", "A"), "Idempotency-Key", "k");
        Reply again = door.post(ALL, Map.of("title", "A"), "Idempotency-Key", "k");
        Reply other = door.post(ALL, Map.of("title", "B"), "Idempotency-Key", "k");

        assertThat(again.json()).isEqualTo(first.json());
        assertThat(other.status() + " " + other.problem()).isEqualTo("422 idempotency_conflict");
    }

    @Test
    void nodesThatCreateTheSameIdAtOnceAgreeOnOneConversation() throws Exception {
        try (DoorUnderTest other = DoorUnderTest.over(world);
                ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int round = 0; round < 20; round++) {
                String id = "race-" + round;
                CyclicBarrier start = new CyclicBarrier(4);
                List<Future<Reply>> replies = new ArrayList<>();
                for (int i = 0; i < 4; i++) {
                    DoorUnderTest node = i % 2 == 0 ? door : other;
                    String title = "Title " + i / 2;
                    replies.add(callers.submit(() -> {
                        start.await();
                        return node.post(ALL, Map.of("id", id, "title", title));
                    }));
                }
                List<Integer> statuses = new ArrayList<>();
                for (Future<Reply> reply : replies) {
                    statuses.add(reply.get().status());
                }
                assertThat(statuses).isIn(List.of(201, 201, 409, 409), List.of(409, 409, 201, 201));
            }
        }
    }

    @Test
    void aDeletedConversationsIdIsNotUsedAgain() {
        door.post(ALL, Map.of("id", "mine"));
        assertThat(door.send("DELETE", ALL + "/mine", null).status()).isEqualTo(204);

        assertThat(door.post(ALL, Map.of("id", "mine")).problem()).isEqualTo("conversation_exists:id");
        assertThat(door.get(ALL + "/mine").status()).isEqualTo(410);
        assertThat(door.get(ALL).json().path("conversations")).isEmpty();
        assertThat(door.send("DELETE", ALL + "/mine", null).status()).isEqualTo(204);
    }

    @Test
    void whoeverDeletesWhatAnotherDeletesMeanwhileHasDeleted() {
        ConversationKey conversation = world.conversation("mine");
        door.feed.meanwhile(() -> world.append(conversation, new DeleteConversation(), FakeWorld.call()));

        assertThat(door.send("DELETE", ALL + "/mine", null).status()).isEqualTo(204);
    }

    @Test
    void aRenameAnswersWithTheConversation() {
        door.post(ALL, Map.of("id", "mine", "metadata", Map.of("a", "b")));

        Reply reply = door.json("PATCH", ALL + "/mine", Map.of("title", "Neu: ü"));

        assertThat(reply.status()).isEqualTo(200);
        assertThat(reply.json().path("title").asText()).isEqualTo("Neu: ü");
        assertThat(reply.json().path("metadata").path("a").asText()).isEqualTo("b");
        assertThat(door.get(ALL + "/mine").json().path("title").asText()).isEqualTo("Neu: ü");
    }

    // The read model behind, or away

    @Test
    void whatTheSinkHasYetToWriteIsEmptyFromTheBeginning() {
        door.queries.lagging();
        door.post(ALL, Map.of("id", "mine", "title", "New"));

        JsonNode snapshot = door.get(ALL + "/mine").json();

        assertThat(snapshot.path("title").asText()).isEqualTo("New");
        assertThat(snapshot.path("messages")).isEmpty();
        assertThat(snapshot.path("cursor").asText()).isEqualTo("0");
    }

    @Test
    void whatIsDeletedIsGoneBeforeTheSinkKnows() {
        door.post(ALL, Map.of("id", "mine"));
        door.send("DELETE", ALL + "/mine", null);
        door.queries.lagging();

        assertThat(door.get(ALL + "/mine").problem()).isEqualTo("conversation_deleted");
    }

    @Test
    void withoutPostgresReadingWaitsAndWritingGoesOn() {
        door.post(ALL, Map.of("id", "old"));
        door.queries.away();

        for (String path : List.of(ALL, ALL + "/old", ALL + "/old/messages", ALL + "/old/export")) {
            Reply reply = door.get(path);
            assertThat(reply.status() + " " + reply.problem()).as(path).isEqualTo("503 unavailable");
            assertThat(reply.header("Retry-After")).isNotBlank();
        }
        assertThat(door.post(ALL, Map.of("id", "new")).status()).isEqualTo(201);
        Reply renamed = door.json("PATCH", ALL + "/old", Map.of("title", "T"));
        assertThat(renamed.status()).isEqualTo(200);
        assertThat(renamed.json().path("title").asText()).isEqualTo("T");
        assertThat(door.send("DELETE", ALL + "/old", null).status()).isEqualTo(204);
    }

    @Test
    void withoutKafkaNothingIsCreated() {
        world.kafkaAway();

        Reply reply = door.post(ALL, Map.of("id", "mine"));

        assertThat(reply.status() + " " + reply.problem()).isEqualTo("503 unavailable");
    }

    @Test
    void whatIsNotDecidedInTimeIsSaidToBeOnTheLog() {
        world.pipelineStopped();

        Reply reply = door.post(ALL, Map.of("id", "mine"));

        assertThat(reply.status() + " " + reply.problem()).isEqualTo("503 unavailable");
        assertThat(reply.json().path("detail").asText()).contains("on the log");
    }

    // Exports

    private void converse(String content) {
        door.post(ALL, Map.of("id", "chat", "title", "A chat"));
        door.post(ALL + "/chat/messages", Map.of("content", content), "Prefer", "wait=30");
    }

    @Test
    void anExportIsADownload() {
        door.post(ALL, Map.of("id", ".a:b"));

        Reply reply = door.get(ALL + "/.a:b/export?format=jsonl");

        assertThat(reply.status()).isEqualTo(200);
        assertThat(reply.header("Content-Type")).isEqualTo("application/x-ndjson");
        assertThat(reply.header("Content-Disposition")).isEqualTo("attachment; filename=\"_a_b.jsonl\"");
    }

    @Test
    void jsonAndLinesAndMarkdownHoldTheWholeConversation() throws Exception {
        converse("Über\nzwei Zeilen");

        JsonNode json = door.get(ALL + "/chat/export").json();
        List<String> lines =
                door.get(ALL + "/chat/export?format=jsonl").text().lines().toList();
        String markdown = door.get(ALL + "/chat/export?format=md").text();

        assertThat(json.path("messages").path(0).path("content").asText()).isEqualTo("Über\nzwei Zeilen");
        assertThat(lines).hasSize(2);
        assertThat(DoorUnderTest.MAPPER.readTree(lines.get(1)).path("content").asText())
                .isEqualTo("You said: Über\nzwei Zeilen");
        assertThat(markdown)
                .isEqualTo("# A chat\n\n## You\n\nÜber\nzwei Zeilen\n\n## Assistant\n\nYou said: Über\nzwei Zeilen\n");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "plain | plain",
                "`a,b` | `\"a,b\"`",
                "`say \"hi\"` | `\"say \"\"hi\"\"\"`",
                "`two\nlines` | `\"two\nlines\"`",
                "`=1+1` | `'=1+1`",
                "`+1` | `'+1`",
                "`-1` | `'-1`",
                "`@SUM(A1)` | `'@SUM(A1)`",
                "`=HYPERLINK(\"x\",\"y\")` | `\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\"`"
            })
    void aSpreadsheetTakesNothingForAFormula(String content, String cell) {
        converse(content);

        String csv = door.get(ALL + "/chat/export?format=csv").text();

        assertThat(csv).startsWith("id,turnId,role,status,createdAt,model,content\r\n");
        assertThat(csv).contains("," + cell + "\r\n");
    }

    @Test
    void sequencesOfEventsAreAsTheTopologyMakesThem() {
        converse("x");

        assertThat(world.events(new ConversationKey("default", "chat")).stream().map(ConversationEvent::getSequence))
                .containsExactly(1L, 2L, 3L, 4L);
    }
}
