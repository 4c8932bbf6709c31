package dev.parley.ingest.protocol.mcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.chat.v1.CancelTurn;
import dev.parley.chat.v1.CreateConversation;
import dev.parley.chat.v1.Passage;
import dev.parley.chat.v1.Source;
import dev.parley.chat.v1.SubmitMessage;
import dev.parley.ingest.DoorUnderTest;
import dev.parley.ingest.DoorUnderTest.Reply;
import dev.parley.ingest.FakeWorld;
import dev.parley.ingest.FakeWorld.Answer;
import dev.parley.ingest.http.RawConnection;
import dev.parley.schemas.ErrorCode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class McpCallsTest {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String SESSION = McpCalls.SESSION;
    private static final String STREAM = "application/json, text/event-stream";

    private DoorUnderTest door = DoorUnderTest.start();
    private String session = "";

    @BeforeEach
    void begin() {
        session = door.post("/mcp", message(0, "initialize", Map.of("protocolVersion", "2025-11-25")))
                .header(SESSION);
    }

    @AfterEach
    void stop() {
        door.close();
    }

    private static Map<String, Object> message(Object id, String method, Map<String, ?> params) {
        return Map.of("jsonrpc", "2.0", "id", id, "method", method, "params", params);
    }

    private static Map<String, Object> call(Object id, String tool, Map<String, ?> arguments) {
        return message(id, "tools/call", Map.of("name", tool, "arguments", arguments));
    }

    private Reply send(Object message, String... headers) {
        String[] all = new String[headers.length + 2];
        all[0] = SESSION;
        all[1] = session;
        System.arraycopy(headers, 0, all, 2, headers.length);
        return door.post("/mcp", message, all);
    }

    private static List<JsonNode> events(Reply reply) {
        assertThat(reply.header("Content-Type")).startsWith("text/event-stream");
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

    private List<SubmitMessage> asked() {
        return door.world.commands().stream()
                .map(FakeWorld.Appended::body)
                .filter(SubmitMessage.class::isInstance)
                .map(SubmitMessage.class::cast)
                .toList();
    }

    private boolean isStopped() {
        return door.world.commands().stream().anyMatch(command -> command.body() instanceof CancelTurn);
    }

    @ParameterizedTest
    @CsvSource({"2025-11-25, 2025-11-25", "2025-06-18, 2025-06-18", "2025-03-26, 2025-03-26", "2099-01-01, 2025-11-25"})
    void theRevisionIsTheClientsWhereItIsSpokenHere(String wanted, String agreed) {
        Reply reply = door.post("/mcp", message("x", "initialize", Map.of("protocolVersion", wanted)));

        assertThat(reply.json().path("id").asText()).isEqualTo("x");
        assertThat(reply.json().at("/result/protocolVersion").asText()).isEqualTo(agreed);
        assertThat(reply.json().at("/result/serverInfo/name").asText()).isEqualTo("parley");
        assertThat(reply.json().at("/result/capabilities/tools").isObject()).isTrue();
        assertThat(reply.header(SESSION)).isNotEmpty().isNotEqualTo(session);
    }

    @Test
    void aSessionIsAnsweredUntilItEnds() {
        assertThat(send(message(1, "ping", Map.of())).text()).isEqualTo("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}");
        assertThat(send(Map.of("jsonrpc", "2.0", "method", "notifications/initialized"))
                        .status())
                .isEqualTo(202);
        assertThat(send(Map.of("jsonrpc", "2.0", "id", 3, "result", Map.of())).status())
                .isEqualTo(202);
        assertThat(door.post("/mcp", message(1, "ping", Map.of())).status()).isEqualTo(400);
        assertThat(door.send("DELETE", "/mcp", null, SESSION, session).status()).isEqualTo(204);
        Reply ended = send(message(2, "ping", Map.of()));
        assertThat(ended.status()).isEqualTo(404);
        assertThat(ended.json().at("/error/data/code").asText()).isEqualTo("not_found");
        assertThat(door.get("/mcp").status()).isEqualTo(405);
    }

    @Test
    void whatIsNoMessageIsAnError() {
        assertThat(send("{").json().at("/error/code").asInt()).isEqualTo(-32_700);
        assertThat(send("[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}]").status())
                .isEqualTo(400);
        assertThat(send(Map.of("id", 1, "method", "ping"))
                        .json()
                        .at("/error/code")
                        .asInt())
                .isEqualTo(-32_600);
        assertThat(send(message(Map.of(), "ping", Map.of())).status()).isEqualTo(400);
        assertThat(send(message(1, "resources/list", Map.of()))
                        .json()
                        .at("/error/code")
                        .asInt())
                .isEqualTo(-32_601);
        assertThat(send(message(1, "tools/list", Map.of("cursor", "x")))
                        .json()
                        .at("/error/code")
                        .asInt())
                .isEqualTo(-32_602);
        assertThat(send(call(1, "none", Map.of())).json().at("/error/code").asInt())
                .isEqualTo(-32_602);
        assertThat(send(message(1, "ping", Map.of()), "MCP-Protocol-Version", "2026-07-28")
                        .status())
                .isEqualTo(400);
        assertThat(send(message(1, "ping", Map.of()), "MCP-Protocol-Version", "2025-06-18")
                        .status())
                .isEqualTo(200);
    }

    @Test
    void theToolsSayWhatTheyTakeAndGive() {
        JsonNode tools = send(message(1, "tools/list", Map.of())).json().at("/result/tools");

        assertThat(tools)
                .extracting(tool -> tool.path("name").asText())
                .containsExactlyInAnyOrder("search_workspace", "read_conversation", "ask");
        for (JsonNode tool : tools) {
            assertThat(tool.path("description").asText()).isNotBlank();
            assertThat(tool.at("/inputSchema/type").asText()).isEqualTo("object");
            assertThat(tool.at("/outputSchema/type").asText()).isEqualTo("object");
        }
    }

    @Test
    void aWorkspaceIsSearched() {
        door.searches.finds(List.of(
                new Passage(new Source("b.md#0", "Bees", "https://example.com/b", 1.0), "Bees are yellow."),
                new Passage(new Source("c.md#3", "C", null, 0.5), "Bees sting.")));

        JsonNode result = send(call(1, "search_workspace", Map.of("query", "bees", "workspace", "w", "limit", 2)))
                .json()
                .path("result");

        assertThat(result.at("/structuredContent/results/0/text").asText()).isEqualTo("Bees are yellow.");
        assertThat(result.at("/structuredContent/results/1").has("uri")).isFalse();
        assertThat(result.at("/content/0/text").asText())
                .contains("Bees are yellow.")
                .contains("https://example.com/b")
                .contains("Bees sting.");
    }

    @Test
    void aQuestionIsAnsweredAndGoneOnWith() {
        JsonNode first = send(call(1, "ask", Map.of("question", "Why?"))).json().path("result");
        String conversation = first.at("/structuredContent/conversation").asText();

        assertThat(first.at("/structuredContent/answer").asText()).isEqualTo("You said: Why?");
        assertThat(first.at("/content/0/text").asText()).isEqualTo("You said: Why?");
        assertThat(first.at("/content/1/text").asText()).contains(conversation);
        JsonNode again = send(call(1, "ask", Map.of("question", "Why?"))).json().path("result");
        assertThat(again).isEqualTo(first);
        assertThat(door.world.conversations()).hasSize(1);

        send(call(2, "ask", Map.of("question", "And?", "conversation", conversation)));
        JsonNode read = send(call(3, "read_conversation", Map.of("conversation", conversation, "limit", 3)))
                .json()
                .path("result");
        assertThat(read.at("/structuredContent/earlier").asInt()).isEqualTo(1);
        assertThat(read.at("/structuredContent/messages"))
                .extracting(message -> message.path("content").asText())
                .containsExactly("You said: Why?", "And?", "You said: And?");
        assertThat(read.at("/content/0/text").asText()).contains("assistant (completed): You said: And?");
    }

    @Test
    void aConversationBeginsInTheWorkspaceThatIsNamed() {
        send(call(1, "ask", Map.of("question", "Why?", "workspace", "w", "engine", "e", "intent", "i")));

        assertThat(door.world.commands().getFirst().body())
                .isInstanceOfSatisfying(
                        CreateConversation.class,
                        create -> assertThat(create.getWorkspaceId()).isEqualTo("w"));
        assertThat(asked().getFirst().getEngine()).isEqualTo("e");
        assertThat(asked().getFirst().getIntent()).isEqualTo("i");
    }

    @Test
    void progressIsToldToWhoWantsToKnow() {
        Map<String, Object> asking =
                new HashMap<>(Map.of("name", "ask", "arguments", Map.of("question", "y".repeat(99))));
        List<JsonNode> quiet = events(send(message(1, "tools/call", asking), "Accept", STREAM));
        asking.put("_meta", Map.of("progressToken", "p"));
        List<JsonNode> told = events(send(message(2, "tools/call", asking), "Accept", STREAM));

        assertThat(quiet).hasSize(1);
        assertThat(told.getLast().at("/result/structuredContent/answer").asText())
                .startsWith("You said: y");
        assertThat(told.getLast().path("id").asInt()).isEqualTo(2);
        double last = 0;
        for (JsonNode progress : told.subList(0, told.size() - 1)) {
            assertThat(progress.path("method").asText()).isEqualTo("notifications/progress");
            assertThat(progress.at("/params/progressToken").asText()).isEqualTo("p");
            assertThat(progress.at("/params/progress").asDouble()).isGreaterThan(last);
            last = progress.at("/params/progress").asDouble();
        }
        assertThat(told).hasSizeGreaterThan(2);
    }

    @Test
    void whatGoesWrongIsAResultThatSaysSo() {
        assertThat(failure(call(1, "ask", Map.of()))).isEqualTo("params.arguments.question is required");
        assertThat(failure(call(1, "ask", Map.of("question", "x", "onBusy", "reject"))))
                .contains("onBusy is not a field");
        assertThat(failure(call(1, "ask", Map.of("question", "x", "conversation", "none"))))
                .contains("there is no conversation");
        assertThat(failure(call(1, "ask", Map.of("question", "x", "conversation", "c", "workspace", "w"))))
                .contains("workspace");
        assertThat(failure(call(1, "search_workspace", Map.of("query", " ")))).contains("query");
        assertThat(failure(call(1, "search_workspace", Map.of("query", "x", "limit", 99))))
                .contains("limit");
        assertThat(failure(call(1, "read_conversation", Map.of("conversation", "a b"))))
                .contains("conversation");
        assertThat(failure(call(1, "read_conversation", Map.of("conversation", "none"))))
                .contains("there is no conversation");
        door.world.fail(ErrorCode.ENGINE_ERROR);
        assertThat(failure(call(5, "ask", Map.of("question", "x"))))
                .contains("it broke")
                .contains("engine_error");
        door.world.answer(Answer.CANCEL);
        assertThat(failure(call(6, "ask", Map.of("question", "x")))).contains("stopped");
        door.world.reject(ErrorCode.QUEUE_FULL);
        assertThat(failure(call(7, "ask", Map.of("question", "x")))).contains("not now");
    }

    private String failure(Map<String, Object> call) {
        Reply reply = send(call);
        assertThat(reply.status()).as(reply.text()).isEqualTo(200);
        assertThat(reply.json().at("/result/isError").asBoolean())
                .as(reply.text())
                .isTrue();
        return reply.json().at("/result/content/0/text").asText();
    }

    private RawConnection asking(Object id) {
        door.world.answer(Answer.NEVER);
        String body =
                "{\"jsonrpc\": \"2.0\", \"id\": " + id + ", \"method\": \"tools/call\", \"params\": {\"name\": \"ask\","
                        + " \"arguments\": {\"question\": \"Why?\"}, \"_meta\": {\"progressToken\": 1}}}";
        RawConnection connection = door.connect();
        connection.send("POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAccept: " + STREAM
                + "\r\n" + SESSION + ": " + session + "\r\nContent-Length: " + body.length() + "\r\n\r\n" + body);
        connection.readUntil("notifications/progress");
        return connection;
    }

    @Test
    void aRequestThatIsCancelledStopsItsTurnAndIsNotAnswered() {
        try (RawConnection asking = asking(7)) {
            send(Map.of("jsonrpc", "2.0", "method", "notifications/cancelled", "params", Map.of("requestId", 8)));
            assertThat(isStopped()).isFalse();
            send(Map.of("jsonrpc", "2.0", "method", "notifications/cancelled", "params", Map.of("requestId", 7)));

            assertThat(isStopped()).isTrue();
            assertThat(asking.readUntil("0\r\n\r\n")).doesNotContain("\"result\"");
        }
    }

    /** As after a cut, of which nothing shows here yet. */
    @Test
    void theSameRequestOnceMoreMeetsTheSameTurnAndBothAreCancelled() {
        try (RawConnection first = asking(7);
                RawConnection again = asking(7)) {
            assertThat(asked()).hasSize(1);
            assertThat(failure(call(7, "ask", Map.of("question", "Another?")))).contains("used for another message");

            send(Map.of("jsonrpc", "2.0", "method", "notifications/cancelled", "params", Map.of("requestId", 7)));

            assertThat(isStopped()).isTrue();
            assertThat(first.readUntil("0\r\n\r\n")).doesNotContain("\"result\"");
            assertThat(again.readUntil("0\r\n\r\n")).doesNotContain("\"result\"");
        }
    }

    @Test
    void endingASessionStopsWhatIsUnderWayInIt() {
        try (RawConnection asking = asking(7)) {
            door.send("DELETE", "/mcp", null, SESSION, session);

            assertThat(isStopped()).isTrue();
        }
    }

    @Test
    void leavingStopsNothing() {
        asking(7).close();
        asking(8).close();

        await().atMost(PATIENCE).until(() -> asked().size() == 2);
        assertThat(isStopped()).isFalse();
    }

    @Test
    void anotherTenantsRequestsAreItsOwn() {
        door.close();
        door = new DoorUnderTest(new FakeWorld(), Map.of("PARLEY_API_KEYS", "one=key-number-one,two=key-number-two"));
        assertThat(send(message(1, "ping", Map.of())).status()).isEqualTo(401);
        JsonNode mine = send(call(1, "ask", Map.of("question", "Why?")), "Authorization", "Bearer key-number-one")
                .json();
        String conversation = mine.at("/result/structuredContent/conversation").asText();

        Reply theirs = send(
                call(2, "read_conversation", Map.of("conversation", conversation)),
                "Authorization",
                "Bearer key-number-two");

        assertThat(theirs.json().at("/result/isError").asBoolean()).isTrue();
    }
}
