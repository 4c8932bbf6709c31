package dev.parley.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.chat.v1.Attempt;
import dev.parley.chat.v1.ConversationCreated;
import dev.parley.chat.v1.ConversationDeleted;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.ConversationRenamed;
import dev.parley.chat.v1.FeedbackRecorded;
import dev.parley.chat.v1.MessageAccepted;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.MessageRejected;
import dev.parley.chat.v1.OnBusy;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.Source;
import dev.parley.chat.v1.Timings;
import dev.parley.chat.v1.TurnCancelled;
import dev.parley.chat.v1.TurnFailed;
import dev.parley.chat.v1.TurnRetrieved;
import dev.parley.chat.v1.TurnRouted;
import dev.parley.chat.v1.TurnStarted;
import dev.parley.chat.v1.Usage;
import dev.parley.chat.v1.UsageBasis;
import dev.parley.ingest.DoorUnderTest.Reply;
import dev.parley.ingest.FakeWorld.Answer;
import dev.parley.schemas.ConversationKey;
import dev.parley.schemas.ErrorCode;
import dev.parley.sinks.postgres.ConversationSnapshot;
import dev.parley.sinks.postgres.ConversationSnapshot.ActiveTurn;
import dev.parley.sinks.postgres.ConversationSnapshot.Failure;
import dev.parley.sinks.postgres.ConversationSnapshot.Feedback;
import dev.parley.sinks.postgres.ConversationSnapshot.Message;
import dev.parley.sinks.postgres.ConversationSnapshot.Status;
import dev.parley.sinks.postgres.ConversationSnapshot.Summary;
import dev.parley.sinks.sse.FeedEvent;
import dev.parley.sinks.sse.FeedEvent.MessageDelta.Kind;
import dev.parley.sinks.sse.WireEvents;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Holds the OpenAPI document against the server that publishes it. */
class OpenApiTest {

    /** Documented ahead of their implementation; to be emptied, then deleted. */
    private static final Set<String> NOT_YET_SERVED = Set.of(
            "createTicket",
            "createChatCompletion",
            "createResponse",
            "getResponse",
            "cancelResponse",
            "listModels",
            "getModel",
            "chat",
            "resumeChat",
            "stopChat");

    private static final String KEY = "key-of-default";
    private static final String HERE = "/api/conversations/c";

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
            return new Row(operation, 401, Map.of("PARLEY_API_KEYS", KEY), door -> new Answered(call.apply(door)));
        }

        static Row stream(String operation, String path) {
            return new Row(operation, 200, Map.of(), door -> opened(door, path));
        }

        @Override
        public String toString() {
            return operation + " " + status;
        }
    }

    private static Answered opened(DoorUnderTest door, String path) {
        try (HttpClient client = HttpClient.newHttpClient()) {
            HttpResponse<InputStream> response =
                    client.send(HttpRequest.newBuilder(door.url().resolve(path)).build(), BodyHandlers.ofInputStream());
            try (InputStream in = response.body()) {
                return new Answered(
                        response.statusCode(),
                        response.headers(),
                        new String(in.readNBytes("retry: 1000\n\n".length()), StandardCharsets.UTF_8));
            }
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
    private static final Map<String, String> LOUD = Map.of("content", "x".repeat(MessageCalls.MAX_CONTENT_BYTES + 1));
    private static final String WAITING = "wait=20";

    static Stream<Row> rows() {
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
                new Row("streamConversation", 400, door -> door.get(HERE + "/events?cursor=x")),
                Row.withoutKey("streamConversation", door -> door.get(HERE + "/events")),
                new Row("streamConversation", 404, door -> door.get("/api/conversations/none/events")),
                new Row("streamConversation", 410, door -> deleted(door).get(HERE + "/events")),
                Row.stream("streamAll", "/api/events"),
                new Row("streamAll", 400, door -> door.get("/api/events", "Last-Event-ID", "x")),
                Row.withoutKey("streamAll", door -> door.get("/api/events")),
                new Row("isLive", 200, door -> door.get("/health/live")),
                new Row("isReady", 200, door -> door.get("/health/ready")),
                new Row("readMetrics", 200, door -> door.get("/metrics")),
                new Row("readOpenApi", 200, door -> door.get("/openapi.yaml")),
                new Row("readAsyncApi", 200, door -> door.get("/asyncapi.yaml")));
    }

    private static String answer(DoorUnderTest door) {
        return door.get(HERE + "/messages").json().at("/messages/1/id").asText();
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
        tried.addAll(NOT_YET_SERVED);

        assertThat(tried).isEqualTo(openApi.routes().keySet());
    }

    @Test
    void whatIsDocumentedIsServedAndWhatIsServedIsDocumented() {
        Set<String> documented = openApi.routes().entrySet().stream()
                .filter(operation -> !NOT_YET_SERVED.contains(operation.getKey()))
                .map(Map.Entry::getValue)
                .collect(Collectors.toSet());

        assertThat(documented).isEqualTo(shared.routes());
    }

    @Test
    void whatIsServedIsNotCalledMissing() {
        assertThat(NOT_YET_SERVED.stream().map(openApi.routes()::get)).doesNotContainAnyElementsOf(shared.routes());
    }

    @Test
    void theErrorCodesAreTheOnesThereAre() {
        assertThat(openApi.at("/components/schemas/ErrorCode/enum"))
                .extracting(JsonNode::asText)
                .containsExactlyInAnyOrderElementsOf(
                        Arrays.stream(ErrorCode.values()).map(ErrorCode::wire).toList());
    }

    @Test
    void whatNoCallProducesHereIsAsDocumentedToo() {
        try (DoorUnderTest waiting = new DoorUnderTest(new FakeWorld(), Map.of(), new Waiting())) {
            Answered ready = new Answered(waiting.get("/health/ready"));
            assertThat(openApi.objections("isReady", 503, ready.headers(), ready.body()))
                    .isEmpty();
        }
        assertThat(openApi.objectionsTo("ConversationSnapshot", Views.snapshot(fullSnapshot())))
                .isEmpty();
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

    /** One that has everything that a snapshot may have, with a message of every status. */
    private static ConversationSnapshot fullSnapshot() {
        List<Message> messages = Arrays.stream(Status.values())
                .map(status -> new Message(
                        "m",
                        "t",
                        Role.ASSISTANT,
                        "",
                        Optional.of("thought"),
                        status,
                        Instant.EPOCH,
                        Optional.of(Instant.EPOCH),
                        Optional.of("stop"),
                        Optional.of(USAGE),
                        List.of(SOURCE),
                        Optional.of("engine"),
                        Optional.of("model"),
                        Optional.of(new Failure("engine_error", "it broke")),
                        Optional.of(new Feedback("up", Optional.of("good"))),
                        Optional.of("fingerprint")))
                .toList();
        return new ConversationSnapshot(
                new Summary("c", Optional.of("T"), "w", Map.of("k", "v"), Instant.EPOCH, Instant.EPOCH, 8, false),
                messages,
                Optional.of(new ActiveTurn("t", "m1", "m2", Instant.EPOCH)),
                7);
    }

    // Requests

    /** A request's body. */
    record Asked(String operation, String path, String body) {
        @Override
        public String toString() {
            return operation + " " + (body.length() < 80 ? body : body.substring(0, 80) + "…");
        }
    }

    static Stream<Asked> bodies() {
        String long64 = "k".repeat(64);
        Stream<Asked> created = Stream.of(
                        "{}",
                        "{'id': 'a.B_9:-'}",
                        "{'id': null, 'title': null, 'workspaceId': null, 'metadata': null}",
                        "{'id': 'a/b'}",
                        "{'id': ''}",
                        "{'id': '" + "x".repeat(128) + "'}",
                        "{'id': '" + "x".repeat(129) + "'}",
                        "{'id': 7}",
                        "{'title': '" + "x".repeat(200) + "'}",
                        "{'title': '" + "\uD83D\uDE00".repeat(200) + "'}",
                        "{'title': '" + "x".repeat(201) + "'}",
                        "{'title': ' '}",
                        "{'title': ''}",
                        "{'workspaceId': 'a b'}",
                        "{'metadata': {}}",
                        "{'metadata': []}",
                        "{'metadata': {'': 'x'}}",
                        "{'metadata': {'k': null}}",
                        "{'metadata': {'k': 1}}",
                        "{'metadata': {'k': ''}}",
                        "{'metadata': {'k': 'a\\u0000'}}",
                        "{'metadata': {'" + long64 + "': '" + "x".repeat(512) + "'}}",
                        "{'metadata': {'" + long64 + "k': 'x'}}",
                        "{'metadata': {'k': '" + "x".repeat(513) + "'}}",
                        "{'metadata': {" + pairs(16) + "}}",
                        "{'metadata': {" + pairs(17) + "}}",
                        "{'unknown': 1}",
                        "[]")
                .map(body -> new Asked("createConversation", "/api/conversations", body));
        Stream<Asked> renamed = Stream.of(
                        "{'title': 'x'}", "{}", "{'title': null}", "{'title': 1}", "{'title': 'x', 'id': 'c'}")
                .map(body -> new Asked("renameConversation", HERE, body));
        Stream<Asked> said = Stream.of(
                        "{'content': 'x'}",
                        "{'content': 'x', 'messageId': null, 'onBusy': null, 'intent': null, 'engine': null, 'metadata': null}",
                        "{'content': 'x', 'messageId': 'own', 'onBusy': 'interrupt', 'intent': 'a/b', 'engine': 'c:d'}",
                        "{'content': 'x', 'onBusy': 'enqueue'}",
                        "{'content': 'x', 'onBusy': 'rollback'}",
                        "{'content': 'x', 'onBusy': 'reject'}",
                        "{'content': 'x', 'onBusy': 'ENQUEUE'}",
                        "{'content': 'x', 'intent': 'a b'}",
                        "{'content': 'x', 'engine': '" + "x".repeat(100) + "'}",
                        "{'content': 'x', 'engine': '" + "x".repeat(101) + "'}",
                        "{'content': 'x', 'messageId': 'a/b'}",
                        "{'content': 'x', 'role': 'user'}",
                        "{'content': '\\n\\t'}",
                        "{'content': null}",
                        "{}")
                .map(body -> new Asked("submitMessage", HERE + "/messages", body));
        Stream<Asked> again = Stream.of(
                        "{}",
                        "{'onBusy': 'reject', 'engine': 'e'}",
                        "{'onBusy': null, 'engine': null}",
                        "{'intent': 'i'}",
                        "{'onBusy': 1}")
                .map(body -> new Asked("regenerateMessage", HERE + "/messages/m/regenerate", body));
        Stream<Asked> rated = Stream.of(
                        "{'rating': 'up'}",
                        "{'rating': 'down', 'comment': 'no'}",
                        "{'rating': 1}",
                        "{'rating': 5, 'comment': null}",
                        "{'rating': '3'}",
                        "{'rating': 0}",
                        "{'rating': '6'}",
                        "{'rating': 4.5}",
                        "{'rating': true}",
                        "{'rating': null}",
                        "{'comment': 'x'}",
                        "{'rating': 'up', 'reason': 'x'}")
                .map(body -> new Asked("rateMessage", HERE + "/messages/m/feedback", body));
        Stream<Asked> stopped = Stream.of(
                        "{}", "{'turnId': 't'}", "{'turnId': null}", "{'turnId': 't t'}", "{'all': true}")
                .map(body -> new Asked("cancelTurn", HERE + "/cancel", body));
        return Stream.of(created, renamed, said, again, rated, stopped).flatMap(any -> any);
    }

    private static String pairs(int number) {
        return Stream.iterate(1, i -> i + 1)
                .limit(number)
                .map(i -> "'k" + i + "': 'v'")
                .collect(Collectors.joining(","));
    }

    @ParameterizedTest
    @MethodSource("bodies")
    void aBodyIsTakenWhereTheDocumentAllowsIt(Asked asked) throws IOException {
        String body = asked.body().replace('\'', '"');
        String method = asked.operation().equals("renameConversation") ? "PATCH" : "POST";

        Reply reply = shared.json(method, asked.path(), body);

        assertThat(reply.status()).isIn(200, 201, 202, 400);
        assertThat(openApi.objectionsToRequest(asked.operation(), DoorUnderTest.MAPPER.readTree(body))
                        .isEmpty())
                .as(reply.text())
                .isEqualTo(reply.status() < 300);
    }

    // Events

    private static final ConversationKey CONVERSATION = new ConversationKey("default", "c");
    private static final Usage USAGE = new Usage(3, 2, UsageBasis.ESTIMATED);
    private static final Source SOURCE = new Source("s", "Title", "https://example.org/s", 0.5);
    private static final Source BARE_SOURCE = new Source("s", "Title", null, 2.0);
    private static final Timings TIMINGS = new Timings(1.0, 2.0, 3.0, 4.0);
    private static final Timings NO_TIMINGS = new Timings(null, null, null, null);
    private static final Attempt ATTEMPT = new Attempt("a", 1, "engine", "model", "worker");

    private static FeedEvent logged(@Nullable String turnId, SpecificRecord body) {
        return new FeedEvent.Logged(
                CONVERSATION, new ConversationEvent("default", "c", 1L, Instant.EPOCH, "cause", turnId, body));
    }

    /** Every event, with everything that it may have, and with nothing that it need not. */
    static Stream<FeedEvent> events() {
        return Stream.of(
                logged(null, new ConversationCreated("T", "w", Map.of("k", "v"))),
                logged(null, new ConversationCreated(null, "w", Map.of())),
                logged(null, new ConversationRenamed("T")),
                logged(null, new ConversationDeleted()),
                logged(
                        "t",
                        new MessageAccepted(
                                "m", "a", Role.USER, "x", OnBusy.ROLLBACK, "i", "e", Map.of("k", "v"), "f")),
                logged("t", new MessageRejected("m", "busy", "a turn is running")),
                logged("t", new TurnStarted("m", "a", "g", "earlier")),
                logged("t", new TurnStarted("m", "a", "g", null)),
                logged("t", new TurnRouted("a", "chat", 1.0, "default", "explicit")),
                logged("t", new TurnRetrieved("a", List.of(SOURCE, BARE_SOURCE))),
                logged(
                        "t",
                        new MessageCompleted(
                                "a", "g", ATTEMPT, "x", "thought", "stop", USAGE, List.of(SOURCE), TIMINGS)),
                logged("t", new MessageCompleted("a", "g", ATTEMPT, "", null, "stop", USAGE, List.of(), NO_TIMINGS)),
                logged("t", new TurnFailed("a", "g", ATTEMPT, "no_worker", "none", "x", USAGE, TIMINGS)),
                logged("t", new TurnFailed("a", "g", null, "no_worker", "none", "", null, NO_TIMINGS)),
                logged("t", new TurnCancelled("a", "m", "g", ATTEMPT, "x", USAGE, true, TIMINGS)),
                logged("t", new TurnCancelled("a", "m", null, null, "", null, false, NO_TIMINGS)),
                logged(null, new FeedbackRecorded("a", "5", "good")),
                logged(null, new FeedbackRecorded("a", "up", null)),
                new FeedEvent.MessageStarted(CONVERSATION, "t", "a", 1, "engine", "model"),
                new FeedEvent.MessageDelta(CONVERSATION, "t", "a", 1, 0, Kind.TEXT, "x"),
                new FeedEvent.MessageDelta(CONVERSATION, "t", "a", 1, 1, Kind.REASONING, "x"),
                new FeedEvent.MessageReset(CONVERSATION, "t", "a", 2, "worker_lost"),
                new FeedEvent.MessageSnapshot(CONVERSATION, "t", "a", 1, -1, "", ""),
                new FeedEvent.MessageSnapshot(CONVERSATION, "t", "a", 1, 7, "x", "thought"),
                new FeedEvent.FeedGap("default", Optional.of(CONVERSATION), "events_missing"),
                new FeedEvent.FeedGap("default", Optional.empty(), "archive_behind"));
    }

    private static JsonNode data(FeedEvent event) {
        try {
            return DoorUnderTest.MAPPER.readTree(WireEvents.data(event));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @ParameterizedTest
    @MethodSource("events")
    void anEventIsAsDocumented(FeedEvent event) {
        JsonNode data = data(event);
        String schema = openApi.at("/components/schemas/StreamEvent/discriminator/mapping")
                .path(data.path("type").asText())
                .asText();

        assertThat(openApi.objectionsTo(schema.substring(schema.lastIndexOf('/') + 1), data))
                .as(data.toString())
                .isEmpty();
        assertThat(openApi.objectionsTo("StreamEvent", data)).isEmpty();
    }

    @Test
    void everyEventIsDocumented() {
        Set<String> types =
                events().map(event -> data(event).path("type").asText()).collect(Collectors.toSet());
        types.add("conversation.changed"); // What this version does not know, no test can make.
        JsonNode mapping = openApi.at("/components/schemas/StreamEvent/discriminator/mapping");

        assertThat(mapping.properties().stream().map(Map.Entry::getKey)).containsExactlyInAnyOrderElementsOf(types);
        assertThat(openApi.at("/components/schemas/StreamEvent/oneOf"))
                .extracting(branch -> branch.path("$ref").asText())
                .containsExactlyInAnyOrderElementsOf(
                        mapping.valueStream().map(JsonNode::asText).toList());
    }
}
