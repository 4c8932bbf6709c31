package dev.parley.llm.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.llm.stream.ServerError;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ContextOverflowTest {

    private static Optional<ContextOverflow> said(String words) {
        return ContextOverflow.in(ServerError.ofBody(words));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "This model's maximum context length is 8192 tokens. However, you requested 9001 tokens (8001 in the messages,"
                        + " 1000 in the completion). Please reduce the length.",
                "This model's maximum context length is 8192 tokens. However, your messages resulted in 9001 tokens.",
                "This model's maximum context length is 8192 tokens. However, your request has 9001 input tokens.",
                "You passed 9001 input tokens and requested 100 output tokens. However, the model's context length is only 8192"
                        + " tokens, resulting in a maximum input length of 8092 tokens.",
                "This endpoint's maximum context length is 8192 tokens. However, you requested about 9001 tokens (9001 of text"
                        + " input).",
                "The decoder prompt (length 9001) is longer than the maximum model length of 8192.",
                "The input (9001 tokens) is longer than the model's context length (8192 tokens).",
                "the request exceeds the available context size. request (9001 tokens) exceeds the available context size (8192"
                        + " tokens), try increasing it",
                "prompt is too long: 9001 tokens > 8192 maximum",
                "input length and `max_tokens` exceed context limit: 9001 + 4096 > 8192, decrease input length",
                "The input token count (9001) exceeds the maximum number of tokens allowed (8192).",
                "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 8192. Given: 9001 `inputs` tokens and 512"
                        + " `max_new_tokens`",
                "Prompt contains 9001 tokens and 0 draft tokens, too large for model with 8192 maximum context length",
                "too many tokens: total number of tokens in the prompt cannot exceed 8192 - received 9001.",
                "This model's maximum prompt length is 8192 but the request contains 9001 tokens.",
                "Trying to keep the first 9001 tokens when context the overflows. However, the model is loaded with context"
                        + " length of only 8192 tokens",
                "The prompt is too long: 9001, model maximum context length: 8192"
            })
    void bothNumbersAreFoundInTheWordsOfEachServer(String words) {
        assertThat(said(words)).contains(new ContextOverflow(8192L, 9001L));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "This model's maximum context length is 8192 tokens.",
                "Requested token count exceeds the model's maximum context length of 8192 tokens.",
                "maximum context length is 8,192 tokens"
            })
    void theLimitAloneMayBeSaid(String words) {
        boolean tooLong = words.contains("exceeds");
        assertThat(ContextOverflow.inStream(ServerError.ofBody(words)).isPresent())
                .as("in a stream, whose server took the prompt")
                .isEqualTo(tooLong);
        assertThat(said(words)).contains(new ContextOverflow(8192L, null));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Input is too long for requested model.",
                "{\"error\":{\"message\":\"Please reduce the length.\",\"code\":\"context_length_exceeded\"}}",
                "prompt too long; exceeded max context length"
            })
    void orNothingButThatItIsTooLong(String words) {
        assertThat(said(words)).contains(new ContextOverflow(null, null));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "max_tokens is too large: 9000. This model supports at most 4096 completion tokens.",
                "Invalid value: 'context'.",
                "The model `x` does not exist.",
                ""
            })
    void whatIsAboutSomethingElseIsNone(String words) {
        assertThat(said(words)).isEmpty();
    }
}
