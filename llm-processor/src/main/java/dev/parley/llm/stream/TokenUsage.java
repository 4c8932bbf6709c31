package dev.parley.llm.stream;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a model server counted. Null: it did not say.
 *
 * @param input all of it, whatever was read from a cache or written to one
 * @param output all of it, reasoning included
 */
public record TokenUsage(
        @Nullable Integer input,
        @Nullable Integer output,
        @Nullable Integer cachedInput,
        @Nullable Integer cacheWrites,
        @Nullable Integer reasoning,
        @Nullable Integer audioInput,
        @Nullable Integer audioOutput) {

    /** Counts without details. */
    public static TokenUsage of(int input, int output) {
        return new TokenUsage(input, output, null, null, null, null, null);
    }

    /** Whether it can be told as measured: a prompt is never empty, and a server that does not count says zero. */
    public boolean isMeasured(boolean anythingSaid) {
        return input != null && input > 0 && output != null && (output > 0 || !anythingSaid);
    }

    /** The {@code usage} of chat completions, in the words of whatever server; empty where it counts nothing. */
    static Optional<TokenUsage> ofChatCompletions(JsonNode usage) {
        if (!usage.isObject()) {
            return Optional.empty();
        }
        Integer input = first(usage, "/prompt_tokens", "/input_tokens");
        Integer output = first(usage, "/completion_tokens", "/output_tokens");
        Integer total = first(usage, "/total_tokens");
        if (input != null && output == null && total != null && total >= input) {
            output = total - input;
        }
        return counted(new TokenUsage(
                input,
                output,
                first(
                        usage,
                        "/prompt_tokens_details/cached_tokens",
                        "/input_tokens_details/cached_tokens",
                        "/prompt_cache_hit_tokens",
                        "/cached_tokens",
                        "/cache_read_input_tokens"),
                first(usage, "/prompt_tokens_details/cache_write_tokens", "/cache_creation_input_tokens"),
                first(
                        usage,
                        "/completion_tokens_details/reasoning_tokens",
                        "/output_tokens_details/reasoning_tokens",
                        "/reasoning_tokens"),
                first(usage, "/prompt_tokens_details/audio_tokens"),
                first(usage, "/completion_tokens_details/audio_tokens")));
    }

    /** llama.cpp's {@code timings}, which come without being asked for. */
    static Optional<TokenUsage> ofTimings(JsonNode timings) {
        Integer processed = first(timings, "/prompt_n");
        Integer cached = first(timings, "/cache_n");
        return processed == null
                ? Optional.empty()
                : counted(new TokenUsage(
                        processed + (cached == null ? 0 : cached),
                        first(timings, "/predicted_n"),
                        cached,
                        null,
                        null,
                        null,
                        null));
    }

    /** Anthropic's {@code usage}, whose input leaves out what went through the cache; empty where it counts nothing. */
    static Optional<TokenUsage> ofMessages(JsonNode usage) {
        Integer input = first(usage, "/input_tokens");
        Integer read = first(usage, "/cache_read_input_tokens");
        Integer written = first(usage, "/cache_creation_input_tokens");
        Integer all = input == null ? null : input + (read == null ? 0 : read) + (written == null ? 0 : written);
        return counted(new TokenUsage(all, first(usage, "/output_tokens"), read, written, null, null, null));
    }

    private static Optional<TokenUsage> counted(TokenUsage usage) {
        return usage.input == null && usage.output == null ? Optional.empty() : Optional.of(usage);
    }

    private static @Nullable Integer first(JsonNode json, String... pointers) {
        for (String pointer : pointers) {
            JsonNode count = json.at(pointer);
            boolean counts =
                    count.isNumber() || (count.isTextual() && count.asText().matches("\\d{1,15}(\\.0+)?"));
            if (counts && count.asLong() >= 0) {
                return (int) Math.min(Integer.MAX_VALUE, count.asLong());
            }
        }
        return null;
    }
}
