package dev.parley.ingest.protocol.openai;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.chat.v1.Upstream;
import dev.parley.ingest.DoorUnderTest;
import dev.parley.ingest.DoorUnderTest.Reply;
import dev.parley.ingest.FakeWorld;
import dev.parley.ingest.http.Admission;
import dev.parley.ingest.http.RetryAdvice;
import dev.parley.schemas.ErrorCode;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Problems under {@code /v1}, whoever notices them: in the form that OpenAI's clients read. */
class OpenAiErrorsTest {

    private static final Map<String, Object> ASKING =
            Map.of("model", "default", "messages", List.of(Map.of("role", "user", "content", "Hi")));

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
        assertThat(reply.json()).hasSize(1);
        assertThat(reply.json().path("error").properties().stream().map(Map.Entry::getKey))
                .isEqualTo(List.of("message", "type", "param", "code"));
        assertThat(reply.json().at("/error/type").asText()).isEqualTo(type);
        assertThat(reply.json().at("/error/code").asText()).isEqualTo(code);
        assertThat(reply.json().at("/error/message").asText()).isNotBlank();
        assertThat(reply.header("x-should-retry")).isEqualTo(Boolean.toString(retry));
        assertThat(reply.header("x-request-id")).isNotBlank();
        assertThat(reply.header("Cache-Control")).isEqualTo("no-store");
    }

    @Test
    void whatIsNotThere() {
        expect(door.get("/v1/nothing"), 404, "invalid_request_error", "not_found", false);
        expect(door.get("/v1/models/none"), 404, "invalid_request_error", "model_not_found", false);
        expect(door.get("/v1/responses/none"), 404, "invalid_request_error", "not_found", false);
        expect(
                door.get("/v1/responses/resp_" + "0".repeat(24) + ".c"),
                404,
                "invalid_request_error",
                "not_found",
                false);
    }

    @Test
    void aWrongMethod() {
        Reply reply = door.send("PUT", "/v1/models", null);

        expect(reply, 405, "invalid_request_error", "method_not_allowed", false);
        assertThat(reply.header("Allow")).contains("GET");
    }

    @Test
    void aBodyThatIsTooLargeOrNoJson() {
        expect(
                door.post("/v1/chat/completions", " ".repeat(Admission.MAX_BODY_BYTES + 1)),
                413,
                "invalid_request_error",
                "payload_too_large",
                false);
        expect(door.post("/v1/responses", "{"), 400, "invalid_request_error", "invalid_json", false);
        expect(
                door.send("POST", "/v1/responses", new byte[] {'{', '}'}, "Content-Type", "text/plain"),
                415,
                "invalid_request_error",
                "unsupported_media_type",
                false);
    }

    @Test
    void aMemberThatDoesNotDoIsNamed() {
        Reply reply = door.post("/v1/chat/completions", "{\"model\": \"default\", \"messages\": [{\"role\": \"x\"}]}");

        expect(reply, 400, "invalid_request_error", "invalid_request", false);
        assertThat(reply.json().at("/error/param").asText()).isEqualTo("messages[0].role");
        assertThat(reply.json().at("/error/message").asText()).startsWith("messages[0].role ");
    }

    @Test
    void aCallerWithoutAKey() {
        try (DoorUnderTest closed = new DoorUnderTest(new FakeWorld(), Map.of("PARLEY_API_KEYS", "a-long-key"))) {
            for (Reply reply : new Reply[] {
                closed.get("/v1/models"),
                closed.post("/v1/chat/completions", ASKING, "Authorization", "Bearer another-key"),
                closed.post("/v1/responses", "{ nonsense")
            }) {
                expect(reply, 401, "invalid_request_error", "unauthorized", false);
                assertThat(reply.header("WWW-Authenticate")).isEqualTo("Bearer");
            }
            assertThat(closed.get("/v1/models", "Authorization", "Bearer a-long-key")
                            .status())
                    .isEqualTo(200);
        }
    }

    @Test
    void whatMayHaveBeenDoneIsRepeatedOnlyUnderAKey() {
        FakeWorld world = new FakeWorld();
        try (DoorUnderTest cut = DoorUnderTest.over(world)) {
            world.kafkaAway();
            Reply keyless = cut.post("/v1/chat/completions", ASKING);
            expect(keyless, 503, "server_error", "unavailable", false);
            assertThat(keyless.header("Retry-After")).isEqualTo("1");

            expect(
                    cut.post("/v1/chat/completions", ASKING, "Idempotency-Key", "k"),
                    503,
                    "server_error",
                    "unavailable",
                    true);
        }
    }

    @Test
    void anAnswerThatFailsIsTheRequestsFailure() {
        FakeWorld world = new FakeWorld();
        try (DoorUnderTest failing = DoorUnderTest.over(world)) {
            world.answer(FakeWorld.Answer.FAIL);
            expect(failing.post("/v1/chat/completions", ASKING), 502, "server_error", "engine_error", false);
            expect(failing.post("/v1/responses", Map.of("input", "Hi")), 502, "server_error", "engine_error", false);
            world.answer(FakeWorld.Answer.REJECT);
            expect(failing.post("/v1/chat/completions", ASKING), 409, "invalid_request_error", "busy", false);
        }
    }

    /** What a model server asks for reaches whoever waits, in seconds that are not too few. */
    @Test
    void whoWaitsIsToldWhenToComeAgainAndHowOftenModelServersWereAsked() {
        FakeWorld world = new FakeWorld();
        try (DoorUnderTest failing = DoorUnderTest.over(world)) {
            world.fail(ErrorCode.ENGINE_RATE_LIMITED);
            world.upstream(Upstream.newBuilder()
                    .setCalls(4)
                    .setRetryAfterMillis(29_001L)
                    .build());
            for (Reply reply : List.of(
                    failing.post("/v1/chat/completions", ASKING),
                    failing.post("/v1/responses", Map.of("input", "Hi")))) {
                expect(reply, 429, "rate_limit_error", "engine_rate_limited", false);
                assertThat(reply.header("Retry-After")).isEqualTo("30");
                assertThat(reply.header("retry-after-ms")).isEqualTo("29001");
                assertThat(reply.header("x-parley-attempts")).isEqualTo("4");
            }
            world.fail(ErrorCode.ENGINE_REJECTED);
            world.upstream(Upstream.newBuilder().setCalls(1).build());
            Reply refused = failing.post("/v1/chat/completions", ASKING);
            expect(refused, 400, "invalid_request_error", "engine_rejected", false);
            assertThat(refused.header("Retry-After")).isEmpty();
            assertThat(refused.header("x-parley-attempts")).isEqualTo("1");
        }
    }

    @Test
    void anAnswersHeadersSayHowItCameToBe() {
        FakeWorld world = new FakeWorld();
        try (DoorUnderTest answering = DoorUnderTest.over(world)) {
            world.upstream(Upstream.newBuilder()
                    .setCalls(2)
                    .setLeftOut(List.of("seed", "user"))
                    .build());
            for (Reply reply : List.of(
                    answering.post("/v1/chat/completions", ASKING),
                    answering.post("/v1/responses", Map.of("input", "Hi")))) {
                assertThat(reply.status()).isEqualTo(200);
                assertThat(reply.header("x-parley-attempts")).isEqualTo("2");
                assertThat(reply.header("x-parley-left-out")).isEqualTo("seed, user");
                assertThat(reply.header("Retry-After")).isEmpty();
            }
        }
    }

    @Test
    void elsewhereProblemsStayAsTheyAre() {
        assertThat(door.get("/api/nothing").header("Content-Type")).isEqualTo("application/problem+json");
        assertThat(door.get("/api/nothing").header("x-should-retry")).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(ErrorCode.class)
    void everyCodeHasATypeAndOnlyWhatCannotHappenTwiceIsRepeated(ErrorCode code) {
        String type = OpenAiErrors.error(code, "detail", Optional.empty())
                .path("type")
                .asText();

        assertThat(type).isIn("invalid_request_error", "rate_limit_error", "server_error");
        // A refusal for a full queue is on the log, and a repeat under its key meets it again.
        assertThat(RetryAdvice.shouldRetry(code, false) && !RetryAdvice.shouldRetry(code, true))
                .isEqualTo(code == ErrorCode.QUEUE_FULL);
        assertThat(RetryAdvice.shouldRetry(code, false))
                .isEqualTo(code == ErrorCode.OVERLOADED || code == ErrorCode.QUEUE_FULL);
    }
}
