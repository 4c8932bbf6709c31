package dev.parley.ingest.contract;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.chat.v1.Passage;
import dev.parley.chat.v1.Source;
import dev.parley.ingest.DoorUnderTest;
import dev.parley.ingest.DoorUnderTest.Reply;
import dev.parley.ingest.FakeWorld;
import dev.parley.ingest.FakeWorld.Answer;
import dev.parley.ingest.documents.Documents;
import dev.parley.ingest.door.Question;
import dev.parley.ingest.http.Admission;
import dev.parley.ingest.http.ProblemException;
import dev.parley.schemas.ErrorCode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Holds the OpenAPI document against the server that publishes it. */
class OpenApiTest {

    private static final String KEY = "key-of-default";
    private static final Map<String, String> KEYED = Map.of("PARLEY_API_KEYS", KEY);
    private static final String HERE = "/api/conversations/c";
    private static final String BRANCH = HERE + "/branch";
    private static final Map<String, ?> ASKED = Map.of("messageId", "m");

    @SuppressWarnings("NullAway.Init")
    private static PublishedOpenApi openApi;

    /** For what changes nothing that another test would mind. */
    @SuppressWarnings("NullAway.Init")
    private static DoorUnderTest shared;

    @BeforeAll
    static void start() {
        shared = withMessage(Map.of());
        openApi = new PublishedOpenApi(shared.get("/openapi.yaml").text());
    }

    @AfterAll
    static void stop() {
        shared.close();
    }

    /** A server that has conversation {@code c} with message {@code m}. */
    private static DoorUnderTest withMessage(Map<String, String> settings) {
        FakeWorld world = new FakeWorld();
        world.conversation("c");
        DoorUnderTest door = new DoorUnderTest(world, settings);
        door.post(HERE + "/messages", Map.of("messageId", "m", "content", "Hello"), "x-api-key", KEY);
        return door;
    }

    /** What came back, of a stream its beginning. */
    record Answered(int status, HttpHeaders headers, String body) {
        Answered(Reply reply) {
            this(reply.status(), reply.response().headers(), reply.text());
        }
    }

    /** One call, of a server of its own. */
    record Row(String operation, int status, Map<String, String> settings, Function<DoorUnderTest, Answered> call) {

        Row(String operation, int status, Function<DoorUnderTest, Reply> call) {
            this(operation, status, Map.of(), door -> new Answered(call.apply(door)));
        }

        /** The same operation where a key is needed and none is sent. */
        static Row withoutKey(String operation, Function<DoorUnderTest, Reply> call) {
            return new Row(operation, 401, KEYED, door -> new Answered(call.apply(door)));
        }

        /** A stream of which the first events are read: it has no end of its own. */
        static Row stream(String operation, String path) {
            return new Row(operation, 200, Map.of(), door -> opened(door, path, null, 1));
        }

        /** The same operation with a ticket, which {@code path} ends with. */
        static Row withTicket(String operation, String path) {
            return new Row(operation, 200, KEYED, door -> opened(door, path + ticket(door), null, 1));
        }

        @Override
        public String toString() {
            return operation + " " + status;
        }
    }

    /** The first {@code events} of a stream. */
    private static Answered opened(DoorUnderTest door, String path, @Nullable Object body, int events) {
        HttpRequest.Builder request = HttpRequest.newBuilder(door.url().resolve(path));
        try (HttpClient client = HttpClient.newHttpClient()) {
            if (body != null) {
                request.header("Content-Type", "application/json")
                        .POST(BodyPublishers.ofByteArray(DoorUnderTest.MAPPER.writeValueAsBytes(body)));
            }
            HttpResponse<InputStream> response = client.send(request.build(), BodyHandlers.ofInputStream());
            StringBuilder beginning = new StringBuilder();
            try (BufferedReader lines =
                    new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8))) {
                for (int left = events; left > 0; ) {
                    @Nullable String line = lines.readLine();
                    if (line == null) {
                        throw new IllegalStateException("the stream has ended: " + beginning);
                    }
                    beginning.append(line).append('\n');
                    left -= line.isEmpty() ? 1 : 0;
                }
            }
            return new Answered(response.statusCode(), response.headers(), beginning.toString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private static Reply patch(DoorUnderTest door, String path, Object body) {
        return door.json("PATCH", path, body);
    }

    private static Reply put(DoorUnderTest door, String path, Object body) {
        return door.json("PUT", path, body);
    }

    private static Reply post(DoorUnderTest door, String path) {
        return door.send("POST", path, null);
    }

    private static Reply plain(DoorUnderTest door, String method, String path) {
        return door.send(method, path, "hello".getBytes(StandardCharsets.UTF_8), "Content-Type", "text/plain");
    }

    private static DoorUnderTest deleted(DoorUnderTest door) {
        door.send("DELETE", HERE, null);
        return door;
    }

    private static DoorUnderTest answering(DoorUnderTest door, Answer answer) {
        door.world.answer(answer);
        return door;
    }

    private static DoorUnderTest failing(DoorUnderTest door, ErrorCode reason) {
        door.world.fail(reason);
        return door;
    }

    private static DoorUnderTest rejecting(DoorUnderTest door, ErrorCode reason) {
        door.world.reject(reason);
        return door;
    }

    private static DoorUnderTest withoutKafka(DoorUnderTest door) {
        door.world.kafkaAway();
        return door;
    }

    private static DoorUnderTest withoutPostgres(DoorUnderTest door) {
        door.queries.away();
        return door;
    }

    private static final Map<String, String> SAYING = Map.of("content", "x");
    private static final Map<String, String> TITLED = Map.of("title", "x");
    private static final Map<String, String> LOUD = Map.of("content", "x".repeat(Question.MAX_CONTENT_BYTES + 1));
    private static final String WAITING = "wait=20";

    static Stream<Row> rows() {
        return Stream.of(
                        nativeRows(), documentRows(), openAiRows(), anthropicRows(), aiSdkRows(), agUiRows(), mcpRows())
                .flatMap(any -> any);
    }

    private static Stream<Row> nativeRows() {
        return Stream.of(
                new Row("createConversation", 201, door -> door.post("/api/conversations", Map.of("id", "d"))),
                new Row("createConversation", 201, door -> post(door, "/api/conversations")),
                new Row("createConversation", 400, door -> door.post("/api/conversations", "{")),
                Row.withoutKey("createConversation", door -> post(door, "/api/conversations")),
                new Row("createConversation", 403, door -> door.post("/api/conversations", TITLED, "Origin", "null")),
                new Row(
                        "createConversation",
                        409,
                        door -> door.post("/api/conversations", Map.of("id", "c", "title", "other"))),
                new Row(
                        "createConversation",
                        413,
                        door -> door.post("/api/conversations", Map.of("title", "x".repeat(801)))),
                new Row("createConversation", 415, door -> plain(door, "POST", "/api/conversations")),
                new Row("createConversation", 422, door -> {
                    door.post("/api/conversations", TITLED, "Idempotency-Key", "k");
                    return door.post("/api/conversations", Map.of(), "Idempotency-Key", "k");
                }),
                new Row("createConversation", 503, door -> post(withoutKafka(door), "/api/conversations")),
                new Row("listConversations", 200, door -> door.get("/api/conversations?limit=1")),
                new Row("listConversations", 400, door -> door.get("/api/conversations?before=x")),
                Row.withoutKey("listConversations", door -> door.get("/api/conversations")),
                new Row("listConversations", 503, door -> withoutPostgres(door).get("/api/conversations")),
                new Row("getConversation", 200, door -> door.get(HERE)),
                new Row("getConversation", 400, door -> door.get("/api/conversations/a%20b")),
                Row.withoutKey("getConversation", door -> door.get(HERE)),
                new Row("getConversation", 404, door -> door.get("/api/conversations/none")),
                new Row("getConversation", 410, door -> deleted(door).get(HERE)),
                new Row("getConversation", 503, door -> withoutPostgres(door).get(HERE)),
                new Row("renameConversation", 200, door -> patch(door, HERE, TITLED)),
                new Row("renameConversation", 200, door -> patch(withoutPostgres(door), HERE, TITLED)),
                new Row("renameConversation", 400, door -> patch(door, HERE, Map.of())),
                Row.withoutKey("renameConversation", door -> patch(door, HERE, TITLED)),
                new Row("renameConversation", 404, door -> patch(door, "/api/conversations/none", TITLED)),
                new Row("renameConversation", 410, door -> patch(deleted(door), HERE, TITLED)),
                new Row("renameConversation", 413, door -> patch(door, HERE, Map.of("title", "x".repeat(801)))),
                new Row("renameConversation", 415, door -> plain(door, "PATCH", HERE)),
                new Row("renameConversation", 503, door -> patch(withoutKafka(door), HERE, TITLED)),
                new Row("getConversation", 200, door -> door.get(HERE + "?branches=all")),
                new Row("getConversation", 400, door -> door.get(HERE + "?branches=some")),
                new Row("switchBranch", 200, door -> put(door, BRANCH, ASKED)),
                new Row("switchBranch", 400, door -> put(door, BRANCH, Map.of())),
                Row.withoutKey("switchBranch", door -> put(door, BRANCH, ASKED)),
                new Row("switchBranch", 404, door -> put(door, BRANCH, Map.of("messageId", "none"))),
                new Row("switchBranch", 409, door -> {
                    answering(door, Answer.NEVER).post(HERE + "/messages", SAYING);
                    return put(door, BRANCH, ASKED);
                }),
                new Row("switchBranch", 410, door -> put(deleted(door), BRANCH, ASKED)),
                new Row("switchBranch", 413, door -> put(door, BRANCH, Map.of("messageId", "x".repeat(3 << 20)))),
                new Row("switchBranch", 415, door -> plain(door, "PUT", BRANCH)),
                new Row("switchBranch", 503, door -> put(withoutKafka(door), BRANCH, ASKED)),
                new Row("deleteConversation", 204, door -> door.send("DELETE", HERE, null)),
                new Row("deleteConversation", 204, door -> deleted(door).send("DELETE", HERE, null)),
                new Row("deleteConversation", 404, door -> door.send("DELETE", "/api/conversations/none", null)),
                new Row("deleteConversation", 503, door -> withoutKafka(door).send("DELETE", HERE, null)),
                new Row("exportConversation", 200, door -> door.get(HERE + "/export")),
                new Row("exportConversation", 200, door -> door.get(HERE + "/export?format=jsonl")),
                new Row("exportConversation", 200, door -> door.get(HERE + "/export?format=csv")),
                new Row("exportConversation", 200, door -> door.get(HERE + "/export?format=md")),
                new Row("exportConversation", 400, door -> door.get(HERE + "/export?format=pdf")),
                new Row("exportConversation", 404, door -> door.get("/api/conversations/none/export")),
                new Row("exportConversation", 410, door -> deleted(door).get(HERE + "/export")),
                new Row("submitMessage", 202, door -> door.post(HERE + "/messages", SAYING)),
                new Row("submitMessage", 200, door -> door.post(HERE + "/messages", SAYING, "Prefer", WAITING)),
                new Row(
                        "submitMessage",
                        200,
                        door -> answering(door, Answer.FAIL).post(HERE + "/messages", SAYING, "Prefer", WAITING)),
                new Row(
                        "submitMessage",
                        200,
                        door -> answering(door, Answer.CANCEL).post(HERE + "/messages", SAYING, "Prefer", WAITING)),
                new Row("submitMessage", 400, door -> door.post(HERE + "/messages", Map.of("content", " "))),
                Row.withoutKey("submitMessage", door -> door.post(HERE + "/messages", SAYING)),
                new Row("submitMessage", 404, door -> door.post("/api/conversations/none/messages", SAYING)),
                new Row(
                        "submitMessage",
                        409,
                        door -> answering(door, Answer.REJECT).post(HERE + "/messages", SAYING, "Prefer", WAITING)),
                new Row("submitMessage", 410, door -> deleted(door).post(HERE + "/messages", SAYING)),
                new Row("submitMessage", 413, door -> door.post(HERE + "/messages", LOUD)),
                new Row("submitMessage", 415, door -> plain(door, "POST", HERE + "/messages")),
                new Row(
                        "submitMessage",
                        422,
                        door -> door.post(HERE + "/messages", Map.of("messageId", "m", "content", "other"))),
                new Row("submitMessage", 503, door -> withoutKafka(door).post(HERE + "/messages", SAYING)),
                new Row("listMessages", 200, door -> door.get(HERE + "/messages")),
                new Row("listMessages", 404, door -> door.get("/api/conversations/none/messages")),
                new Row("listMessages", 410, door -> deleted(door).get(HERE + "/messages")),
                new Row(
                        "regenerateMessage",
                        202,
                        door -> post(door, HERE + "/messages/" + answer(door) + "/regenerate")),
                new Row(
                        "regenerateMessage",
                        400,
                        door -> door.post(HERE + "/messages/m/regenerate", Map.of("onBusy", "wait"))),
                new Row("regenerateMessage", 404, door -> post(door, HERE + "/messages/none/regenerate")),
                new Row("regenerateMessage", 410, door -> post(deleted(door), HERE + "/messages/m/regenerate")),
                new Row("regenerateMessage", 415, door -> plain(door, "POST", HERE + "/messages/m/regenerate")),
                new Row("rateMessage", 202, door -> door.post(HERE + "/messages/m/feedback", Map.of("rating", 5))),
                new Row("rateMessage", 400, door -> door.post(HERE + "/messages/m/feedback", Map.of("rating", 6))),
                new Row(
                        "rateMessage",
                        404,
                        door -> door.post(HERE + "/messages/none/feedback", Map.of("rating", "up"))),
                new Row(
                        "rateMessage",
                        410,
                        door -> deleted(door).post(HERE + "/messages/m/feedback", Map.of("rating", "up"))),
                new Row(
                        "rateMessage",
                        413,
                        door -> door.post(
                                HERE + "/messages/m/feedback", Map.of("rating", "up", "comment", "x".repeat(16385)))),
                new Row("cancelTurn", 202, door -> post(door, HERE + "/cancel")),
                new Row("cancelTurn", 400, door -> door.post(HERE + "/cancel", Map.of("turnId", "a b"))),
                new Row("cancelTurn", 403, door -> door.post(HERE + "/cancel", Map.of(), "Origin", "http://a.example")),
                new Row("cancelTurn", 404, door -> post(door, "/api/conversations/none/cancel")),
                new Row("cancelTurn", 415, door -> plain(door, "POST", HERE + "/cancel")),
                Row.stream("streamConversation", HERE + "/events"),
                Row.withTicket("streamConversation", HERE + "/events?ticket="),
                new Row("streamConversation", 401, KEYED, door -> {
                    String path = HERE + "/events?ticket=" + ticket(door);
                    opened(door, path, null, 1);
                    return new Answered(door.get(path));
                }),
                new Row("streamConversation", 400, door -> door.get(HERE + "/events?cursor=x")),
                Row.withoutKey("streamConversation", door -> door.get(HERE + "/events")),
                new Row("streamConversation", 404, door -> door.get("/api/conversations/none/events")),
                new Row("streamConversation", 410, door -> deleted(door).get(HERE + "/events")),
                Row.stream("streamAll", "/api/events"),
                Row.withTicket("streamAll", "/api/events?ticket="),
                new Row("streamAll", 400, door -> door.get("/api/events", "Last-Event-ID", "x")),
                Row.withoutKey("streamAll", door -> door.get("/api/events")),
                new Row("createTicket", 201, door -> post(door, "/api/tickets")),
                Row.withoutKey("createTicket", door -> post(door, "/api/tickets")),
                new Row("createTicket", 403, door -> door.send("POST", "/api/tickets", null, "Origin", "null")),
                new Row("isLive", 200, door -> door.get("/health/live")),
                new Row("isReady", 200, door -> door.get("/health/ready")),
                new Row("readMetrics", 200, door -> door.get("/metrics")),
                new Row("readOpenApi", 200, door -> door.get("/openapi.yaml")),
                new Row("readAsyncApi", 200, door -> door.get("/asyncapi.yaml")));
    }

    private static final String DOCUMENT = "/api/workspaces/w/documents/a/b.md";

    private static Reply put(DoorUnderTest door, String path, String text, String... headers) {
        return door.send("PUT", path, text.getBytes(StandardCharsets.UTF_8), headers);
    }

    private static Reply keep(DoorUnderTest door, String query, String... headers) {
        return door.send("POST", "/api/files" + query, "words".getBytes(StandardCharsets.UTF_8), headers);
    }

    private static DoorUnderTest withDocument(DoorUnderTest door) {
        put(door, DOCUMENT + "?uri=https://example.com/b", "# B");
        return door;
    }

    private static DoorUnderTest withoutDocuments(DoorUnderTest door) {
        withDocument(door).documents.postgresAway();
        return door;
    }

    private static final String SEARCH = "/api/workspaces/w/search";
    private static final int MAX_QUERY_CHARS = 4_000;
    private static final Map<String, String> ASKING = Map.of("query", "bees");

    private static DoorUnderTest finding(DoorUnderTest door) {
        door.searches.finds(List.of(
                new Passage(new Source("b.md#0", "B › Bees", "https://example.com/b", 1.0), "Bees are yellow."),
                new Passage(new Source("c.md#3", "C", null, 0.5), "Bees sting.")));
        return door;
    }

    private static Stream<Row> documentRows() {
        return Stream.of(
                new Row("putDocument", 201, door -> put(door, DOCUMENT, "# B")),
                new Row("putDocument", 200, door -> put(withDocument(door), DOCUMENT, "# C")),
                new Row(
                        "putDocument",
                        200,
                        door -> put(withDocument(door), DOCUMENT + "?uri=https://example.com/b", "# B")),
                new Row("putDocument", 400, door -> put(door, DOCUMENT + "?uri=javascript:x", "# B")),
                Row.withoutKey("putDocument", door -> put(door, DOCUMENT, "# B")),
                new Row("putDocument", 403, door -> put(door, DOCUMENT, "# B", "Origin", "null")),
                new Row("putDocument", 413, door -> put(door, DOCUMENT, "x".repeat(Documents.MAX_TEXT_BYTES + 1))),
                new Row("putDocument", 415, door -> put(door, DOCUMENT, "# B", "Content-Type", "image/png")),
                new Row("putDocument", 422, door -> put(door, DOCUMENT, " ")),
                new Row("putDocument", 422, door -> put(door, DOCUMENT, "a\u0000b")),
                new Row("putDocument", 503, door -> {
                    door.documents.kafkaAway();
                    return put(door, DOCUMENT, "# B");
                }),
                new Row("keepFile", 201, door -> keep(door, "?name=a.txt")),
                new Row("keepFile", 400, door -> keep(door, "?title=a")),
                new Row("keepFile", 403, door -> keep(door, "", "Origin", "null")),
                new Row("keepFile", 415, door -> keep(door, "", "Content-Type", "image/png")),
                new Row("keepFile", 503, door -> {
                    door.files.kafkaAway();
                    return keep(door, "");
                }),
                new Row(
                        "getFile",
                        200,
                        door -> door.get(keep(door, "").json().path("url").asText())),
                new Row("getFile", 404, door -> door.get("/api/files/file-1")),
                new Row("getDocument", 200, door -> withDocument(door).get(DOCUMENT)),
                new Row("getDocument", 400, door -> door.get("/api/workspaces/a%20b/documents/c")),
                Row.withoutKey("getDocument", door -> door.get(DOCUMENT)),
                new Row("getDocument", 404, door -> door.get(DOCUMENT)),
                new Row("getDocument", 503, door -> withoutDocuments(door).get(DOCUMENT)),
                new Row("deleteDocument", 204, door -> door.send("DELETE", DOCUMENT, null)),
                new Row("deleteDocument", 400, door -> door.send("DELETE", DOCUMENT + "%00", null)),
                Row.withoutKey("deleteDocument", door -> door.send("DELETE", DOCUMENT, null)),
                new Row("deleteDocument", 403, door -> door.send("DELETE", DOCUMENT, null, "Origin", "null")),
                new Row("deleteDocument", 503, door -> {
                    door.documents.kafkaAway();
                    return door.send("DELETE", DOCUMENT, null);
                }),
                new Row("listDocuments", 200, door -> door.get("/api/workspaces/w/documents")),
                new Row("listDocuments", 200, door -> {
                    put(door, DOCUMENT + ".txt", "text");
                    return withDocument(door).get("/api/workspaces/w/documents?limit=1");
                }),
                new Row("listDocuments", 400, door -> door.get("/api/workspaces/w/documents?limit=0")),
                Row.withoutKey("listDocuments", door -> door.get("/api/workspaces/w/documents")),
                new Row("listDocuments", 503, door -> withoutDocuments(door).get("/api/workspaces/w/documents")),
                new Row("searchWorkspace", 200, door -> finding(door).post(SEARCH, Map.of("query", "bees", "k", 1))),
                new Row("searchWorkspace", 200, door -> door.post(SEARCH, ASKING)),
                new Row("searchWorkspace", 400, door -> door.post(SEARCH, Map.of("query", " "))),
                new Row("searchWorkspace", 400, door -> door.post(SEARCH, Map.of("query", "bees", "k", 51))),
                Row.withoutKey("searchWorkspace", door -> door.post(SEARCH, ASKING)),
                new Row("searchWorkspace", 403, door -> door.post(SEARCH, ASKING, "Origin", "null")),
                new Row(
                        "searchWorkspace",
                        413,
                        door -> door.post(SEARCH, Map.of("query", "x".repeat(4 * MAX_QUERY_CHARS + 1)))),
                new Row("searchWorkspace", 415, door -> plain(door, "POST", SEARCH)),
                new Row("searchWorkspace", 503, door -> {
                    door.searches.away();
                    return door.post(SEARCH, ASKING);
                }));
    }

    private static String answer(DoorUnderTest door) {
        return door.get(HERE + "/messages").json().at("/messages/1/id").asText();
    }

    private static String ticket(DoorUnderTest door) {
        return door.send("POST", "/api/tickets", null, "x-api-key", KEY)
                .json()
                .path("ticket")
                .asText();
    }

    private static Map<String, Object> with(Map<String, ?> body, String field, Object value) {
        Map<String, Object> more = new HashMap<>(body);
        more.put(field, value);
        return more;
    }

    private static final String COMPLETIONS = "/v1/chat/completions";
    private static final String RESPONSES = "/v1/responses";
    private static final Map<String, ?> COMPLETION =
            Map.of("model", "default", "messages", List.of(Map.of("role", "user", "content", "Hello")));
    private static final Map<String, ?> RESPONSE = Map.of("input", "Hello");

    /** A response's number in the text of its first attempt, where no thoughts come before. */
    private static final long IN_THE_TEXT = (1L << 27) + 6;

    /** A response's number in the range of a second attempt, which no answer here has. */
    private static final long OF_ANOTHER_ATTEMPT = (1L << 29) + 2;

    private static Stream<Row> openAiRows() {
        Map<String, ?> huge = Map.of("model", "x".repeat(Admission.MAX_BODY_BYTES));
        Stream<Row> completions = Stream.of(
                new Row("createChatCompletion", 200, door -> door.post(COMPLETIONS, COMPLETION)),
                new Row(
                        "createChatCompletion",
                        200,
                        door -> door.post(COMPLETIONS, with(COMPLETION, "stream", true), "Idempotency-Key", "k")),
                new Row(
                        "createChatCompletion",
                        200,
                        door -> door.post(
                                COMPLETIONS,
                                with(
                                        with(COMPLETION, "stream", true),
                                        "stream_options",
                                        Map.of("include_usage", true)))),
                new Row(
                        "createChatCompletion",
                        502,
                        door -> failing(door, ErrorCode.ENGINE_ERROR)
                                .post(COMPLETIONS, with(COMPLETION, "stream", true))),
                new Row("createChatCompletion", 400, door -> door.post(COMPLETIONS, with(COMPLETION, "n", 2))),
                new Row(
                        "createChatCompletion",
                        404,
                        door -> door.post(COMPLETIONS, with(COMPLETION, "model", "gpt-none"))),
                new Row(
                        "createChatCompletion",
                        409,
                        door -> answering(door, Answer.CANCEL).post(COMPLETIONS, COMPLETION)));
        Stream<Row> responses = Stream.of(
                new Row("createResponse", 200, door -> door.post(RESPONSES, RESPONSE)),
                new Row("createResponse", 200, door -> door.post(RESPONSES, with(RESPONSE, "conversation", "c"))),
                new Row(
                        "createResponse",
                        200,
                        door -> door.post(RESPONSES, with(RESPONSE, "previous_response_id", response(door)))),
                new Row(
                        "createResponse",
                        200,
                        door -> answering(door, Answer.NEVER).post(RESPONSES, with(RESPONSE, "background", true))),
                new Row(
                        "createResponse",
                        200,
                        door -> answering(door, Answer.CANCEL).post(RESPONSES, RESPONSE)),
                new Row("createResponse", 200, door -> door.post(RESPONSES, with(RESPONSE, "stream", true))),
                new Row(
                        "createResponse",
                        200,
                        door -> door.post(RESPONSES, with(with(RESPONSE, "stream", true), "store", false))),
                new Row(
                        "createResponse",
                        200,
                        door -> failing(door, ErrorCode.ENGINE_ERROR).post(RESPONSES, with(RESPONSE, "stream", true))),
                new Row("createResponse", 400, door -> door.post(RESPONSES, with(RESPONSE, "prompt", "p"))),
                new Row("createResponse", 404, door -> door.post(RESPONSES, with(RESPONSE, "model", "gpt-none"))),
                new Row(
                        "createResponse",
                        404,
                        door -> door.post(RESPONSES, with(RESPONSE, "previous_response_id", "resp_x"))),
                new Row("createResponse", 404, door -> door.post(RESPONSES, with(RESPONSE, "conversation", "none"))),
                new Row(
                        "createResponse",
                        410,
                        door -> deleted(door).post(RESPONSES, with(RESPONSE, "conversation", "c"))),
                new Row("getResponse", 200, door -> door.get(RESPONSES + "/" + response(door))),
                new Row("getResponse", 200, door -> door.get(RESPONSES + "/" + response(door) + "?stream=true")),
                new Row(
                        "getResponse",
                        200,
                        door -> door.get(
                                RESPONSES + "/" + response(door) + "?stream=true&starting_after=" + IN_THE_TEXT)),
                new Row("getResponse", 400, door -> door.get(RESPONSES + "/" + response(door) + "?starting_after=6")),
                new Row(
                        "getResponse",
                        400,
                        door -> door.get(RESPONSES + "/" + response(door) + "?stream=true&starting_after=9999")),
                Row.withoutKey("getResponse", door -> door.get(RESPONSES + "/resp_x")),
                new Row("getResponse", 404, door -> door.get(RESPONSES + "/resp_x")),
                new Row("getResponse", 404, door -> {
                    String id = response(door);
                    door.send("DELETE", "/api/conversations/" + id.substring(id.indexOf('.') + 1), null);
                    return door.get(RESPONSES + "/" + id);
                }),
                new Row(
                        "getResponse",
                        502,
                        door -> door.get(RESPONSES + "/" + response(door) + "?stream=true&starting_after="
                                + OF_ANOTHER_ATTEMPT)),
                new Row("cancelResponse", 200, door -> post(door, RESPONSES + "/" + response(door) + "/cancel")),
                new Row("cancelResponse", 200, door -> post(door, RESPONSES + "/" + running(door) + "/cancel")),
                Row.withoutKey("cancelResponse", door -> post(door, RESPONSES + "/resp_x/cancel")),
                new Row(
                        "cancelResponse",
                        403,
                        door -> door.send("POST", RESPONSES + "/resp_x/cancel", null, "Origin", "null")),
                new Row("cancelResponse", 404, door -> post(door, RESPONSES + "/resp_x/cancel")),
                new Row("cancelResponse", 503, door -> {
                    String path = RESPONSES + "/" + running(door) + "/cancel";
                    return post(withoutKafka(door), path);
                }));
        Stream<Row> models = Stream.of(
                new Row("listModels", 200, door -> door.get("/v1/models")),
                Row.withoutKey("listModels", door -> door.get("/v1/models")),
                new Row("getModel", 200, door -> door.get("/v1/models/default")),
                new Row(
                        "getModel",
                        200,
                        Map.of("PARLEY_LLM_MODEL", "an/open/model"),
                        door -> new Answered(door.get("/v1/models/an/open/model"))),
                Row.withoutKey("getModel", door -> door.get("/v1/models/default")),
                new Row("getModel", 404, door -> door.get("/v1/models/gpt-none")));
        Stream<Row> both = Stream.of(
                        Map.entry("createChatCompletion", COMPLETION), Map.entry("createResponse", RESPONSE))
                .flatMap(call -> {
                    String operation = call.getKey();
                    Map<String, ?> body = call.getValue();
                    String path = operation.equals("createResponse") ? RESPONSES : COMPLETIONS;
                    return Stream.concat(
                            Stream.of(
                                    Row.withoutKey(operation, door -> door.post(path, body)),
                                    new Row(operation, 403, door -> door.post(path, body, "Origin", "null")),
                                    new Row(operation, 413, door -> door.post(path, huge)),
                                    new Row(operation, 415, door -> plain(door, "POST", path)),
                                    new Row(operation, 422, door -> {
                                        door.post(path, with(body, "user", "a"), "Idempotency-Key", "k");
                                        return door.post(path, body, "Idempotency-Key", "k");
                                    }),
                                    new Row(
                                            operation,
                                            503,
                                            door -> withoutKafka(door).post(path, body)),
                                    new Row(
                                            operation,
                                            410,
                                            door -> rejecting(door, ErrorCode.CONVERSATION_DELETED)
                                                    .post(path, body)),
                                    new Row(
                                            operation,
                                            429,
                                            door -> rejecting(door, ErrorCode.QUEUE_FULL)
                                                    .post(path, body))),
                            Stream.of(
                                            ErrorCode.ENGINE_UNKNOWN,
                                            ErrorCode.ANSWER_TOO_LARGE,
                                            ErrorCode.ENGINE_RATE_LIMITED,
                                            ErrorCode.INTERNAL,
                                            ErrorCode.ENGINE_REJECTED,
                                            ErrorCode.ENGINE_ERROR,
                                            ErrorCode.NO_WORKER,
                                            ErrorCode.TURN_TIMEOUT)
                                    .map(reason -> new Row(
                                            operation,
                                            ProblemException.status(reason),
                                            door -> failing(door, reason).post(path, body))));
                });
        return Stream.of(completions, responses, both, models, storedRows(), itemRows(), otherRows())
                .flatMap(any -> any);
    }

    private static Stream<Row> storedRows() {
        return Stream.of(
                new Row("listChatCompletions", 200, door -> {
                    String _ = stored(door);
                    return door.get(COMPLETIONS + "?limit=1&order=desc&metadata[k]=v");
                }),
                new Row("listChatCompletions", 400, door -> door.get(COMPLETIONS + "?after=none")),
                Row.withoutKey("listChatCompletions", door -> door.get(COMPLETIONS)),
                new Row(
                        "listChatCompletions",
                        503,
                        door -> withoutPostgres(door).get(COMPLETIONS)),
                new Row("getChatCompletion", 200, door -> door.get(stored(door))),
                new Row("getChatCompletion", 404, door -> door.get(COMPLETIONS + "/chatcmpl-none")),
                new Row("updateChatCompletion", 200, door -> door.post(stored(door), Map.of("metadata", Map.of()))),
                new Row("updateChatCompletion", 400, door -> door.post(stored(door), Map.of())),
                new Row("updateChatCompletion", 415, door -> plain(door, "POST", stored(door))),
                new Row("deleteChatCompletion", 200, door -> door.send("DELETE", stored(door), null)),
                new Row("deleteChatCompletion", 404, door -> door.send("DELETE", COMPLETIONS + "/c", null)),
                new Row("listChatCompletionMessages", 200, door -> door.get(stored(door) + "/messages")),
                new Row("listChatCompletionMessages", 400, door -> door.get(stored(door) + "/messages?limit=0")));
    }

    /** The path of a completion that is stored. */
    private static String stored(DoorUnderTest door) {
        Map<String, ?> body = with(with(COMPLETION, "store", true), "metadata", Map.of("k", "v"));
        return COMPLETIONS + "/"
                + door.post(COMPLETIONS, body).json().path("id").asText();
    }

    private static final String CONVERSATIONS = "/v1/conversations";
    private static final Map<String, ?> ITEMS = Map.of(
            "items",
            List.of(
                    Map.of("role", "user", "content", "Hi"),
                    Map.of("role", "assistant", "content", List.of(Map.of("type", "output_text", "text", "Yes?"))),
                    Map.of("type", "function_call", "call_id", "c1", "name", "f", "arguments", "{}"),
                    Map.of("type", "function_call_output", "call_id", "c1", "output", "42"),
                    Map.of("type", "reasoning", "summary", List.of(Map.of("type", "summary_text", "text", "hm")))));

    private static Stream<Row> itemRows() {
        return Stream.of(
                new Row("createOpenAiConversation", 200, door -> door.post(CONVERSATIONS, ITEMS)),
                new Row("createOpenAiConversation", 200, door -> post(door, CONVERSATIONS)),
                new Row("createOpenAiConversation", 400, door -> door.post(CONVERSATIONS, Map.of("items", 1))),
                new Row("createOpenAiConversation", 422, door -> {
                    door.post(CONVERSATIONS, Map.of("metadata", Map.of("k", "v")), "Idempotency-Key", "k");
                    return door.post(CONVERSATIONS, Map.of(), "Idempotency-Key", "k");
                }),
                new Row("createOpenAiConversation", 503, door -> post(withoutKafka(door), CONVERSATIONS)),
                new Row("getOpenAiConversation", 200, door -> door.get(CONVERSATIONS + "/c")),
                new Row("getOpenAiConversation", 404, door -> door.get(CONVERSATIONS + "/none")),
                new Row("getOpenAiConversation", 410, door -> deleted(door).get(CONVERSATIONS + "/c")),
                new Row(
                        "updateOpenAiConversation",
                        200,
                        door -> door.post(CONVERSATIONS + "/c", Map.of("metadata", Map.of("k", "v")))),
                new Row("updateOpenAiConversation", 400, door -> door.post(CONVERSATIONS + "/c", Map.of())),
                new Row("deleteOpenAiConversation", 200, door -> door.send("DELETE", CONVERSATIONS + "/c", null)),
                new Row("deleteOpenAiConversation", 404, door -> door.send("DELETE", CONVERSATIONS + "/none", null)),
                new Row("createItems", 200, door -> door.post(CONVERSATIONS + "/c/items", ITEMS)),
                new Row("createItems", 400, door -> door.post(CONVERSATIONS + "/c/items", Map.of("items", List.of()))),
                new Row("createItems", 404, door -> door.post(CONVERSATIONS + "/none/items", ITEMS)),
                new Row("createItems", 410, door -> deleted(door).post(CONVERSATIONS + "/c/items", ITEMS)),
                new Row("listItems", 200, door -> {
                    door.post(CONVERSATIONS + "/c/items", ITEMS);
                    return door.get(CONVERSATIONS + "/c/items?limit=100&include[]=x");
                }),
                new Row("listItems", 400, door -> door.get(CONVERSATIONS + "/c/items?order=up")),
                new Row("listItems", 404, door -> door.get(CONVERSATIONS + "/none/items")),
                new Row("getItem", 200, door -> door.get(item(door))),
                new Row("getItem", 404, door -> door.get(CONVERSATIONS + "/c/items/none")),
                new Row("deleteItem", 200, door -> door.send("DELETE", item(door), null)),
                new Row("deleteItem", 404, door -> door.send("DELETE", CONVERSATIONS + "/c/items/none", null)));
    }

    /** The path of an item that was added without a turn. */
    private static String item(DoorUnderTest door) {
        Reply added = door.post(CONVERSATIONS + "/c/items", ITEMS);
        return CONVERSATIONS + "/c/items/" + added.json().path("first_id").asText();
    }

    private static final String LEGACY = "/v1/completions";
    private static final Map<String, ?> PROMPT = Map.of("model", "default", "prompt", "Hi");
    private static final String EMBEDDINGS = "/v1/embeddings";
    private static final Map<String, ?> TEXTS = Map.of("model", "default", "input", List.of("Hi", "there"));

    private static Stream<Row> otherRows() {
        return Stream.of(
                new Row("deleteResponse", 200, door -> door.send("DELETE", RESPONSES + "/" + response(door), null)),
                new Row("deleteResponse", 200, door -> door.send("DELETE", RESPONSES + "/" + running(door), null)),
                new Row("deleteResponse", 404, door -> door.send("DELETE", RESPONSES + "/resp_x", null)),
                new Row("listInputItems", 200, door -> door.get(RESPONSES + "/" + response(door) + "/input_items")),
                new Row(
                        "listInputItems",
                        400,
                        door -> door.get(RESPONSES + "/" + response(door) + "/input_items?after=x")),
                new Row("listInputItems", 404, door -> door.get(RESPONSES + "/resp_x/input_items")),
                new Row("compactResponse", 200, door -> door.post(RESPONSES + "/compact", RESPONSE)),
                new Row(
                        "compactResponse",
                        200,
                        door -> door.post(
                                RESPONSES + "/compact",
                                Map.of("model", "default", "previous_response_id", response(door)))),
                new Row("compactResponse", 400, door -> door.post(RESPONSES + "/compact", Map.of())),
                new Row(
                        "compactResponse",
                        502,
                        door -> failing(door, ErrorCode.ENGINE_ERROR).post(RESPONSES + "/compact", RESPONSE)),
                new Row("createCompletion", 200, door -> door.post(LEGACY, PROMPT)),
                new Row(
                        "createCompletion",
                        200,
                        door -> door.post(
                                LEGACY,
                                with(with(PROMPT, "stream", true), "stream_options", Map.of("include_usage", true)))),
                new Row("createCompletion", 400, door -> door.post(LEGACY, with(PROMPT, "prompt", List.of(1, 2)))),
                new Row("createCompletion", 404, door -> door.post(LEGACY, with(PROMPT, "model", "davinci"))),
                new Row(
                        "createCompletion",
                        409,
                        door -> answering(door, Answer.CANCEL).post(LEGACY, PROMPT)),
                new Row(
                        "createCompletion",
                        502,
                        door -> failing(door, ErrorCode.ENGINE_ERROR).post(LEGACY, with(PROMPT, "stream", true))),
                new Row("createEmbedding", 200, door -> door.post(EMBEDDINGS, TEXTS)),
                new Row(
                        "createEmbedding",
                        200,
                        door -> door.post(EMBEDDINGS, with(TEXTS, "encoding_format", "base64"))),
                new Row("createEmbedding", 400, door -> door.post(EMBEDDINGS, with(TEXTS, "dimensions", 2))),
                new Row("createEmbedding", 404, door -> door.post(EMBEDDINGS, with(TEXTS, "model", "ada"))),
                Row.withoutKey("createEmbedding", door -> door.post(EMBEDDINGS, TEXTS)),
                new Row("createOpenAiFile", 200, door -> form(door, "user_data")),
                new Row("createOpenAiFile", 400, door -> form(door, "fine-tune")),
                new Row("createOpenAiFile", 415, door -> plain(door, "POST", "/v1/files")),
                Row.withoutKey("createOpenAiFile", door -> form(door, "vision")),
                new Row("getOpenAiFile", 200, door -> door.get("/v1/files/" + ofForm(door))),
                new Row("getOpenAiFile", 404, door -> door.get("/v1/files/file-1")),
                new Row("getOpenAiFileContent", 200, door -> door.get("/v1/files/" + ofForm(door) + "/content")),
                new Row("getOpenAiFileContent", 404, door -> door.get("/v1/files/file-1/content")));
    }

    private static Reply form(DoorUnderTest door, String purpose) {
        String body = """
                --b\r
                Content-Disposition: form-data; name="purpose"\r
                \r
                %s\r
                --b\r
                Content-Disposition: form-data; name="file"; filename="notes.txt"\r
                Content-Type: text/plain\r
                \r
                words\r
                --b--\r
                """.formatted(purpose);
        return door.send(
                "POST",
                "/v1/files",
                body.getBytes(StandardCharsets.UTF_8),
                "Content-Type",
                "multipart/form-data; boundary=b");
    }

    private static String ofForm(DoorUnderTest door) {
        return form(door, "user_data").json().path("id").asText();
    }

    private static final String MESSAGES = "/v1/messages";

    private static Stream<Row> anthropicRows() {
        Map<String, ?> huge = Map.of("model", "x".repeat(Admission.MAX_BODY_BYTES));
        String[] version = {"anthropic-version", "2023-06-01"};
        Stream<Row> message = Stream.of(
                new Row("createAnthropicMessage", 200, door -> door.post(MESSAGES, COMPLETION)),
                new Row("createAnthropicMessage", 200, door -> door.post(MESSAGES, with(COMPLETION, "stream", true))),
                new Row("createAnthropicMessage", 400, door -> door.post(MESSAGES, with(COMPLETION, "max_tokens", 0))),
                new Row(
                        "createAnthropicMessage",
                        404,
                        door -> door.post(MESSAGES, with(COMPLETION, "model", "claude-none"))),
                new Row(
                        "createAnthropicMessage",
                        409,
                        door -> answering(door, Answer.CANCEL).post(MESSAGES, COMPLETION)),
                new Row(
                        "createAnthropicMessage",
                        410,
                        door -> rejecting(door, ErrorCode.CONVERSATION_DELETED).post(MESSAGES, COMPLETION)),
                new Row("createAnthropicMessage", 422, door -> {
                    door.post(MESSAGES, with(COMPLETION, "top_k", 1), "Idempotency-Key", "k");
                    return door.post(MESSAGES, COMPLETION, "Idempotency-Key", "k");
                }),
                new Row(
                        "createAnthropicMessage",
                        429,
                        door -> rejecting(door, ErrorCode.QUEUE_FULL).post(MESSAGES, COMPLETION)),
                new Row(
                        "createAnthropicMessage",
                        503,
                        door -> withoutKafka(door).post(MESSAGES, COMPLETION)));
        Stream<Row> failures = Stream.of(
                        ErrorCode.ANSWER_TOO_LARGE,
                        ErrorCode.ENGINE_RATE_LIMITED,
                        ErrorCode.INTERNAL,
                        ErrorCode.ENGINE_REJECTED,
                        ErrorCode.ENGINE_ERROR,
                        ErrorCode.NO_WORKER,
                        ErrorCode.TURN_TIMEOUT)
                .map(reason -> new Row(
                        "createAnthropicMessage",
                        ProblemException.status(reason),
                        door -> failing(door, reason).post(MESSAGES, with(COMPLETION, "stream", true))));
        Stream<Row> both = Stream.of(
                        Map.entry("createAnthropicMessage", MESSAGES),
                        Map.entry("countAnthropicTokens", MESSAGES + "/count_tokens"))
                .flatMap(call -> Stream.of(
                        Row.withoutKey(call.getKey(), door -> door.post(call.getValue(), COMPLETION)),
                        new Row(call.getKey(), 403, door -> door.post(call.getValue(), COMPLETION, "Origin", "null")),
                        new Row(call.getKey(), 413, door -> door.post(call.getValue(), huge)),
                        new Row(call.getKey(), 415, door -> plain(door, "POST", call.getValue()))));
        Stream<Row> others = Stream.of(
                new Row("countAnthropicTokens", 200, door -> door.post(MESSAGES + "/count_tokens", COMPLETION)),
                new Row(
                        "countAnthropicTokens",
                        400,
                        door -> door.post(MESSAGES + "/count_tokens", Map.of("model", "default"))),
                new Row(
                        "countAnthropicTokens",
                        404,
                        door -> door.post(MESSAGES + "/count_tokens", with(COMPLETION, "model", "claude-none"))),
                new Row("listModels", 200, door -> door.get("/v1/models", version)),
                new Row("getModel", 200, door -> door.get("/v1/models/default", version)));
        return Stream.of(message, failures, both, others).flatMap(any -> any);
    }

    /** The id of a response that is complete. */
    private static String response(DoorUnderTest door) {
        return door.post(RESPONSES, RESPONSE).json().path("id").asText();
    }

    /** The id of a response that is being given. */
    private static String running(DoorUnderTest door) {
        return answering(door, Answer.NEVER)
                .post(RESPONSES, with(RESPONSE, "background", true))
                .json()
                .path("id")
                .asText();
    }

    private static final String CHAT = "/api/chat";
    private static final Map<String, ?> AGAIN = Map.of("id", "c", "trigger", "regenerate-message");

    private static Map<String, Object> chat(String id, String messageId, String text) {
        Map<String, ?> part = Map.of("type", "text", "text", text);
        return Map.of("id", id, "messages", List.of(Map.of("id", messageId, "role", "user", "parts", List.of(part))));
    }

    private static Stream<Row> aiSdkRows() {
        Map<String, Object> hello = chat("new", "first", "Hello");
        return Stream.of(
                new Row("chat", 200, door -> door.post(CHAT, hello)),
                new Row("chat", 200, door -> answering(door, Answer.CANCEL).post(CHAT, hello)),
                new Row("chat", 200, door -> answering(door, Answer.FAIL).post(CHAT, hello)),
                new Row("chat", 200, Map.of(), door -> opened(door, CHAT, AGAIN, 2)),
                new Row("chat", 400, door -> door.post(CHAT, with(hello, "messageId", "other"))),
                Row.withoutKey("chat", door -> door.post(CHAT, hello)),
                new Row("chat", 403, door -> door.post(CHAT, hello, "Origin", "null")),
                new Row("chat", 404, door -> door.post(CHAT, with(AGAIN, "id", "none"))),
                new Row("chat", 404, door -> door.post(CHAT, with(AGAIN, "messageId", "none"))),
                new Row("chat", 409, door -> rejecting(door, ErrorCode.BUSY).post(CHAT, hello)),
                new Row("chat", 410, door -> deleted(door).post(CHAT, AGAIN)),
                new Row(
                        "chat",
                        410,
                        door -> rejecting(door, ErrorCode.CONVERSATION_DELETED).post(CHAT, hello)),
                new Row(
                        "chat",
                        413,
                        door -> door.post(CHAT, chat("new", "first", "x".repeat(Question.MAX_CONTENT_BYTES + 1)))),
                new Row("chat", 415, door -> plain(door, "POST", CHAT)),
                new Row("chat", 422, door -> {
                    door.post(CHAT, hello);
                    return door.post(CHAT, with(hello, "engine", "other"));
                }),
                new Row(
                        "chat",
                        429,
                        door -> rejecting(door, ErrorCode.QUEUE_FULL).post(CHAT, hello)),
                new Row("chat", 503, door -> withoutKafka(door).post(CHAT, hello)),
                new Row("resumeChat", 200, Map.of(), door -> {
                    answering(door, Answer.NEVER).post(HERE + "/messages", SAYING);
                    return opened(door, CHAT + "/c/stream", null, 2);
                }),
                new Row("resumeChat", 204, door -> door.get(CHAT + "/c/stream")),
                new Row("resumeChat", 204, door -> door.get(CHAT + "/none/stream")),
                new Row("resumeChat", 400, door -> door.get(CHAT + "/a%20b/stream")),
                Row.withoutKey("resumeChat", door -> door.get(CHAT + "/c/stream")),
                new Row("stopChat", 202, door -> post(door, CHAT + "/c/stop")),
                new Row("stopChat", 202, door -> post(door, CHAT + "/none/stop")),
                new Row("stopChat", 400, door -> door.post(CHAT + "/c/stop", Map.of("turnId", "t"))),
                Row.withoutKey("stopChat", door -> post(door, CHAT + "/c/stop")),
                new Row("stopChat", 403, door -> door.send("POST", CHAT + "/c/stop", null, "Origin", "null")),
                new Row(
                        "stopChat",
                        413,
                        door -> door.post(CHAT + "/c/stop", "{} " + " ".repeat(Admission.MAX_BODY_BYTES))),
                new Row("stopChat", 415, door -> plain(door, "POST", CHAT + "/c/stop")),
                new Row("stopChat", 503, door -> post(withoutKafka(door), CHAT + "/c/stop")));
    }

    private static final String RUN = "/agui";

    private static Map<String, Object> run(String runId, String messageId, String text) {
        return Map.of(
                "threadId",
                "new",
                "runId",
                runId,
                "messages",
                List.of(Map.of("id", messageId, "role", "user", "content", text)));
    }

    /** The id of an event of a run that is over. */
    private static String place(DoorUnderTest door) {
        return door.post(RUN, run("r", "first", "Hello"))
                .text()
                .lines()
                .filter(line -> line.startsWith("id: "))
                .findFirst()
                .orElseThrow()
                .substring("id: ".length());
    }

    private static Stream<Row> agUiRows() {
        Map<String, Object> hello = run("r", "first", "Hello");
        return Stream.of(
                new Row("runAgent", 200, door -> door.post(RUN, hello)),
                new Row("runAgent", 200, door -> door.post(RUN, with(hello, "state", Map.of("x", 1)))),
                new Row("runAgent", 200, door -> answering(door, Answer.CANCEL).post(RUN, hello)),
                new Row("runAgent", 200, door -> answering(door, Answer.FAIL).post(RUN, hello)),
                new Row("runAgent", 400, door -> door.post(RUN, with(hello, "runId", "a b"))),
                Row.withoutKey("runAgent", door -> door.post(RUN, hello)),
                new Row("runAgent", 403, door -> door.post(RUN, hello, "Origin", "null")),
                new Row("runAgent", 409, door -> rejecting(door, ErrorCode.BUSY).post(RUN, hello)),
                new Row(
                        "runAgent",
                        410,
                        door -> rejecting(door, ErrorCode.CONVERSATION_DELETED).post(RUN, hello)),
                new Row(
                        "runAgent",
                        413,
                        door -> door.post(RUN, run("r", "first", "x".repeat(Question.MAX_CONTENT_BYTES + 1)))),
                new Row("runAgent", 415, door -> plain(door, "POST", RUN)),
                new Row("runAgent", 422, door -> {
                    door.post(RUN, hello);
                    return door.post(RUN, run("r", "first", "Something else"));
                }),
                new Row(
                        "runAgent",
                        429,
                        door -> rejecting(door, ErrorCode.QUEUE_FULL).post(RUN, hello)),
                new Row("runAgent", 503, door -> withoutKafka(door).post(RUN, hello)),
                new Row("connectThread", 200, door -> door.get(RUN + "/c")),
                new Row("connectThread", 200, Map.of(), door -> {
                    answering(door, Answer.NEVER).post(HERE + "/messages", SAYING);
                    return opened(door, RUN + "/c", null, 3);
                }),
                new Row("connectThread", 400, door -> door.get(RUN + "/a%20b")),
                Row.withoutKey("connectThread", door -> door.get(RUN + "/c")),
                new Row("connectThread", 404, door -> door.get(RUN + "/none")),
                new Row("connectThread", 410, door -> deleted(door).get(RUN + "/c")),
                new Row("resumeRun", 200, door -> door.get(RUN + "/new/r?cursor=" + place(door))),
                new Row("resumeRun", 204, door -> {
                    String end = place(door).replaceFirst("[a-z]+$", "azn");
                    return door.get(RUN + "/new/r?cursor=" + end);
                }),
                new Row("resumeRun", 400, door -> door.get(RUN + "/c/r?cursor=7")),
                Row.withoutKey("resumeRun", door -> door.get(RUN + "/c/r?cursor=7")),
                new Row("resumeRun", 404, door -> door.get(RUN + "/none/r?cursor=" + place(door))),
                new Row("resumeRun", 410, door -> {
                    String place = place(door);
                    return deleted(door).get(RUN + "/c/r?cursor=" + place);
                }));
    }

    private static final String MCP = "/mcp";
    private static final String SESSION = "Mcp-Session-Id";
    private static final String NO_SESSION = "00000000-0000-0000-0000-000000000000";

    private static Map<String, Object> rpc(String method, Map<String, ?> params) {
        return Map.of("jsonrpc", "2.0", "id", 1, "method", method, "params", params);
    }

    private static String session(DoorUnderTest door) {
        return door.post(MCP, rpc("initialize", Map.of())).header(SESSION);
    }

    private static Stream<Row> mcpRows() {
        Map<String, ?> asking =
                Map.of("name", "ask", "arguments", Map.of("question", "Hello"), "_meta", Map.of("progressToken", 1));
        return Stream.of(
                new Row("sendMcpMessage", 200, door -> door.post(MCP, rpc("initialize", Map.of()))),
                new Row("sendMcpMessage", 200, door -> door.post(MCP, rpc("ping", Map.of()), SESSION, session(door))),
                new Row("sendMcpMessage", 200, door -> door.post(MCP, rpc("none", Map.of()), SESSION, session(door))),
                new Row(
                        "sendMcpMessage",
                        200,
                        door -> door.post(MCP, rpc("tools/list", Map.of()), SESSION, session(door))),
                new Row(
                        "sendMcpMessage",
                        200,
                        door -> door.post(MCP, rpc("tools/call", asking), SESSION, session(door))),
                new Row(
                        "sendMcpMessage",
                        200,
                        door -> door.post(
                                MCP,
                                rpc("tools/call", asking),
                                SESSION,
                                session(door),
                                "Accept",
                                "application/json, text/event-stream")),
                new Row(
                        "sendMcpMessage",
                        202,
                        door -> door.post(
                                MCP,
                                Map.of("jsonrpc", "2.0", "method", "notifications/initialized"),
                                SESSION,
                                session(door))),
                new Row("sendMcpMessage", 400, door -> door.post(MCP, rpc("ping", Map.of()))),
                new Row("sendMcpMessage", 400, door -> door.post(MCP, "[]")),
                Row.withoutKey("sendMcpMessage", door -> door.post(MCP, rpc("ping", Map.of()))),
                new Row("sendMcpMessage", 403, door -> door.post(MCP, rpc("ping", Map.of()), "Origin", "null")),
                new Row(
                        "sendMcpMessage",
                        404,
                        door -> door.post(MCP, rpc("ping", Map.of()), SESSION, NO_SESSION + "0")),
                new Row(
                        "sendMcpMessage",
                        413,
                        door -> door.post(MCP, rpc("ping", Map.of("x", "x".repeat(Admission.MAX_BODY_BYTES))))),
                new Row("sendMcpMessage", 415, door -> plain(door, "POST", MCP)),
                new Row("endMcpSession", 204, door -> door.send("DELETE", MCP, null, SESSION, session(door))),
                new Row("endMcpSession", 400, door -> door.send("DELETE", MCP, null)),
                Row.withoutKey("endMcpSession", door -> door.send("DELETE", MCP, null)),
                new Row("endMcpSession", 403, door -> door.send("DELETE", MCP, null, "Origin", "null")),
                new Row("endMcpSession", 404, door -> door.send("DELETE", MCP, null, SESSION, "x")));
    }

    @ParameterizedTest
    @MethodSource("rows")
    void anAnswerIsAsDocumented(Row row) {
        try (DoorUnderTest door = withMessage(row.settings())) {
            Answered answered = row.call().apply(door);

            assertThat(answered.status()).as(answered.body()).isEqualTo(row.status());
            assertThat(openApi.objections(row.operation(), answered.status(), answered.headers(), answered.body()))
                    .as(answered.body())
                    .isEmpty();
        }
    }

    @Test
    void everyOperationIsTried() {
        Set<String> tried = rows().filter(row -> row.status() < 300)
                .map(Row::operation)
                .collect(Collectors.toCollection(TreeSet::new));

        assertThat(tried).isEqualTo(openApi.routes().keySet());
    }

    @Test
    void whatIsDocumentedIsServedAndWhatIsServedIsDocumented() {
        // OpenAPI has no word for a parameter that spans slashes.
        Set<String> served = shared.routes().stream()
                .map(route -> route.replace("<model>", "{model}").replace("<path>", "{path}"))
                .collect(Collectors.toSet());

        assertThat(openApi.routes().values()).containsExactlyInAnyOrderElementsOf(served);
    }

    @Test
    void theErrorCodesAreTheOnesThereAre() {
        assertThat(openApi.at("/components/schemas/ErrorCode/enum"))
                .extracting(JsonNode::asText)
                .containsExactlyInAnyOrderElementsOf(
                        Arrays.stream(ErrorCode.values()).map(ErrorCode::wire).toList());
    }

    @Test
    void aProcessThatIsNotReadySaysSoAsDocumented() {
        try (DoorUnderTest waiting = new DoorUnderTest(new FakeWorld(), Map.of(), new Waiting())) {
            Answered ready = new Answered(waiting.get("/health/ready"));
            assertThat(openApi.objections("isReady", 503, ready.headers(), ready.body()))
                    .isEmpty();
        }
    }

    private static final class Waiting implements dev.parley.schemas.Role {
        @Override
        public String name() {
            return "waiting";
        }

        @Override
        public Health health() {
            return new Health(false, "for something");
        }

        @Override
        public void close() {}
    }
}
