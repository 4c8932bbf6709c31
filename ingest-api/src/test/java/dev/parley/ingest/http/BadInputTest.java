package dev.parley.ingest.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.ingest.DoorUnderTest;
import dev.parley.ingest.DoorUnderTest.Reply;
import java.nio.charset.StandardCharsets;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever is sent: a problem that names what is wrong, and nothing on the log. */
class BadInputTest {

    private static final String MESSAGES = "/api/conversations/c/messages";

    private static DoorUnderTest door;

    @BeforeAll
    static void start() {
        door = DoorUnderTest.start();
        door.world.conversation("c");
    }

    @AfterAll
    static void stop() {
        door.close();
    }

    /** One bad request and the problem that it gets: {@code status code[:field]}. */
    @SuppressWarnings("ArrayRecordComponent") // On its way to a socket, compared by nobody.
    record Case(String method, String path, String contentType, byte[] body, String problem) {
        @Override
        public String toString() {
            String text = new String(body, StandardCharsets.UTF_8);
            return method + " " + path + " " + text.substring(0, Math.min(60, text.length())) + " -> " + problem;
        }
    }

    private static Case post(String path, String body, String problem) {
        return new Case("POST", path, "application/json", body.getBytes(StandardCharsets.UTF_8), problem);
    }

    private static Case message(String body, String problem) {
        return post(MESSAGES, body, problem);
    }

    private static Case create(String body, String problem) {
        return post("/api/conversations", body, problem);
    }

    private static Case get(String path, String problem) {
        return new Case("GET", path, "", new byte[0], problem);
    }

    private static Case method(String method, String path, String problem) {
        return new Case(method, path, "application/json", "{}".getBytes(StandardCharsets.UTF_8), problem);
    }

    private static String pairs(int count) {
        return IntStream.range(0, count).mapToObj(i -> "\"k" + i + "\": \"v\"").collect(Collectors.joining(","));
    }

    static Stream<Case> badRequests() {
        return Stream.of(malformedJson(), fields(), metadata(), creation(), otherCalls(), queries(), routes(), media())
                .flatMap(cases -> cases);
    }

    private static Stream<Case> malformedJson() {
        return Stream.of(
                message("{\"content\": ", "400 invalid_json"),
                message("{content: 1}", "400 invalid_json"),
                message("{'content': 'x'}", "400 invalid_json"),
                message("{\"content\": \"x\"} {}", "400 invalid_json"),
                message("{\"content\": \"x\"} x", "400 invalid_json"),
                message("{\"content\": \"x\",}", "400 invalid_json"),
                message("[]", "400 invalid_json"),
                message("\"content\"", "400 invalid_json"),
                message("null", "400 invalid_json"),
                message("   ", "400 invalid_json"),
                message("NaN", "400 invalid_json"),
                message("{\"content\": \"a\nb\"}", "400 invalid_json"),
                message("{\"content\": \"\\x\"}", "400 invalid_json"),
                message("{\"content\": \"\\ud8\"}", "400 invalid_json"),
                message("{\"content\": 01}", "400 invalid_json"),
                message("[".repeat(100_000), "400 invalid_json"),
                message("{\"content\": " + "[".repeat(70) + "]".repeat(70) + "}", "400 invalid_json"),
                message("{\"content\": \"x\", \"content\": \"y\"}", "400 invalid_json:content"),
                message(
                        "{\"content\": \"x\", \"metadata\": {\"a\": \"1\", \"a\": \"2\"}}",
                        "400 invalid_json:metadata.a"),
                new Case(
                        "POST",
                        MESSAGES,
                        "application/json",
                        new byte[] {'{', '"', 'c', '"', ':', '"', (byte) 0xc3, (byte) 0x28, '"', '}'},
                        "400 invalid_json"),
                new Case(
                        "POST",
                        MESSAGES,
                        "application/json",
                        "{\"content\": \"x\"}".getBytes(StandardCharsets.UTF_16LE),
                        "400 invalid_json"));
    }

    private static Stream<Case> fields() {
        return Stream.of(
                message("", "400 invalid_request:content"),
                message("{}", "400 invalid_request:content"),
                message("{\"content\": null}", "400 invalid_request:content"),
                message("{\"content\": \"\"}", "400 invalid_request:content"),
                message("{\"content\": \" \\n\\t\"}", "400 invalid_request:content"),
                message("{\"content\": 7}", "400 invalid_request:content"),
                message("{\"content\": [\"x\"]}", "400 invalid_request:content"),
                message("{\"content\": {\"text\": \"x\"}}", "400 invalid_request:content"),
                message("{\"content\": true}", "400 invalid_request:content"),
                message("{\"content\": \"\\ud83d\"}", "400 invalid_request:content"),
                message("{\"content\": \"\\ude00\\ud83d\"}", "400 invalid_request:content"),
                message("{\"content\": \"" + "a".repeat(1024 * 1024 + 1) + "\"}", "413 payload_too_large:content"),
                message("{\"content\": \"" + "€".repeat(400_000) + "\"}", "413 payload_too_large:content"),
                message("{\"content\": \"x\", \"onbusy\": \"reject\"}", "400 invalid_request:onbusy"),
                message("{\"content\": \"x\", \"extra\": 1}", "400 invalid_request:extra"),
                message("{\"content\": \"x\", \"onBusy\": \"REJECT\"}", "400 invalid_request:onBusy"),
                message("{\"content\": \"x\", \"onBusy\": \"never\"}", "400 invalid_request:onBusy"),
                message("{\"content\": \"x\", \"onBusy\": 1}", "400 invalid_request:onBusy"),
                message("{\"content\": \"x\", \"intent\": \"a b\"}", "400 invalid_id:intent"),
                message("{\"content\": \"x\", \"engine\": \"\"}", "400 invalid_id:engine"),
                message("{\"content\": \"x\", \"engine\": \"" + "e".repeat(101) + "\"}", "400 invalid_id:engine"),
                message("{\"content\": \"x\", \"messageId\": \"a/b\"}", "400 invalid_id:messageId"),
                message("{\"content\": \"x\", \"messageId\": \"\"}", "400 invalid_id:messageId"),
                message("{\"content\": \"x\", \"messageId\": 12}", "400 invalid_request:messageId"));
    }

    private static Stream<Case> metadata() {
        return Stream.of(
                message("{\"content\": \"x\", \"metadata\": []}", "400 invalid_request:metadata"),
                message("{\"content\": \"x\", \"metadata\": \"a\"}", "400 invalid_request:metadata"),
                message("{\"content\": \"x\", \"metadata\": {" + pairs(17) + "}}", "400 invalid_request:metadata"),
                message("{\"content\": \"x\", \"metadata\": {\"a\": 1}}", "400 invalid_request:metadata.a"),
                message("{\"content\": \"x\", \"metadata\": {\"a\": null}}", "400 invalid_request:metadata.a"),
                message("{\"content\": \"x\", \"metadata\": {\"a\": {}}}", "400 invalid_request:metadata.a"),
                message("{\"content\": \"x\", \"metadata\": {\"\": \"v\"}}", "400 invalid_request:metadata"),
                message(
                        "{\"content\": \"x\", \"metadata\": {\"" + "k".repeat(65) + "\": \"v\"}}",
                        "400 invalid_request:metadata"),
                message("{\"content\": \"x\", \"metadata\": {\"\\ud83d\": \"v\"}}", "400 invalid_request:metadata"),
                message(
                        "{\"content\": \"x\", \"metadata\": {\"a\": \"" + "v".repeat(513) + "\"}}",
                        "400 invalid_request:metadata.a"),
                message("{\"content\": \"x\", \"metadata\": {\"a\": \"\\u0000\"}}", "400 invalid_request:metadata.a"));
    }

    private static Stream<Case> creation() {
        return Stream.of(
                create("{\"id\": \"\"}", "400 invalid_id:id"),
                create("{\"id\": \"a b\"}", "400 invalid_id:id"),
                create("{\"id\": \"ä\"}", "400 invalid_id:id"),
                create("{\"id\": \"a\\u0000\"}", "400 invalid_id:id"),
                create("{\"id\": \"" + "x".repeat(129) + "\"}", "400 invalid_id:id"),
                create("{\"id\": 5}", "400 invalid_request:id"),
                create("{\"title\": \"\"}", "400 invalid_request:title"),
                create("{\"title\": \"" + "t".repeat(201) + "\"}", "400 invalid_request:title"),
                create("{\"title\": \"" + "t".repeat(5000) + "\"}", "413 payload_too_large:title"),
                create("{\"title\": \"\\udc00\"}", "400 invalid_request:title"),
                create("{\"workspaceId\": \"a/b\"}", "400 invalid_id:workspaceId"),
                create("{\"name\": \"x\"}", "400 invalid_request:name"));
    }

    private static Stream<Case> otherCalls() {
        return Stream.of(
                method("PATCH", "/api/conversations/c", "400 invalid_request:title"),
                post("/api/conversations/c/cancel", "{\"turnId\": \"a b\"}", "400 invalid_id:turnId"),
                post("/api/conversations/c/cancel", "{\"turn\": \"a\"}", "400 invalid_request:turn"),
                post("/api/conversations/c/messages/m/feedback", "{}", "400 invalid_request:rating"),
                post("/api/conversations/c/messages/m/feedback", "{\"rating\": 0}", "400 invalid_request:rating"),
                post("/api/conversations/c/messages/m/feedback", "{\"rating\": 6}", "400 invalid_request:rating"),
                post("/api/conversations/c/messages/m/feedback", "{\"rating\": 4.5}", "400 invalid_request:rating"),
                post(
                        "/api/conversations/c/messages/m/feedback",
                        "{\"rating\": \"great\"}",
                        "400 invalid_request:rating"),
                post(
                        "/api/conversations/c/messages/m/feedback",
                        "{\"rating\": \"up\", \"comment\": \"" + "c".repeat(20_000) + "\"}",
                        "413 payload_too_large:comment"),
                post("/api/conversations/c/messages/m/feedback", "{\"rating\": \"up\"}", "404 message_not_found"),
                post("/api/conversations/c/messages/m/regenerate", "{}", "404 message_not_found"),
                post("/api/conversations/c/messages/a%20b/regenerate", "{}", "400 invalid_id:messageId"));
    }

    private static Stream<Case> queries() {
        return Stream.of(
                get("/api/conversations?limit=0", "400 invalid_request:limit"),
                get("/api/conversations?limit=-1", "400 invalid_request:limit"),
                get("/api/conversations?limit=201", "400 invalid_request:limit"),
                get("/api/conversations?limit=many", "400 invalid_request:limit"),
                get("/api/conversations?limit=99999999999", "400 invalid_request:limit"),
                get("/api/conversations?limit=", "400 invalid_request:limit"),
                get("/api/conversations?before=garbage", "400 invalid_cursor:before"),
                get("/api/conversations/c/events?cursor=garbage", "400 invalid_cursor:cursor"),
                get("/api/conversations/c/events?cursor=", "400 invalid_cursor:cursor"),
                get("/api/events?cursor=garbage", "400 invalid_cursor:cursor"),
                get("/api/conversations/c/export?format=pdf", "400 invalid_request:format"),
                get("/api/conversations/c/export?format=", "400 invalid_request:format"),
                get("/api/conversations?q=", "400 invalid_request:q"),
                get("/api/conversations?q=%20%09", "400 invalid_request:q"),
                get("/api/conversations?q=" + "x".repeat(201), "400 invalid_request:q"),
                get("/api/conversations?q=a+b+c+d+e+f+g+h+i+j+k", "400 invalid_request:q"),
                get("/api/conversations?sort=title", "400 invalid_request:sort"),
                get("/api/conversations/c/events?cursor=0&since=1", "400 invalid_request:since"),
                get("/api/chat/c/stream?cursor=0", "400 invalid_request:cursor"),
                post(MESSAGES + "?wait=5", "{\"content\": \"x\"}", "400 invalid_request:wait"),
                post("/api/chat?model=x", "{}", "400 invalid_request:model"));
    }

    private static Stream<Case> routes() {
        return Stream.of(
                get("/api/conversations/none", "404 conversation_not_found"),
                get("/api/conversations/none/messages", "404 conversation_not_found"),
                get("/api/conversations/none/export", "404 conversation_not_found"),
                get("/api/conversations/none/events", "404 conversation_not_found"),
                post("/api/conversations/none/messages", "{\"content\": \"x\"}", "404 conversation_not_found"),
                post("/api/conversations/none/cancel", "{}", "404 conversation_not_found"),
                method("DELETE", "/api/conversations/none", "404 conversation_not_found"),
                get("/api/conversations/a%20b", "400 invalid_id:id"),
                get("/api/conversations/" + "x".repeat(129), "400 invalid_id:id"),
                get("/api/conversations/a%2Fb", "400 invalid_id:id"),
                get("/api/conversations/%ff", "400 invalid_request"),
                get("/api", "404 not_found"),
                get("/nothing/here", "404 not_found"),
                get("/api/workspaces/w", "404 not_found"),
                get("/..%2f..%2fetc/passwd", "404 not_found"),
                method("PUT", "/api/conversations", "405 method_not_allowed"),
                method("POST", "/api/conversations/c/events", "405 method_not_allowed"),
                method("PATCH", "/api/conversations/c/messages", "405 method_not_allowed"),
                method("DELETE", "/metrics", "405 method_not_allowed"),
                method("TRACE", "/api/conversations", "405 method_not_allowed"),
                method("BREW", "/api/conversations", "405 method_not_allowed"));
    }

    private static Stream<Case> media() {
        byte[] fine = "{\"content\": \"x\"}".getBytes(StandardCharsets.UTF_8);
        return Stream.of(
                new Case("POST", MESSAGES, "text/plain", fine, "415 unsupported_media_type"),
                new Case("POST", MESSAGES, "", fine, "415 unsupported_media_type"),
                new Case("POST", MESSAGES, "application/x-www-form-urlencoded", fine, "415 unsupported_media_type"),
                new Case("POST", MESSAGES, "application/jsonx", fine, "415 unsupported_media_type"),
                new Case("POST", MESSAGES, "application/json; charset=utf-16", fine, "415 unsupported_media_type"),
                new Case("POST", MESSAGES, "application/json", new byte[2 * 1024 * 1024 + 1], "413 payload_too_large"));
    }

    @ParameterizedTest
    @MethodSource("badRequests")
    void isAProblemThatNamesWhatIsWrong(Case bad) {
        int before = door.world.commands().size();

        Reply reply = bad.contentType().isEmpty()
                ? door.send(bad.method(), bad.path(), bad.body())
                : door.send(bad.method(), bad.path(), bad.body(), "Content-Type", bad.contentType());

        assertThat(reply.header("Content-Type")).isEqualTo("application/problem+json");
        assertThat(reply.status() + " " + reply.problem()).isEqualTo(bad.problem());
        assertThat(reply.json().path("status").asInt()).isEqualTo(reply.status());
        assertThat(reply.json().path("title").asText()).isNotBlank();
        assertThat(reply.json().path("type").asText()).isEqualTo("about:blank");
        assertThat(reply.json().path("detail").asText()).isNotBlank();
        assertThat(reply.header("x-request-id")).isNotBlank();
        assertThat(door.world.commands()).hasSize(before);
    }

    @ParameterizedTest
    @MethodSource("badHeaders")
    void isAProblemInAHeaderToo(String name, String value, String problem) {
        Reply reply = door.post(MESSAGES, "{\"content\": \"x\"}", name, value);

        assertThat(reply.status() + " " + reply.problem()).isEqualTo(problem);
    }

    static Stream<Arguments> badHeaders() {
        return Stream.of(
                Arguments.of("Idempotency-Key", "k".repeat(256), "400 invalid_request:Idempotency-Key"),
                Arguments.of("Idempotency-Key", "", "400 invalid_request:Idempotency-Key"));
    }
}
