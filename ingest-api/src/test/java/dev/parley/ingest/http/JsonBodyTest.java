package dev.parley.ingest.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.parley.chat.v1.OnBusy;
import dev.parley.schemas.ErrorCode;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

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

    private static String refused(String json, Consumer<JsonBody> reading) {
        ProblemException problem = catchThrowableOfType(ProblemException.class, () -> reading.accept(body(json)));
        assertThat(problem).isNotNull();
        return problem.field().orElse("");
    }

    @Nested
    class WithinValues {

        @Test
        void whatLiesDeepIsNamedByItsPath() {
            JsonBody item = body("{\"a\": {\"list\": [{}, {\"b\": {\"c\": 1}}]}}")
                    .object("a")
                    .orElseThrow()
                    .objects("list", 2)
                    .get(1)
                    .object("b")
                    .orElseThrow();

            assertThat(item.at("c")).isEqualTo("a.list[1].b.c");
            assertThat(catchThrowableOfType(ProblemException.class, item::done).field())
                    .contains("a.list[1].b.c");
            assertThat(catchThrowableOfType(ProblemException.class, () -> item.text("c"))
                            .field())
                    .contains("a.list[1].b.c");
            item.pass("c");
            item.done();
        }

        @ParameterizedTest
        @CsvSource(
                delimiter = '|',
                quoteCharacter = '`',
                value = {
                    "{\"a\": [{\"b\": 1, \"b\": 2}]} | a[0].b",
                    "{\"a\": {\"b\": [0, {\"c\": {\"d\": 1, \"d\": 1}}]}} | a.b[1].c.d",
                    "{\"a\": 1, \"a\": 1} | a"
                })
        void aDuplicateIsNamedByItsPath(String json, String path) {
            ProblemException problem = catchThrowableOfType(ProblemException.class, () -> body(json));

            assertThat(problem.code()).isEqualTo(ErrorCode.INVALID_JSON);
            assertThat(problem.field()).contains(path);
        }

        @Test
        void listsAreBoundedAndOfOneType() {
            assertThat(body("{\"l\": [\"a\", \"\"]}").texts("l", 2)).containsExactly("a", "");
            assertThat(body("{\"l\": null}").texts("l", 0)).isEmpty();
            assertThat(body("{}").objects("l", 0)).isEmpty();

            assertThat(refused("{\"l\": [\"a\", \"b\", \"c\"]}", body -> body.texts("l", 2)))
                    .isEqualTo("l");
            assertThat(refused("{\"l\": \"a\"}", body -> body.texts("l", 2))).isEqualTo("l");
            assertThat(refused("{\"l\": [\"a\", null]}", body -> body.texts("l", 2)))
                    .isEqualTo("l[1]");
            assertThat(refused("{\"l\": [\"\\ud83d\"]}", body -> body.texts("l", 2)))
                    .isEqualTo("l[0]");
            assertThat(refused("{\"l\": [{}, []]}", body -> body.objects("l", 2)))
                    .isEqualTo("l[1]");
            assertThat(refused("{\"o\": []}", body -> body.object("o"))).isEqualTo("o");
        }

        @ParameterizedTest
        @ValueSource(strings = {"1.5", "\"1\"", "true", "1e3", "9", "-9", "9223372036854775808", "[1]", "1.0"})
        void whatIsNoWholeNumberInItsRangeIsRefused(String value) {
            assertThat(refused("{\"n\": " + value + "}", body -> body.integer("n", -8, 8)))
                    .isEqualTo("n");
        }

        @ParameterizedTest
        @ValueSource(strings = {"\"1\"", "true", "2.0000001", "-0.1", "1e400", "-1e400", "[]", "{}"})
        void whatIsNoNumberInItsRangeIsRefused(String value) {
            assertThat(refused("{\"n\": " + value + "}", body -> body.number("n", 0, 2)))
                    .isEqualTo("n");
        }

        @ParameterizedTest
        @ValueSource(strings = {"\"true\"", "0", "1", "[]"})
        void whatIsNoFlagIsRefused(String value) {
            assertThat(refused("{\"f\": " + value + "}", body -> body.flag("f")))
                    .isEqualTo("f");
        }

        @Test
        void numbersAndFlagsAreReadExactly() {
            JsonBody body = body("{\"i\": -8, \"l\": 9223372036854775807, \"d\": 2, \"e\": 1e-1, \"t\": true,"
                    + " \"f\": false, \"n\": null}");

            assertThat(body.integer("i", -8, 8)).contains(-8L);
            assertThat(body.integer("l", Long.MIN_VALUE, Long.MAX_VALUE)).contains(Long.MAX_VALUE);
            assertThat(body.number("d", 0, 2)).contains(2.0);
            assertThat(body.number("e", 0, 2)).contains(0.1);
            assertThat(body.flag("t")).contains(true);
            assertThat(body.flag("f")).contains(false);
            assertThat(body.flag("n")).isEmpty();
            assertThat(body.integer("n", 0, 0)).isEmpty();
            assertThat(body.number("missing", 0, 0)).isEmpty();
            body.done();
        }

        @Test
        void typesCanBeAskedAndJsonTakenAsItIs() {
            JsonBody body =
                    body("{\"t\": \"x\", \"l\": [1], \"n\": null, \"j\": {\"b\": [1.50, \"\\u0000\"], \"a\": 1}}");

            assertThat(body.isText("t")).isTrue();
            assertThat(body.isText("l")).isFalse();
            assertThat(body.isList("l")).isTrue();
            assertThat(body.isList("missing")).isFalse();
            assertThat(body.has("n")).isFalse();
            assertThat(body.has("j")).isTrue();
            assertThat(body.json("j")).contains("{\"b\":[1.5,\"\\u0000\"],\"a\":1}");
            assertThat(body.json("n")).isEmpty();
            body.done();
        }

        @Test
        void oneOfAListIsOneOfIt() {
            assertThat(body("{\"o\": \"b\"}").oneOf("o", List.of("a", "b"))).contains("b");
            assertThat(body("{\"o\": null}").oneOf("o", List.of("a", "b"))).isEmpty();
            assertThat(refused("{\"o\": \"B\"}", body -> body.oneOf("o", List.of("a", "b"))))
                    .isEqualTo("o");
            assertThat(refused("{\"o\": 1}", body -> body.oneOf("o", List.of("a"))))
                    .isEqualTo("o");
        }

        @ParameterizedTest
        @EnumSource(ErrorCode.class)
        void everyCodeHasAStatusThatFitsItsKind(ErrorCode code) {
            int status = ProblemException.status(code);

            switch (code.kind()) {
                case USER -> assertThat(status).isBetween(400, 499);
                case TRANSIENT -> assertThat(status).isBetween(500, 599);
                case OVERLOAD -> assertThat(status).isIn(429, 503);
                case POISON, BUG -> assertThat(status).isEqualTo(500);
            }
        }
    }
}
