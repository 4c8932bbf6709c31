package dev.parley.ingest.protocol.openai;

import dev.parley.chat.v1.MessageCompleted;
import dev.parley.sinks.json.Said;
import java.util.Optional;

/**
 * Why answers ended, in OpenAI's words. They are few and their clients' types closed, so that what has no word is told by the
 * nearest, and by its own name {@linkplain Extension beside}.
 */
final class FinishReasons {

    private FinishReasons() {}

    /**
     * The {@code finish_reason} of a chat completion. Whoever gets calls is told to make them, whatever the model server called
     * its end. A refusal that was told apart stops by itself, as OpenAI's own do: the clients look for its words, and take
     * {@code content_filter} for a failure. One that was not is text that broke off.
     */
    static String of(MessageCompleted completed) {
        String reason = completed.getFinishReason();
        boolean calls = !completed.getToolCalls().isEmpty();
        return switch (reason) {
            case "length", "tool_calls", "content_filter" -> reason;
            case "model_context_window_exceeded" -> "length";
            case "refusal" -> calls ? "tool_calls" : isToldApart(completed) ? "stop" : "content_filter";
            default -> calls ? "tool_calls" : "stop";
        };
    }

    private static boolean isToldApart(MessageCompleted completed) {
        return Said.of(completed.getContent(), completed.getUpstream())
                .refusal()
                .isPresent();
    }

    /** Why a response is incomplete; empty where it is not. */
    static Optional<String> incomplete(MessageCompleted completed) {
        return switch (of(completed)) {
            case "length" -> Optional.of("max_output_tokens");
            case "content_filter" -> Optional.of("content_filter");
            default -> Optional.empty();
        };
    }

    /** The reason's own name, where OpenAI's is another. */
    static Optional<String> own(MessageCompleted completed) {
        return Optional.of(completed.getFinishReason()).filter(reason -> !reason.equals(of(completed)));
    }
}
