package dev.parley.sinks.postgres;

import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.Source;
import dev.parley.chat.v1.ToolCall;
import dev.parley.chat.v1.TurnCancelled;
import dev.parley.chat.v1.TurnEnd;
import dev.parley.chat.v1.TurnFailed;
import dev.parley.chat.v1.Upstream;
import dev.parley.chat.v1.Usage;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A conversation as of one moment: read in one database transaction, so that this and the feed from {@code cursor} on
 * make the whole story, nothing lost and nothing told twice.
 *
 * @param cursor the sequence of the last event included
 */
public record ConversationSnapshot(
        Summary conversation, MessageTree tree, Optional<ActiveTurn> activeTurn, long cursor) {

    /** Those of the active branch, in order. */
    public List<Message> messages() {
        return tree.path();
    }

    /** What a list of conversations shows of one. */
    public record Summary(
            String id,
            Optional<String> title,
            String workspaceId,
            Map<String, String> metadata,
            Instant createdAt,
            Instant updatedAt,
            int messageCount,
            boolean deleted) {}

    /** Where a message stands. The wire name is the lower-case name. */
    public enum Status {
        /** A user's message whose turn waits for the one before. */
        QUEUED,
        /** A user's message whose turn has started. */
        ACCEPTED,
        GENERATING,
        COMPLETED,
        FAILED,
        CANCELLED,
        /** An answer that a regeneration replaced, before there were branches. */
        SUPERSEDED,
        /** Rolled back: shown, but no part of the history any more. */
        FORGOTTEN;

        /** Of the answer of a turn that ended so. */
        public static Status of(TurnEnd end) {
            return switch (end) {
                case MessageCompleted completed -> COMPLETED;
                case TurnFailed failed -> FAILED;
                case TurnCancelled cancelled -> cancelled.getForgotten() ? FORGOTTEN : CANCELLED;
            };
        }
    }

    /**
     * One message, a user's or an answer.
     *
     * @param sent empty for an answer
     * @param answer {@link Answer#NONE} for a user's message
     */
    public record Message(
            String id,
            String turnId,
            Utterance utterance,
            Optional<Sent> sent,
            Status status,
            Instant createdAt,
            Answer answer,
            Optional<Feedback> feedback) {

        public Role role() {
            return utterance.role();
        }

        public String content() {
            return utterance.content();
        }

        /** The message that it follows; empty text where it is the first, nothing where that is not known. */
        public Optional<String> after() {
            return utterance.after();
        }

        Message after(String messageId) {
            return new Message(
                    id,
                    turnId,
                    new Utterance(role(), content(), Optional.of(messageId)),
                    sent,
                    status,
                    createdAt,
                    answer,
                    feedback);
        }
    }

    /**
     * Who said what, and after what.
     *
     * @param content empty for a running answer: the feed has it
     * @param after id of the message that it follows; see {@link Message#after}
     */
    public record Utterance(Role role, String content, Optional<String> after) {}

    /**
     * What came with a user's message.
     *
     * @param fingerprint of the request that brought it
     * @param context messages that the caller sent along with this one
     */
    public record Sent(String fingerprint, List<PromptMessage> context) {}

    /**
     * What is known of an answer besides its text, as far as it has come.
     *
     * @param toolCalls that it asks its caller to make
     */
    public record Answer(
            Optional<Instant> completedAt,
            Optional<String> reasoning,
            Optional<String> finishReason,
            Spent spent,
            List<Source> sources,
            List<ToolCall> toolCalls,
            Optional<Origin> origin,
            Optional<Failure> failure) {

        public static final Answer NONE = new Answer(
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Spent.NOTHING,
                List.of(),
                List.of(),
                Optional.empty(),
                Optional.empty());

        public Optional<Usage> usage() {
            return spent.usage();
        }

        public Optional<Upstream> upstream() {
            return spent.upstream();
        }
    }

    /**
     * What an answer took.
     *
     * @param upstream what became known at the model servers that were asked
     */
    public record Spent(Optional<Usage> usage, Optional<Upstream> upstream) {

        static final Spent NOTHING = new Spent(Optional.empty(), Optional.empty());
    }

    /** What an answer came from. */
    public record Origin(String engine, String model) {}

    /** Why a turn ended without an answer. */
    public record Failure(String code, String detail) {}

    public record Feedback(String rating, Optional<String> comment) {}

    /** The turn that runs now. */
    public record ActiveTurn(String turnId, String userMessageId, String assistantMessageId, Instant startedAt) {}
}
