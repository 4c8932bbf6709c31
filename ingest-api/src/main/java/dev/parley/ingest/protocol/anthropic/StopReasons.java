package dev.parley.ingest.protocol.anthropic;

import dev.parley.chat.v1.MessageCompleted;
import dev.parley.sinks.json.Said;
import java.util.Optional;
import java.util.Set;

/** Why answers ended, in Anthropic's words; what has no word is told by the nearest, and by its own name beside. */
final class StopReasons {

    /** The log's names that are the same in other words. */
    private static final Set<String> SAME = Set.of("stop", "length", "tool_calls");

    private StopReasons() {}

    /** The {@code stop_reason} of a message. Whoever gets calls is told to make them, whatever the model server called its end. */
    static String of(MessageCompleted completed) {
        boolean refused = Said.of(completed.getContent(), completed.getUpstream())
                .refusal()
                .isPresent();
        String natural = refused ? "refusal" : "end_turn";
        String reason = completed.getFinishReason();
        boolean calls = !completed.getToolCalls().isEmpty();
        return switch (reason) {
            case "length" -> "max_tokens";
            case "model_context_window_exceeded" -> reason;
            case "tool_calls" -> "tool_use";
            default ->
                calls
                        ? "tool_use"
                        : switch (reason) {
                            case "refusal", "content_filter" -> "refusal";
                            case "stop_sequence", "pause_turn" -> reason;
                            default -> natural;
                        };
        };
    }

    /** Whether a model had more to say than there was room for, which may end in the midst of a call. */
    static boolean isCutShort(MessageCompleted completed) {
        return switch (of(completed)) {
            case "max_tokens", "model_context_window_exceeded" -> true;
            default -> false;
        };
    }

    /** The reason's own name, where Anthropic's word says something else. */
    static Optional<String> own(MessageCompleted completed) {
        return Optional.of(completed.getFinishReason())
                .filter(reason -> !SAME.contains(reason) && !reason.equals(of(completed)));
    }
}
