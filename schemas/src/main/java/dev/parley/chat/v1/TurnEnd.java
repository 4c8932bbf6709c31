package dev.parley.chat.v1;

import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;

/**
 * An event that ends its turn, of which every turn that began or waited has exactly one. What all ends have is read here; what
 * only one has, by a switch over the three.
 */
@NullMarked
public sealed interface TurnEnd extends ConversationEvent.Body permits MessageCompleted, TurnFailed, TurnCancelled {

    /** Of the answer. */
    String getMessageId();

    /** Null where the turn never began. */
    @Nullable
    String getGenerationId();

    /** The attempt that decided; null where none did. */
    @Nullable
    Attempt getAttempt();

    /** The answer, or what had been said of it. */
    String getContent();

    /** What it took; null where nobody knows. */
    @Nullable
    Usage getUsage();

    Timings getTimings();

    @Nullable
    Upstream getUpstream();

    /** Whether the turn had begun, so that there is an answer: one that was cancelled where it waited has none. */
    default boolean hasBegun() {
        return getGenerationId() != null;
    }

    /** How it ended, in a word. */
    default String outcome() {
        return switch (this) {
            case MessageCompleted completed -> "completed";
            case TurnFailed failed -> "failed";
            case TurnCancelled cancelled -> "cancelled";
        };
    }
}
