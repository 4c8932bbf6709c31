package dev.parley.sinks.feed;

import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.ToolCall;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.sinks.json.Said;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Something a reader of a conversation is told: an event of the log, or what the feed derives from a running
 * generation's chunks.
 */
public sealed interface FeedEvent {

    /** The conversation that it is about; empty for a gap in a stream of all of them. */
    Optional<ConversationKey> about();

    /** What is about one conversation. */
    sealed interface OfConversation extends FeedEvent {
        ConversationKey conversation();

        @Override
        default Optional<ConversationKey> about() {
            return Optional.of(conversation());
        }
    }

    /** An event of the log of record. */
    record Logged(ConversationKey conversation, ConversationEvent event) implements OfConversation {}

    /** A worker began to answer. {@code attempt} counts the attempts of a turn in log order, from 1. */
    record MessageStarted(
            ConversationKey conversation, String turnId, String messageId, int attempt, String engine, String model)
            implements OfConversation {}

    /** The next piece of an answer, of the text or of the model's reasoning before it. {@code seq} counts both, from 0. */
    record MessageDelta(
            ConversationKey conversation, String turnId, String messageId, int attempt, int seq, Kind kind, String text)
            implements OfConversation {
        /** What a delta is a piece of. */
        public enum Kind {
            TEXT,
            /** Text that the model server told apart as its refusal to answer; so is all text after it. */
            REFUSAL,
            REASONING
        }
    }

    /**
     * The next piece of a tool call's arguments; a delta like the others. Calls come one after another.
     *
     * @param name of the tool, in the first piece of a call
     * @param arguments may be empty in the first piece
     */
    record ToolArguments(
            ConversationKey conversation,
            String turnId,
            String messageId,
            int attempt,
            int seq,
            String callId,
            Optional<String> name,
            String arguments)
            implements OfConversation {}

    /** A tool call that the model asks for; a delta like the others, whole. */
    record MessageToolCall(
            ConversationKey conversation, String turnId, String messageId, int attempt, int seq, ToolCall call)
            implements OfConversation {}

    /** Forget what was shown of this message: attempt {@code attempt} begins anew. */
    record MessageReset(ConversationKey conversation, String turnId, String messageId, int attempt, String reason)
            implements OfConversation {}

    /**
     * What attempt {@code attempt} has said up to and including delta {@code seq} (-1: nothing yet); replaces what is shown.
     *
     * @param said the text, its refusal told apart
     * @param calls empty where none has begun
     */
    record MessageSnapshot(
            ConversationKey conversation,
            String turnId,
            String messageId,
            int attempt,
            int seq,
            Said said,
            String reasoning,
            Optional<CallsSoFar> calls)
            implements OfConversation {}

    /**
     * The tool calls that an attempt has begun, in order, each with its arguments so far.
     *
     * @param textBefore how much of the text came before them, in UTF-16 code units
     * @param whole how many of them were told whole; a beginning of {@code calls}
     */
    record CallsSoFar(int textBefore, List<ToolCall> calls, int whole) {

        public CallsSoFar {
            calls = List.copyOf(calls);
        }

        /** Those that were told whole. */
        public List<ToolCall> told() {
            return calls.subList(0, whole);
        }

        /** Those that the model still writes, as far as they are known. */
        public List<ToolCall> begun() {
            return calls.subList(whole, calls.size());
        }
    }

    /**
     * The feed cannot say what happened between a reader's cursor and now: load anew, then go on.
     *
     * @param of the conversation; empty on a stream of all of them
     */
    record FeedGap(String tenant, Optional<ConversationKey> of, Reason reason) implements FeedEvent {

        /** What is in the way. The wire name is the lower-case name. */
        public enum Reason {
            /** The archive has a later event, and not the one that follows. */
            EVENTS_MISSING,
            /** The cursor is of an event that was never seen here. */
            CURSOR_AHEAD,
            /** The archive has not come as far as where memory begins. */
            ARCHIVE_BEHIND,
            ARCHIVE_UNAVAILABLE;

            public String wire() {
                return name().toLowerCase(Locale.ROOT);
            }
        }

        /** Where to load from. */
        public String reload() {
            return of.map(key -> "/api/conversations/" + key.conversation()).orElse("/api/conversations");
        }

        @Override
        public Optional<ConversationKey> about() {
            return of;
        }
    }
}
