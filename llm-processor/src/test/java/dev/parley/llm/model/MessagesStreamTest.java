package dev.parley.llm.model;

import static dev.parley.llm.model.FakeAnthropic.block;
import static dev.parley.llm.model.FakeAnthropic.blockEnd;
import static dev.parley.llm.model.FakeAnthropic.delta;
import static dev.parley.llm.model.FakeAnthropic.end;
import static dev.parley.llm.model.FakeAnthropic.event;
import static dev.parley.llm.model.FakeAnthropic.start;
import static dev.parley.llm.model.Streams.messages;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.chat.v1.ToolCall;
import dev.parley.llm.model.Streams.Heard;
import dev.parley.llm.stream.TokenUsage;
import dev.parley.schemas.ErrorCode;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Anthropic's messages as servers and gateways send them. Each stream is read whole, byte by byte, and cut at every byte. */
class MessagesStreamTest {

    private static final String TEXT = block(0, "{\"type\":\"text\",\"text\":\"\"}");
    private static final String A = said(0, "A");

    private static String said(int index, String text) {
        return delta(index, "{\"type\":\"text_delta\",\"text\":\"" + text + "\"}");
    }

    private static String tool(int index, String id, String name, String input) {
        return block(
                index, "{\"type\":\"tool_use\",\"id\":" + id + ",\"name\":\"" + name + "\",\"input\":" + input + "}");
    }

    private static String input(int index, String json) {
        return delta(index, "{\"type\":\"input_json_delta\",\"partial_json\":\"" + json.replace("\"", "\\\"") + "\"}");
    }

    private static String reason(String reason) {
        return event("message_delta", "\"delta\":{\"stop_reason\":\"" + reason + "\"}");
    }

    @Test
    void anAnswerIsReadInWhateverFrame() {
        String plain = start(11) + TEXT + A + said(0, "B") + blockEnd(0) + end("end_turn", 7);
        for (String stream : List.of(
                plain,
                "\uFEFF" + plain,
                plain.replace("\n", "\r\n"),
                plain.replaceAll("event: .*\n", ""),
                plain.replace("data: ", "data:"),
                plain + event("ping", "") + "data: <html>\n\n",
                plain.replace(event("message_stop", ""), ""),
                ": hello\n\n" + event("ping", "") + "event: ping\ndata: pong\n\n" + plain,
                start(11)
                        + event("new_kind", "\"x\":1")
                        + block(0, "{\"type\":\"text\",\"text\":\"A\"}")
                        + delta(0, "{\"type\":\"new_delta\"}")
                        + said(0, "B")
                        + end("end_turn", 7),
                // A gateway that begins no block.
                start(11) + A + said(0, "B") + end("end_turn", 7))) {
            Heard heard = messages(stream);

            assertThat(heard.text()).as(stream).isEqualTo("AB");
            assertThat(heard.finishReason()).isEqualTo("stop");
            assertThat(heard.finished().usage()).contains(TokenUsage.of(11, 7));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "end_turn,stop",
        "stop_sequence,stop",
        "max_tokens,length",
        "refusal,refusal",
        "model_context_window_exceeded,model_context_window_exceeded",
        "pause_turn,pause_turn"
    })
    void aReasonIsEnough(String said, String reason) {
        for (String rest : List.of("", event("message_stop", ""), "data: {\"ty", "data: <html>\n\n")) {
            assertThat(messages(start(1) + TEXT + A + reason(said) + rest).finishReason())
                    .isEqualTo(reason);
        }
    }

    @Test
    void soIsTheProtocolsEndAfterAnyWords() {
        assertThat(messages(start(1) + TEXT + A + event("message_stop", "")).finishReason())
                .isEqualTo("other");
        assertThat(messages(start(1) + event("message_stop", "")).failed().code())
                .isEqualTo(ErrorCode.ENGINE_TRUNCATED);
        assertThat(messages(start(1) + TEXT + A).failed().code()).isEqualTo(ErrorCode.ENGINE_TRUNCATED);
    }

    @Test
    void whatWentThroughTheCacheIsPartOfTheInput() {
        String counted = "{\"input_tokens\":10,\"cache_read_input_tokens\":1000,\"cache_creation_input_tokens\":200";
        String begun = event("message_start", "\"message\":{\"usage\":" + counted + ",\"output_tokens\":1}}");
        TokenUsage expected = new TokenUsage(1210, 7, 1000, 200, null, null, null);

        assertThat(messages(begun + TEXT + A + end("end_turn", 7)).finished().usage())
                .contains(expected);
        // The end may tell all of it once more, or the input alone.
        for (String last : List.of(counted, "{\"input_tokens\":10")) {
            assertThat(messages(begun
                                    + TEXT
                                    + A
                                    + event(
                                            "message_delta",
                                            "\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":" + last
                                                    + ",\"output_tokens\":7}"))
                            .finished()
                            .usage())
                    .contains(expected);
        }
    }

    @Test
    void usageIsNeverMadeUp() {
        String begun = event("message_start", "\"message\":{\"content\":[]}");
        assertThat(messages(begun + TEXT + A + reason("end_turn") + event("message_stop", ""))
                        .finished()
                        .usage())
                .isEmpty();
        // What was said of the output at the beginning says nothing of the whole.
        assertThat(messages(start(11) + TEXT + A + reason("end_turn") + event("message_stop", ""))
                        .finished()
                        .usage())
                .isEmpty();
    }

    @Test
    void reasoningIsHeardAndItsSignatureKept() {
        Heard heard = messages(start(1)
                + block(0, "{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}")
                + delta(0, "{\"type\":\"thinking_delta\",\"thinking\":\"Hm\"}")
                + delta(0, "{\"type\":\"thinking_delta\",\"thinking\":\".\"}")
                + delta(0, "{\"type\":\"signature_delta\",\"signature\":\"c2ln\"}")
                + blockEnd(0)
                + block(1, "{\"type\":\"redacted_thinking\",\"data\":\"eA==\"}")
                + blockEnd(1)
                + block(2, "{\"type\":\"text\",\"text\":\"\"}")
                + said(2, "A")
                + end("end_turn", 3));

        assertThat(heard.reasoning()).isEqualTo("Hm.");
        assertThat(heard.text()).isEqualTo("A");
        assertThat(heard.finished().extras())
                .contains("{\"thinking\":[{\"type\":\"thinking\",\"thinking\":\"Hm.\",\"signature\":\"c2ln\"},"
                        + "{\"type\":\"redacted_thinking\",\"data\":\"eA==\"}]}");
    }

    @Test
    void blocksMayInterleave() {
        Heard heard = messages(start(1)
                + tool(0, "\"t0\"", "get", "{}")
                + input(0, "")
                + input(0, "{\"x\":")
                + tool(1, "\"t1\"", "put", "{}")
                + input(1, "{\"x\":")
                + input(0, "0}")
                + blockEnd(0)
                + input(1, "1}")
                + end("tool_use", 3));

        assertThat(heard.calls())
                .containsExactly(new ToolCall("t0", "get", "{\"x\":0}"), new ToolCall("t1", "put", "{\"x\":1}"));
        assertThat(heard.finishReason()).isEqualTo("tool_calls");
    }

    @Test
    void callsAreWholeHoweverTheirInputComes() {
        Heard heard = messages(start(1)
                + tool(0, "\"t0\"", "get", "{}")
                + blockEnd(0)
                + tool(1, "\"t1\"", "get", "{\"x\":1}")
                + blockEnd(1)
                + tool(2, "null", "get", "null")
                + input(2, "{\"x\":2}")
                + end("end_turn", 3));

        assertThat(heard.calls())
                .containsExactly(
                        new ToolCall("t0", "get", "{}"),
                        new ToolCall("t1", "get", "{\"x\":1}"),
                        new ToolCall("made-up-2", "get", "{\"x\":2}"));
        assertThat(heard.finishReason()).isEqualTo("tool_calls");
    }

    @ParameterizedTest
    @CsvSource({
        "overloaded_error,ENGINE_ERROR",
        "api_error,ENGINE_ERROR",
        "rate_limit_error,ENGINE_RATE_LIMITED",
        "invalid_request_error,ENGINE_REJECTED",
        "authentication_error,ENGINE_REJECTED",
        "permission_error,ENGINE_REJECTED",
        "request_too_large,ENGINE_REJECTED"
    })
    void anErrorInTheStreamIsOneWithItsWords(String type, ErrorCode code) {
        String error = event("error", "\"error\":{\"type\":\"" + type + "\",\"message\":\"WHY\"}");
        for (String before : List.of("", start(1) + TEXT + A)) {
            Heard heard = messages(before + error + said(0, "B") + end("end_turn", 3));

            assertThat(heard.failed().code()).isEqualTo(code);
            assertThat(heard.failed().detail()).contains("WHY");
            assertThat(heard.text()).isEqualTo(before.isEmpty() ? "" : "A");
        }
        assertThat(messages("event: error\ndata: WHY\n\n").failed().detail()).contains("WHY");
        assertThat(messages("data: {\"error\":{\"message\":\"WHY\",\"code\":429}}\n\n")
                        .failed()
                        .code())
                .isEqualTo(ErrorCode.ENGINE_RATE_LIMITED);
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"message\": <html>", "<html>", "7", "[]"})
    void afterWhatCannotBeReadNothingIsHeard(String garbage) {
        Heard heard = messages(start(1) + TEXT + A + "data: " + garbage + "\n\n" + said(0, "B") + end("end_turn", 3));

        assertThat(heard.text()).isEqualTo("A");
        assertThat(heard.failed().code()).isEqualTo(ErrorCode.ENGINE_PROTOCOL);
    }

    @Test
    void argumentsOfACallThatNeverBeganFailTheAnswer() {
        assertThat(messages(start(1) + input(3, "{}") + end("tool_use", 3))
                        .failed()
                        .code())
                .isEqualTo(ErrorCode.ENGINE_PROTOCOL);
    }
}
