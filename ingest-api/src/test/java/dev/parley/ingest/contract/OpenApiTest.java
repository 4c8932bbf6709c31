package dev.parley.ingest.contract;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.chat.v1.Attempt;
import dev.parley.chat.v1.CallerPrompt;
import dev.parley.chat.v1.ConversationCreated;
import dev.parley.chat.v1.ConversationDeleted;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.ConversationRenamed;
import dev.parley.chat.v1.FeedbackRecorded;
import dev.parley.chat.v1.GenerationOptions;
import dev.parley.chat.v1.MessageAccepted;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.MessageRejected;
import dev.parley.chat.v1.OnBusy;
import dev.parley.chat.v1.Passage;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.Source;
import dev.parley.chat.v1.Timings;
import dev.parley.chat.v1.ToolCall;
import dev.parley.chat.v1.ToolDefinition;
import dev.parley.chat.v1.TurnCancelled;
import dev.parley.chat.v1.TurnFailed;
import dev.parley.chat.v1.TurnRetrieved;
import dev.parley.chat.v1.TurnRouted;
import dev.parley.chat.v1.TurnStarted;
import dev.parley.chat.v1.Usage;
import dev.parley.chat.v1.UsageBasis;
import dev.parley.ingest.DoorUnderTest;
import dev.parley.ingest.DoorUnderTest.Reply;
import dev.parley.ingest.FakeWorld;
import dev.parley.ingest.FakeWorld.Answer;
import dev.parley.ingest.documents.DocumentReader;
import dev.parley.ingest.http.Admission;
import dev.parley.ingest.http.ProblemException;
import dev.parley.ingest.protocol.aisdk.UiMessageEncoding;
import dev.parley.ingest.protocol.nativeapi.MessageCalls;
import dev.parley.ingest.protocol.nativeapi.SearchCalls;
import dev.parley.ingest.protocol.nativeapi.Views;
import dev.parley.ingest.protocol.openai.ChatCompletionEncoding;
import dev.parley.ingest.protocol.openai.ChatCompletionJson;
import dev.parley.ingest.protocol.openai.ResponseEncoding;
import dev.parley.ingest.protocol.openai.ResponseId;
import dev.parley.schemas.ConversationKey;
import dev.parley.schemas.ErrorCode;
import dev.parley.sinks.edge.StreamEncoding;
import dev.parley.sinks.feed.FeedEvent;
import dev.parley.sinks.feed.FeedEvent.MessageDelta.Kind;
import dev.parley.sinks.feed.Frame;
import dev.parley.sinks.postgres.ConversationSnapshot;
import dev.parley.sinks.postgres.ConversationSnapshot.ActiveTurn;
import dev.parley.sinks.postgres.ConversationSnapshot.Failure;
import dev.parley.sinks.postgres.ConversationSnapshot.Feedback;
import dev.parley.sinks.postgres.ConversationSnapshot.Message;
import dev.parley.sinks.postgres.ConversationSnapshot.Origin;
import dev.parley.sinks.postgres.ConversationSnapshot.Sent;
import dev.parley.sinks.postgres.ConversationSnapshot.Status;
import dev.parley.sinks.postgres.ConversationSnapshot.Summary;
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
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
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

    private static final String KEY = "key-of-default";
    private static final Map<String, String> KEYED = Map.of("PARLEY_API_KEYS", KEY);
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
    private static final Map<String, String> LOUD = Map.of("content", "x".repeat(MessageCalls.MAX_CONTENT_BYTES + 1));
    private static final String WAITING = "wait=20";

    static Stream<Row> rows() {
        return Stream.of(nativeRows(), documentRows(), openAiRows(), aiSdkRows())
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

    private static DoorUnderTest withDocument(DoorUnderTest door) {
        put(door, DOCUMENT + "?uri=https://example.com/b", "# B");
        return door;
    }

    private static DoorUnderTest withoutDocuments(DoorUnderTest door) {
        withDocument(door).documents.postgresAway();
        return door;
    }

    private static final String SEARCH = "/api/workspaces/w/search";
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
                new Row("putDocument", 413, door -> put(door, DOCUMENT, "x".repeat(DocumentReader.MAX_TEXT_BYTES + 1))),
                new Row("putDocument", 415, door -> put(door, DOCUMENT, "# B", "Content-Type", "image/png")),
                new Row("putDocument", 422, door -> put(door, DOCUMENT, " ")),
                new Row("putDocument", 422, door -> put(door, DOCUMENT, "a\u0000b")),
                new Row("putDocument", 503, door -> {
                    door.documents.kafkaAway();
                    return put(door, DOCUMENT, "# B");
                }),
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
                        door -> door.post(SEARCH, Map.of("query", "x".repeat(4 * SearchCalls.MAX_QUERY_CHARS + 1)))),
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

    // OpenAI's

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
                        door -> failing(door, ErrorCode.ENGINE_REJECTED)
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
        return Stream.of(completions, responses, both, models).flatMap(any -> any);
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

    // The AI SDK's

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
                new Row("chat", 400, door -> door.post(CHAT, with(hello, "messageId", "first"))),
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
                        door -> door.post(CHAT, chat("new", "first", "x".repeat(MessageCalls.MAX_CONTENT_BYTES + 1)))),
                new Row("chat", 415, door -> plain(door, "POST", CHAT)),
                new Row("chat", 422, door -> {
                    door.post(CHAT, hello);
                    return door.post(CHAT, chat("new", "first", "Something else"));
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

    // Held against the document

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
                        Optional.of(new Sent("fingerprint", List.of(ASKED_EARLIER, TOOL_RESULT))),
                        status,
                        Instant.EPOCH,
                        new ConversationSnapshot.Answer(
                                Optional.of(Instant.EPOCH),
                                Optional.of("thought"),
                                Optional.of("stop"),
                                Optional.of(USAGE),
                                List.of(SOURCE),
                                List.of(TOOL_CALL),
                                Optional.of(new Origin("engine", "model")),
                                Optional.of(new Failure("engine_error", "it broke"))),
                        Optional.of(new Feedback("up", Optional.of("good")))))
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
        return Stream.of(created, renamed, said, again, rated, stopped, completions(), responses(), chats())
                .flatMap(any -> any);
    }

    private static Stream<Asked> completions() {
        Stream<String> messages = Stream.of(
                        "[]",
                        "null",
                        "['x']",
                        "[{'role': 'user', 'content': ''}]",
                        "[{'role': 'user', 'content': null}]",
                        "[{'role': 'user', 'content': 'x', 'name': 'n'}]",
                        "[{'role': 'nobody', 'content': 'x'}]",
                        "[{'role': 'user', 'content': [{'type': 'text', 'text': 'x'}]}]",
                        "[{'role': 'user', 'content': [{'type': 'image_url', 'image_url': {'url': 'x'}}]}]",
                        "[{'role': 'user', 'content': [{'type': 'text', 'text': 'x', 'cache_control': {}}]}]",
                        "[{'role': 'developer', 'content': 'x'}, {'role': 'system', 'content': 'x'}]",
                        "[{'role': 'tool', 'tool_call_id': 'call_1', 'content': 'x'}]",
                        "[{'role': 'tool', 'content': 'x'}]",
                        said("'content': 'x', 'reasoning_content': 'hm', 'parsed': {}, 'annotations': []"),
                        said("'content': 'x', 'refusal': null, 'audio': null, 'function_call': null"),
                        said("'content': 'x', 'refusal': 'no'"),
                        said("'content': 'x', 'annotations': [{}]"),
                        said("'content': null"),
                        said("'content': null, 'tool_calls': []"),
                        said("'tool_calls': [{'id': 'i', 'function': {'name': 'f', 'arguments': '{}'}}]"),
                        said("'content': null, 'tool_calls': [{'id': 'i', 'type': 'function', 'index': 0,"
                                + " 'function': {'name': 'f', 'arguments': '{}', 'parsed_arguments': {}}}]"),
                        said(
                                "'tool_calls': [{'id': 'i', 'type': 'custom', 'function': {'name': 'f', 'arguments': ''}}]"),
                        said("'tool_calls': [{'id': 'i', 'function': {'name': 'f', 'arguments': {}}}]"))
                .map(list -> "'messages': " + list);
        Stream<String> options = Stream.concat(
                        options(),
                        Stream.of(
                                "'stream': true, 'stream_options': {'include_usage': true}",
                                "'stream': true, 'stream_options': {'include_usage': 1}",
                                "'stream': true, 'stream_options': {'include_obfuscation': true}",
                                "'max_completion_tokens': 1, 'max_tokens': 2",
                                "'max_completion_tokens': 0",
                                "'max_tokens': 1.5",
                                "'presence_penalty': -2, 'frequency_penalty': 2",
                                "'presence_penalty': -3",
                                "'seed': -1",
                                "'seed': 'x'",
                                "'stop': 'x'",
                                "'stop': ['x', 'y']",
                                "'stop': [1]",
                                "'stop': " + "x,".repeat(17).transform(OpenApiTest::list),
                                "'reasoning_effort': 'low'",
                                "'tools': [{'type': 'function', 'function': {'name': 'f', 'description': null,"
                                        + " 'parameters': {'type': 'object'}, 'strict': true}}]",
                                "'tools': [{'type': 'function', 'function': {'name': 'f', 'parameters': []}}]",
                                "'tools': [{'type': 'custom', 'custom': {'name': 'f'}}]",
                                "'tools': [{'type': 'function', 'name': 'f'}]",
                                "'tool_choice': 'auto'",
                                "'tool_choice': {'type': 'function', 'function': {'name': 'f'}}",
                                "'response_format': {'type': 'json_object'}",
                                "'n': 1",
                                "'n': 2",
                                "'logprobs': false",
                                "'logprobs': true",
                                "'modalities': ['text']",
                                "'modalities': ['text', 'audio']",
                                "'modalities': ['audio']",
                                "'logit_bias': {}",
                                "'functions': []"))
                .map(option -> "'messages': [{'role': 'user', 'content': 'x'}], " + option);
        return Stream.concat(messages, options)
                .map(fields -> new Asked("createChatCompletion", COMPLETIONS, "{'model': 'default', " + fields + "}"));
    }

    private static String said(String assistant) {
        return "[{'role': 'assistant', " + assistant + "}, {'role': 'user', 'content': 'x'}]";
    }

    private static String list(String commas) {
        return "[" + commas.substring(0, commas.length() - 1).replace("x", "'x'") + "]";
    }

    /** What both of OpenAI's calls take. */
    private static Stream<String> options() {
        return Stream.of(
                "'stream': true",
                "'stream': 'yes'",
                "'temperature': 0, 'top_p': 1, 'parallel_tool_calls': false, 'user': 'u'",
                "'temperature': null, 'top_p': null, 'tools': null, 'tool_choice': null, 'metadata': null",
                "'temperature': 2.5",
                "'top_p': -0.1",
                "'parallel_tool_calls': 'yes'",
                "'user': 1",
                "'metadata': {'k': 'v'}",
                "'metadata': {'k': 1}",
                "'store': false",
                "'store': 'no'",
                "'service_tier': 'auto'",
                "'service_tier': 'flex'",
                "'safety_identifier': 's', 'prompt_cache_key': 'k', 'prompt_cache_retention': '24h'",
                "'unheard_of': true");
    }

    private static Stream<Asked> responses() {
        Stream<String> inputs = Stream.of(
                        "''",
                        "null",
                        "[]",
                        "{}",
                        "[{'role': 'user', 'content': 'x'}]",
                        "[{'type': null, 'role': 'user', 'content': 'x'}]",
                        "[{'type': 'message', 'role': 'user', 'content': [{'type': 'input_text', 'text': 'x'}]}]",
                        "[{'type': 'message', 'role': 'user', 'content': [{'type': 'input_image', 'image_url': 'x'}]}]",
                        "[{'role': 'tool', 'content': 'x'}]",
                        "[{'role': 'user'}]",
                        "[{'role': 'user', 'content': 'x', 'name': 'n'}]",
                        item(
                                "'type': 'message', 'id': 'msg_1', 'status': 'completed', 'role': 'assistant', 'phase': null,"
                                        + " 'content': [{'type': 'output_text', 'text': 'x', 'annotations': [], 'logprobs': []}]"),
                        item("'type': 'function_call', 'id': 'fc', 'status': 'completed', 'call_id': 'c', 'name': 'f',"
                                + " 'arguments': '{}'"),
                        item("'type': 'function_call', 'name': 'f', 'arguments': '{}'"),
                        item("'type': 'function_call_output', 'call_id': 'c', 'output': 'x'"),
                        item(
                                "'type': 'function_call_output', 'call_id': 'c', 'output': [{'type': 'text', 'text': 'x'}]"),
                        item("'type': 'function_call_output', 'output': 'x'"),
                        item("'type': 'reasoning', 'id': 'rs', 'summary': [], 'encrypted_content': null"),
                        item("'type': 'item_reference'"),
                        item("'type': 'web_search_call', 'id': 'x'"))
                .map(input -> "'input': " + input);
        Stream<String> options = Stream.concat(
                        options(),
                        Stream.of(
                                "'model': 'default', 'instructions': 'Be brief.', 'previous_response_id': null",
                                "'model': null",
                                "'conversation': 'c'",
                                "'conversation': {'id': 'c'}",
                                "'conversation': 'a b'",
                                "'conversation': {'id': 'c', 'object': 'conversation'}",
                                "'conversation': {}",
                                "'stream': true, 'stream_options': {'include_obfuscation': false}",
                                "'stream': true, 'stream_options': {'include_usage': true}",
                                "'background': true",
                                "'background': 1",
                                "'max_output_tokens': 16",
                                "'max_output_tokens': 0",
                                "'max_tokens': 16",
                                "'reasoning': {'effort': 'low', 'summary': 'auto'}",
                                "'reasoning': {'summary': 'long'}",
                                "'reasoning': {'effort': 'low', 'generate_summary': 'auto'}",
                                "'text': {}",
                                "'text': {'format': null}",
                                "'text': {'format': {'type': 'text'}}",
                                "'text': {'format': {'type': 'json_object'}}",
                                "'text': {'format': {'type': 'json_schema', 'name': 'n', 'schema': {}, 'strict': true}}",
                                "'text': {'format': {'type': 'json_schema', 'name': 'n'}}",
                                "'text': {'format': {'type': 'grammar'}}",
                                "'text': {'format': {'type': 'text', 'name': 'n'}}",
                                "'text': {'verbosity': 'low'}",
                                "'tools': [{'type': 'function', 'name': 'f', 'parameters': null, 'strict': false}]",
                                "'tools': [{'type': 'web_search'}]",
                                "'tools': [{'type': 'function', 'function': {'name': 'f'}}]",
                                "'tool_choice': 'required'",
                                "'tool_choice': 'any'",
                                "'tool_choice': {'type': 'function', 'name': 'f'}",
                                "'tool_choice': {'type': 'web_search'}",
                                "'truncation': 'disabled'",
                                "'truncation': 'never'",
                                "'top_logprobs': 0",
                                "'top_logprobs': 2",
                                "'include': ['reasoning.encrypted_content']",
                                "'include': ['message.output_text.logprobs']",
                                "'prompt': {'id': 'p'}"))
                .map(option -> "'input': 'x', " + option);
        return Stream.concat(inputs, options).map(fields -> new Asked("createResponse", RESPONSES, "{" + fields + "}"));
    }

    private static String item(String fields) {
        return "[{" + fields + "}, {'role': 'user', 'content': 'x'}]";
    }

    private static Stream<Asked> chats() {
        String user = "{'id': 'm', 'role': 'user', 'parts': [{'type': 'text', 'text': 'x'}]}";
        return Stream.of(
                        "'id': 'new', 'messages': [" + user + "]",
                        "'id': 'new', 'trigger': 'submit-message', 'messageId': null, 'messages': [" + user + "]",
                        "'id': 'new', 'trigger': null, 'messages': [" + user.replace("'id': 'm', ", "") + "]",
                        "'id': 'newer', 'onBusy': 'interrupt', 'intent': 'a/b', 'engine': 'c:d', 'metadata': {'k': 'v'},"
                                + " 'messages': [" + user + "]",
                        "'id': 'newest', 'messages': [{'role': 'system'}, {'role': 'assistant', 'parts':"
                                + " [{'type': 'step-start'}, {'type': 'text', 'text': 'x', 'state': 'done'}],"
                                + " 'metadata': {}}, " + user + "]",
                        "'id': 'new', 'messages': []",
                        "'id': 'new'",
                        "'messages': [" + user + "]",
                        "'id': 'a b', 'messages': [" + user + "]",
                        "'id': 'new', 'messageId': 'm', 'messages': [" + user + "]",
                        "'id': 'new', 'trigger': 'resume', 'messages': [" + user + "]",
                        "'id': 'new', 'onBusy': 'wait', 'messages': [" + user + "]",
                        "'id': 'new', 'body': {}, 'messages': [" + user + "]",
                        "'id': 'new', 'messages': [{'role': 'tool', 'parts': []}, " + user + "]",
                        "'id': 'new', 'messages': [{'role': 'user', 'parts': [{'type': 'file', 'url': 'x'}]}, " + user
                                + "]",
                        "'id': 'new', 'messages': [{'role': 'user', 'parts': [{'type': 'text'}]}]",
                        "'id': 'new', 'messages': [{'role': 'user', 'parts': [{'text': 'x'}]}]")
                .map(fields -> new Asked("chat", CHAT, "{" + fields + "}"));
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
    private static final Usage USAGE = new Usage(3, 2, UsageBasis.ESTIMATED, null);
    private static final Source SOURCE = new Source("s", "Title", "https://example.org/s", 0.5);
    private static final Source BARE_SOURCE = new Source("s", "Title", null, 2.0);
    private static final Timings TIMINGS = new Timings(1.0, 2.0, 3.0, 4.0);
    private static final Timings NO_TIMINGS = new Timings(null, null, null, null);
    private static final ToolCall TOOL_CALL = new ToolCall("call_1", "get_weather", "{\"place\":\"Bern\"}");
    private static final PromptMessage ASKED_EARLIER = new PromptMessage(Role.ASSISTANT, "", List.of(TOOL_CALL), null);
    private static final PromptMessage TOOL_RESULT = new PromptMessage(Role.TOOL, "rain", List.of(), "call_1");
    private static final CallerPrompt PROMPT = new CallerPrompt(
            Role.TOOL,
            "call_1",
            List.of(ASKED_EARLIER, TOOL_RESULT),
            GenerationOptions.newBuilder()
                    .setInstructions("Be brief.")
                    .setTools(List.of(
                            new ToolDefinition("get_weather", "Tells it", "{\"type\":\"object\"}", true),
                            new ToolDefinition("bare", null, null, null)))
                    .setToolChoice("{\"type\":\"function\",\"function\":{\"name\":\"get_weather\"}}")
                    .setResponseFormat("{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"n\",\"schema\":{}}}")
                    .setMaxOutputTokens(7)
                    .setTemperature(0.5)
                    .setReasoningEffort("low")
                    .setUser("someone")
                    .build());
    private static final Attempt ATTEMPT = new Attempt("a", 1, "engine", "model", "worker", "");

    private static FeedEvent logged(@Nullable String turnId, SpecificRecord body) {
        return new FeedEvent.Logged(
                CONVERSATION, new ConversationEvent("default", "c", 1L, Instant.EPOCH, "cause", turnId, null, body));
    }

    private static FeedEvent accepted(String turnId) {
        return logged(
                turnId,
                new MessageAccepted(
                        "m", "a", Role.TOOL, "x", OnBusy.ENQUEUE, null, null, Map.of("k", "v"), "f", PROMPT));
    }

    private static FeedEvent completed(
            String turnId, String content, @Nullable String reasoning, String finishReason, ToolCall... calls) {
        return logged(
                turnId,
                new MessageCompleted(
                        "a",
                        "g",
                        ATTEMPT,
                        content,
                        reasoning,
                        finishReason,
                        USAGE,
                        List.of(),
                        NO_TIMINGS,
                        List.of(calls)));
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
                                "m", "a", Role.USER, "x", OnBusy.ROLLBACK, "i", "e", Map.of("k", "v"), "f", null)),
                accepted("t"),
                logged("t", new MessageRejected("m", "busy", "a turn is running")),
                logged("t", new TurnStarted("m", "a", "g", "earlier")),
                logged("t", new TurnStarted("m", "a", "g", null)),
                logged("t", new TurnRouted("a", "chat", 1.0, "default", "explicit")),
                logged("t", new TurnRetrieved("a", List.of(SOURCE, BARE_SOURCE))),
                logged(
                        "t",
                        new MessageCompleted(
                                "a",
                                "g",
                                ATTEMPT,
                                "x",
                                "thought",
                                "stop",
                                USAGE,
                                List.of(SOURCE),
                                TIMINGS,
                                List.of(TOOL_CALL))),
                completed("t", "", null, "stop"),
                logged("t", new TurnFailed("a", "g", ATTEMPT, "no_worker", "none", "x", USAGE, TIMINGS)),
                logged("t", new TurnFailed("a", "g", null, "no_worker", "none", "", null, NO_TIMINGS)),
                logged("t", new TurnCancelled("a", "m", "g", ATTEMPT, "x", USAGE, true, TIMINGS)),
                logged("t", new TurnCancelled("a", "m", null, null, "", null, false, NO_TIMINGS)),
                logged(null, new FeedbackRecorded("a", "5", "good")),
                logged(null, new FeedbackRecorded("a", "up", null)),
                new FeedEvent.MessageStarted(CONVERSATION, "t", "a", 1, "engine", "model"),
                new FeedEvent.MessageDelta(CONVERSATION, "t", "a", 1, 0, Kind.TEXT, "x"),
                new FeedEvent.MessageDelta(CONVERSATION, "t", "a", 1, 1, Kind.REASONING, "x"),
                new FeedEvent.MessageToolCall(CONVERSATION, "t", "a", 1, 2, TOOL_CALL),
                new FeedEvent.MessageReset(CONVERSATION, "t", "a", 2, "worker_lost"),
                new FeedEvent.MessageSnapshot(CONVERSATION, "t", "a", 1, -1, "", "", List.of()),
                new FeedEvent.MessageSnapshot(CONVERSATION, "t", "a", 1, 7, "x", "thought", List.of(TOOL_CALL)),
                new FeedEvent.FeedGap("default", Optional.of(CONVERSATION), FeedEvent.FeedGap.Reason.EVENTS_MISSING),
                new FeedEvent.FeedGap("default", Optional.empty(), FeedEvent.FeedGap.Reason.ARCHIVE_BEHIND));
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

    // The same events in the other protocols

    private static final String TURN = "turn_0123456789abcdef01234567";

    /** Turns as they go on after they have started. */
    static Stream<List<FeedEvent>> stories() {
        FeedEvent begins = new FeedEvent.MessageStarted(CONVERSATION, TURN, "a", 1, "engine", "model");
        FeedEvent thinks = new FeedEvent.MessageDelta(CONVERSATION, TURN, "a", 1, 0, Kind.REASONING, "hm");
        FeedEvent says = new FeedEvent.MessageDelta(CONVERSATION, TURN, "a", 1, 1, Kind.TEXT, "It");
        return Stream.of(
                List.of(
                        logged(TURN, new TurnRetrieved("a", List.of(SOURCE, BARE_SOURCE))),
                        begins,
                        thinks,
                        says,
                        new FeedEvent.MessageToolCall(CONVERSATION, TURN, "a", 1, 2, TOOL_CALL),
                        completed(
                                TURN,
                                "It rains",
                                "hm",
                                "tool_calls",
                                TOOL_CALL,
                                new ToolCall("call_2", "broken", "{"))),
                List.of(completed(TURN, "", null, "stop")),
                List.of(completed(TURN, "", null, "tool_calls", TOOL_CALL)),
                List.of(completed(TURN, "It", "hm", "length")),
                List.of(begins, thinks, completed(TURN, "It", "hm", "content_filter")),
                List.of(
                        begins,
                        says,
                        logged(TURN, new TurnFailed("a", "g", ATTEMPT, "engine_error", "no", "It", USAGE, TIMINGS))),
                List.of(
                        begins,
                        says,
                        logged(TURN, new TurnCancelled("a", "m", "g", ATTEMPT, "It", USAGE, true, TIMINGS))),
                List.of(logged(TURN, new TurnCancelled("a", "m", null, null, "", null, false, NO_TIMINGS))),
                List.of(logged(TURN, new MessageRejected("m", "queue_full", "wait"))),
                List.of(begins, says, new FeedEvent.MessageReset(CONVERSATION, TURN, "a", 2, "worker_lost")),
                List.of(
                        begins,
                        says,
                        new FeedEvent.FeedGap(
                                "default", Optional.of(CONVERSATION), FeedEvent.FeedGap.Reason.EVENTS_MISSING)));
    }

    private static List<JsonNode> told(StreamEncoding encoding, List<FeedEvent> story) {
        byte[] _ = encoding.heartbeat(); // Once anything was sent, what fails is told as an event.
        StringBuilder stream = new StringBuilder();
        Stream.concat(Stream.of(accepted(TURN), logged(TURN, new TurnStarted("m", "a", "g", null))), story.stream())
                .map(event -> encoding.encode(new Frame(event, "1", new byte[0])))
                .flatMap(List::stream)
                .forEach(piece -> stream.append(new String(piece, StandardCharsets.UTF_8)));
        assertThat(encoding.isOver()).isTrue();
        return PublishedOpenApi.told(stream.toString());
    }

    private static List<JsonNode> toldAsCompletion(List<FeedEvent> story, boolean includeUsage) {
        return told(
                new ChatCompletionEncoding(
                        "chatcmpl-0123456789abcdef01234567", TURN, "default", Instant.EPOCH, includeUsage),
                story);
    }

    private static List<JsonNode> toldAsResponse(List<FeedEvent> story) {
        return told(new ResponseEncoding(ResponseId.of(TURN, "c"), ResponseEncoding.NOTHING_SEEN, true), story);
    }

    private static List<JsonNode> toldAsUiMessage(List<FeedEvent> story) {
        return told(new UiMessageEncoding(CONVERSATION, TURN), story);
    }

    @ParameterizedTest
    @MethodSource("stories")
    void aTurnIsToldAsDocumentedInEveryProtocol(List<FeedEvent> story) {
        assertDocumented("ChatCompletionEvent", toldAsCompletion(story, false));
        assertDocumented("ChatCompletionEvent", toldAsCompletion(story, true));
        assertDocumented("ResponseEvent", toldAsResponse(story));
        assertDocumented("UiMessageChunk", toldAsUiMessage(story));
        if (story.getLast() instanceof FeedEvent.Logged(var key, ConversationEvent end)
                && end.getBody() instanceof MessageCompleted completed) {
            assertDocumented(
                    "ChatCompletion",
                    List.of(ChatCompletionJson.whole("chatcmpl-0123456789abcdef01234567", Instant.EPOCH, completed)));
        }
    }

    private static void assertDocumented(String schema, List<JsonNode> told) {
        for (JsonNode data : told) {
            assertThat(openApi.objectionsTo(schema, data)).as(data.toString()).isEmpty();
        }
    }

    @Test
    void everyStreamEventThatIsDocumentedIsTold() {
        assertThat(types(OpenApiTest::toldAsResponse)).isEqualTo(documentedTypes("ResponseEvent"));
        assertThat(types(OpenApiTest::toldAsUiMessage)).isEqualTo(documentedTypes("UiMessageChunk"));
    }

    private static Set<String> types(Function<List<FeedEvent>, List<JsonNode>> telling) {
        return stories()
                .flatMap(story -> telling.apply(story).stream())
                .map(data -> data.path("type").asText())
                .collect(Collectors.toSet());
    }

    private static Set<String> documentedTypes(String union) {
        return openApi.at("/components/schemas/" + union + "/discriminator/mapping").properties().stream()
                .map(Map.Entry::getKey)
                .collect(Collectors.toSet());
    }
}
