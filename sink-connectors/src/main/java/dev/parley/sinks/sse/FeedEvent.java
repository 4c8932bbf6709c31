package dev.parley.sinks.sse;

import dev.parley.chat.v1.ConversationEvent;
import dev.parley.schemas.ConversationKey;

/**
 * Something a reader of a conversation is told: an event of the log, or what the feed derives from a running
 * generation's chunks.
 */
public sealed interface FeedEvent {

    ConversationKey conversation();

    /** An event of the log of record. */
    record Logged(ConversationKey conversation, ConversationEvent event) implements FeedEvent {}

    /** A worker began to answer. {@code attempt} counts the attempts of a turn in log order, from 1. */
    record MessageStarted(
            ConversationKey conversation, String turnId, String messageId, int attempt, String engine, String model)
            implements FeedEvent {}

    /** The next piece of an answer, of the text or of the model's reasoning before it. {@code seq} counts both, from 0. */
    record MessageDelta(
            ConversationKey conversation, String turnId, String messageId, int attempt, int seq, Kind kind, String text)
            implements FeedEvent {
        /** What a delta is a piece of. */
        public enum Kind {
            TEXT,
            REASONING
        }
    }

    /** Forget what was shown of this message: attempt {@code attempt} begins anew. */
    record MessageReset(ConversationKey conversation, String turnId, String messageId, int attempt, String reason)
            implements FeedEvent {}

    /** What attempt {@code attempt} has said up to and including delta {@code seq} (-1: nothing yet); replaces what is shown. */
    record MessageSnapshot(
            ConversationKey conversation,
            String turnId,
            String messageId,
            int attempt,
            int seq,
            String text,
            String reasoning)
            implements FeedEvent {}

    /** The feed cannot say what happened between a reader's cursor and now: load the conversation anew, then go on. */
    record FeedGap(ConversationKey conversation, String reason) implements FeedEvent {}
}
