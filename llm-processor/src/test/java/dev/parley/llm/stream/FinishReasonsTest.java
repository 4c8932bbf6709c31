package dev.parley.llm.stream;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FinishReasonsTest {

    @ParameterizedTest
    @CsvSource({
        "stop,stop",
        "STOP,stop",
        "eos_token,stop",
        "end,stop",
        "end_turn,stop",
        "stop_sequence,stop",
        "COMPLETE,stop",
        "length,length",
        "MAX_TOKENS,length",
        "max_tokens,length",
        "tool_calls,tool_calls",
        "tool_use,tool_calls",
        "function_call,tool_calls",
        "content_filter,content_filter",
        "SAFETY,content_filter",
        "sensitive,content_filter",
        "refusal,refusal",
        "model_context_window_exceeded,model_context_window_exceeded",
        "pause_turn,pause_turn",
        "Something New,Something New"
    })
    void anyReasonIsOne(String said, String reason) {
        assertThat(FinishReasons.of(said)).contains(new ModelEvent.Finished(reason));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"error", "abort", "network_error", "MALFORMED_FUNCTION_CALL", "insufficient_system_resource"})
    void reasonsThatMeanFailureAreFailures(String said) {
        assertThat(FinishReasons.of(said)).contains(new ModelEvent.Aborted(said));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "null", "FINISH_REASON_UNSPECIFIED"})
    void noReasonIsNone(String said) {
        assertThat(FinishReasons.of(said)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {65, 10_000})
    void whatIsKeptIsBounded(int length) {
        assertThat(FinishReasons.of("x".repeat(length))).contains(new ModelEvent.Finished("x".repeat(64)));
    }
}
