package dev.parley.llm.stream;

import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What servers say why an answer ended, in one vocabulary: {@code stop}, {@code length}, {@code tool_calls},
 * {@code content_filter}, {@code refusal}, {@code model_context_window_exceeded}. What is in none of these words is kept as it
 * was said.
 */
public final class FinishReasons {

    public static final String STOP = "stop";
    public static final String TOOL_CALLS = "tool_calls";
    public static final String REFUSAL = "refusal";
    /** The stream ended well without a reason. */
    public static final String OTHER = "other";

    private static final int MAX_CHARS = 64;

    /** Where a word begins that is joined to the one before: {@code endTurn}. */
    private static final Pattern CAPITAL = Pattern.compile("([a-z])([A-Z])");

    private FinishReasons() {}

    /** What a reason means; empty where it is none yet, which some servers say in every event. */
    static Optional<ModelEvent> of(String said) {
        String reason = CAPITAL.matcher(said.strip())
                .replaceAll("$1_$2")
                .toLowerCase(Locale.ROOT)
                .replace('-', '_')
                .replaceFirst("^(finish_?reason[._]|stop_?reason[._])", "");
        return switch (reason) {
            case "", "null", "none", "unspecified" -> Optional.empty();
            case "stop",
                    "eos",
                    "eos_token",
                    "end",
                    "end_turn",
                    "end_of_text",
                    "end_of_turn",
                    "stop_sequence",
                    "stop_token",
                    "complete",
                    "completed",
                    "done",
                    "finished",
                    "normal" -> finished(STOP);
            case "length", "max_tokens", "max_output_tokens", "max_length", "model_length", "limit" ->
                finished("length");
            case "tool_calls", "tool_call", "tool_use", "function_call", "function_calls" -> finished(TOOL_CALLS);
            case "content_filter",
                    "content_filtered",
                    "sensitive",
                    "safety",
                    "recitation",
                    "blocklist",
                    "prohibited_content",
                    "spii",
                    "image_safety",
                    "error_toxic",
                    "guardrail_intervened" -> finished("content_filter");
            case "refusal", "refused" -> finished(REFUSAL);
            case "model_context_window_exceeded", "context_window_exceeded", "context_length_exceeded", "error_limit" ->
                finished("model_context_window_exceeded");
            case "error",
                    "abort",
                    "aborted",
                    "cancelled",
                    "canceled",
                    "network_error",
                    "server_error",
                    "timeout",
                    "malformed_function_call",
                    "unexpected_tool_call",
                    "insufficient_system_resource" -> Optional.of(new ModelEvent.Aborted(bounded(said.strip())));
            default -> finished(bounded(said.strip()));
        };
    }

    private static Optional<ModelEvent> finished(String reason) {
        return Optional.of(new ModelEvent.Finished(reason));
    }

    private static String bounded(String said) {
        return said.length() <= MAX_CHARS ? said : said.substring(0, MAX_CHARS);
    }
}
