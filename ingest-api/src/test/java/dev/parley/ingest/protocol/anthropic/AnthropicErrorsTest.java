package dev.parley.ingest.protocol.anthropic;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.chat.v1.Upstream;
import dev.parley.ingest.DoorUnderTest;
import dev.parley.ingest.DoorUnderTest.Reply;
import dev.parley.ingest.FakeWorld;
import dev.parley.ingest.http.Admission;
import dev.parley.ingest.http.ProblemException;
import dev.parley.schemas.ErrorCode;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Problems of messages, whoever notices them: in the form that Anthropic's clients read. */
class AnthropicErrorsTest {

    private static final String MESSAGES = "/v1/messages";
    private static final String[] VERSION = {"anthropic-version", "2023-06-01"};
    private static final Map<String, Object> ASKING =
            Map.of("model", "default", "messages", List.of(Map.of("role", "user", "content", "Hi")));

    @SuppressWarnings("NullAway.Init")
    private static DoorUnderTest door;

    @BeforeAll
    static void start() {
        door = DoorUnderTest.start();
    }

    @AfterAll
    static void stop() {
        door.close();
    }

    private static void expect(Reply reply, int status, String type, String code, boolean retry) {
        assertThat(reply.status()).as(reply.text()).isEqualTo(status);
        assertThat(reply.header("Content-Type")).startsWith("application/json");
        assertThat(reply.json().properties().stream().map(Map.Entry::getKey))
                .isEqualTo(List.of("type", "error", "request_id"));
        assertThat(reply.json().path("type").asText()).isEqualTo("error");
        assertThat(reply.json().at("/error/type").asText()).isEqualTo(type);
        assertThat(reply.json().at("/error/code").asText()).isEqualTo(code);
        assertThat(reply.json().at("/error/message").asText()).isNotBlank();
        assertThat(reply.json().path("request_id").asText())
                .isNotBlank()
                .isEqualTo(reply.header("request-id"))
                .isEqualTo(reply.header("x-request-id"));
        assertThat(reply.header("x-should-retry")).isEqualTo(Boolean.toString(retry));
        assertThat(reply.header("Cache-Control")).isEqualTo("no-store");
    }

    @Test
    void whatIsNotThere() {
        expect(door.get(MESSAGES + "/batches"), 404, "not_found_error", "not_found", false);
        expect(door.get(MESSAGES), 405, "invalid_request_error", "method_not_allowed", false);
        expect(
                door.post(MESSAGES, Map.of("model", "claude-none", "messages", List.of())),
                404,
                "not_found_error",
                "model_not_found",
                false);
        expect(door.get("/v1/skills", VERSION), 404, "not_found_error", "not_found", false);
        expect(door.get("/v1/files", VERSION), 405, "invalid_request_error", "method_not_allowed", false);
        expect(door.get("/v1/models/claude-none", VERSION), 404, "not_found_error", "model_not_found", false);
    }

    @Test
    void elsewhereProblemsStayAsTheyAre() {
        assertThat(door.get("/v1/nothing").json().path("request_id").isMissingNode())
                .isTrue();
        assertThat(door.get("/v1/messagesandmore").json().at("/error/code").asText())
                .isEqualTo("not_found");
        assertThat(door.get("/api/nothing", VERSION).header("Content-Type")).isEqualTo("application/problem+json");
    }

    @Test
    void whatIsWrongWithARequestIsNamed() {
        expect(door.post(MESSAGES, "{"), 400, "invalid_request_error", "invalid_json", false);
        Reply reply = door.post(
                MESSAGES,
                Map.of(
                        "model",
                        "default",
                        "messages",
                        List.of(Map.of("role", "user", "content", List.of(Map.of("type", "audio"))))));
        expect(reply, 400, "invalid_request_error", "invalid_request", false);
        assertThat(reply.json().at("/error/param").asText()).isEqualTo("messages[0].content[0].type");
        assertThat(reply.json().at("/error/message").asText()).startsWith("messages[0].content[0].type ");
        expect(
                door.post(MESSAGES, "{\"model\": \"" + "x".repeat(Admission.MAX_BODY_BYTES) + "\"}"),
                413,
                "request_too_large",
                "payload_too_large",
                false);
        expect(door.post(MESSAGES + "?betta=true", ASKING), 400, "invalid_request_error", "invalid_request", false);
    }

    /** The SDK's runner of tools asks for a thread first. */
    @Test
    void aThreadIsRefusedSoThatClientsGoOnWithoutOne() {
        Reply reply = door.post(
                MESSAGES,
                Map.of(
                        "model",
                        "default",
                        "messages",
                        List.of(Map.of("role", "user", "content", "Hi")),
                        "thread",
                        Map.of("type", "create")));

        expect(reply, 400, "invalid_request_error", "invalid_request", false);
        assertThat(reply.json().at("/error/details/error_code").asText()).isEqualTo("thread_unsupported_request");
    }

    @Test
    void aKeyComesAsTheirsOrAsABearer() {
        try (DoorUnderTest closed = new DoorUnderTest(new FakeWorld(), Map.of("PARLEY_API_KEYS", "a-long-key"))) {
            for (Reply reply : new Reply[] {
                closed.post(MESSAGES, ASKING),
                closed.post(MESSAGES, ASKING, "x-api-key", "another-key"),
                closed.post(MESSAGES + "/count_tokens", ASKING),
                closed.get("/v1/models", VERSION)
            }) {
                expect(reply, 401, "authentication_error", "unauthorized", false);
            }
            assertThat(closed.post(MESSAGES, ASKING, "x-api-key", "a-long-key").status())
                    .isEqualTo(200);
            assertThat(closed.post(MESSAGES, ASKING, "Authorization", "Bearer a-long-key")
                            .status())
                    .isEqualTo(200);
        }
        expect(door.post(MESSAGES, ASKING, "Origin", "null"), 403, "permission_error", "forbidden_host", false);
    }

    @Test
    void whatMayHaveBeenDoneIsRepeatedOnlyUnderAKey() {
        FakeWorld world = new FakeWorld();
        try (DoorUnderTest cut = DoorUnderTest.over(world)) {
            world.kafkaAway();
            Reply keyless = cut.post(MESSAGES, ASKING);
            expect(keyless, 503, "overloaded_error", "unavailable", false);
            assertThat(keyless.header("Retry-After")).isEqualTo("1");
            expect(cut.post(MESSAGES, ASKING, "Idempotency-Key", "k"), 503, "overloaded_error", "unavailable", true);
        }
    }

    @Test
    void anAnswerThatFailsIsTheRequestsFailure() {
        FakeWorld world = new FakeWorld();
        try (DoorUnderTest failing = DoorUnderTest.over(world)) {
            world.fail(ErrorCode.ENGINE_RATE_LIMITED);
            world.upstream(Upstream.newBuilder()
                    .setCalls(4)
                    .setRetryAfterMillis(29_001L)
                    .build());
            Reply limited = failing.post(MESSAGES, ASKING);
            expect(limited, 429, "rate_limit_error", "engine_rate_limited", false);
            assertThat(limited.header("Retry-After")).isEqualTo("30");
            assertThat(limited.header("retry-after-ms")).isEqualTo("29001");
            assertThat(limited.header("x-parley-attempts")).isEqualTo("4");
            world.fail(ErrorCode.TURN_TIMEOUT);
            expect(failing.post(MESSAGES, ASKING), 504, "timeout_error", "turn_timeout", false);
            world.answer(FakeWorld.Answer.CANCEL);
            expect(failing.post(MESSAGES, ASKING), 409, "invalid_request_error", "cancelled", false);
            world.reject(ErrorCode.QUEUE_FULL);
            expect(failing.post(MESSAGES, ASKING), 429, "rate_limit_error", "queue_full", true);
        }
    }

    @ParameterizedTest
    @EnumSource(ErrorCode.class)
    void everyCodeHasAType(ErrorCode code) {
        int status = ProblemException.status(code);

        assertThat(AnthropicErrors.type(status).equals("invalid_request_error"))
                .isEqualTo(
                        status / 100 == 4 && !List.of(401, 403, 404, 413, 429).contains(status));
    }
}
