package dev.parley.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.parley.chat.v1.OnBusy;
import dev.parley.schemas.ErrorCode;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class JsonBodyTest {

    private static JsonBody body(String json) {
        return JsonBody.of(json.getBytes(StandardCharsets.UTF_8));
    }

    /** Reads a body as sending a message does. */
    private static void readMessage(String json) {
        JsonBody body = body(json);
        body.requiredText("content", 100);
        body.oneOf("onBusy", OnBusy.class);
        body.metadata("metadata");
        body.done();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{} | invalid_request | content",
                "{\"content\": 5} | invalid_request | content",
                "{\"content\": null} | invalid_request | content",
                "{\"content\": \"  \"} | invalid_request | content",
                "{\"content\": \"\\ud83d\"} | invalid_request | content",
                "{\"content\": \"x\", \"colour\": 1} | invalid_request | colour",
                "{\"content\": \"x\", \"onBusy\": \"later\"} | invalid_request | onBusy",
                "{\"content\": \"x\", \"metadata\": []} | invalid_request | metadata",
                "{\"content\": \"x\", \"metadata\": {\"a\": 1}} | invalid_request | metadata.a",
                "{\"content\": \"x\", \"content\": \"y\"} | invalid_json | content",
                "{\"content\": \"x\"} 7 | invalid_json | ",
                "{\"content\": | invalid_json | ",
                "[] | invalid_json | ",
                "nonsense | invalid_json | "
            })
    void whatDoesNotFitIsRefusedByName(String json, String code, String field) {
        ProblemException problem = catchThrowableOfType(ProblemException.class, () -> readMessage(json));

        assertThat(problem.code().wire()).isEqualTo(code);
        assertThat(problem.field().orElse(null)).isEqualTo(field);
    }

    @Test
    void whatIsTooLongIsRefused() {
        ProblemException problem = catchThrowableOfType(
                ProblemException.class, () -> readMessage("{\"content\": \"" + "é".repeat(51) + "\"}"));

        assertThat(problem.code()).isEqualTo(ErrorCode.PAYLOAD_TOO_LARGE);
    }

    @Test
    void bytesThatAreNoUtf8AreRefused() {
        byte[] latin1 = "{\"content\": \"é\"}".getBytes(StandardCharsets.ISO_8859_1);

        ProblemException problem = catchThrowableOfType(ProblemException.class, () -> JsonBody.of(latin1));

        assertThat(problem.code()).isEqualTo(ErrorCode.INVALID_JSON);
    }

    @Test
    void deepNestingIsRefused() {
        ProblemException problem = catchThrowableOfType(
                ProblemException.class, () -> body("{\"a\":" + "[".repeat(5000) + "]".repeat(5000) + "}"));

        assertThat(problem.code()).isEqualTo(ErrorCode.INVALID_JSON);
    }

    @Test
    void whatFitsIsReadExactly() {
        JsonBody body = body(
                "{\"content\": \"a\\u0000\\u2028\\ud83d\\ude00\\r\\n\", \"metadata\": {\"k\": \"v\"}, \"onBusy\": \"rollback\"}");

        assertThat(body.requiredText("content", 100)).isEqualTo("a\u0000\u2028\uD83D\uDE00\r\n");
        assertThat(body.metadata("metadata")).isEqualTo(Map.of("k", "v"));
        assertThat(body.oneOf("onBusy", OnBusy.class)).contains(OnBusy.ROLLBACK);
        body.done();
    }

    @ParameterizedTest
    @EnumSource(ErrorCode.class)
    void everyCodeHasAStatusThatFitsItsKind(ErrorCode code) {
        int status = ProblemException.status(code);

        switch (code.kind()) {
            case USER ->
                assertThat(status)
                        .satisfiesAnyOf(
                                s -> assertThat(s).isBetween(400, 499),
                                s -> assertThat(s).isEqualTo(502));
            case TRANSIENT -> assertThat(status).isBetween(500, 599);
            case OVERLOAD -> assertThat(status).isIn(429, 503);
            case POISON, BUG -> assertThat(status).isEqualTo(500);
        }
    }
}
