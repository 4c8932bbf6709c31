package dev.parley.sinks.feed;

import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.MessageAccepted;
import dev.parley.schemas.keys.ConversationKey;
import java.util.List;
import java.util.Optional;

/** What front doors read: conversations as they happen, and what this node remembers of them. Thread-safe. */
public interface ConversationFeed {

    /**
     * Tells {@code listener} what follows {@code cursor} in one conversation, first what was missed, then live, without a
     * hole or a repeat. Without a cursor: the running turn so far, if there is one, then live.
     *
     * @throws InvalidCursorException where the cursor is not one that this service made
     */
    Subscription subscribe(ConversationKey conversation, Optional<String> cursor, FrameListener listener);

    /**
     * Tells {@code listener} what happens in all conversations of a tenant. The cursors of this stream are its own.
     *
     * @throws InvalidCursorException where the cursor is not one that this service made, or is another tenant's
     */
    Subscription subscribeTenant(String tenant, Optional<String> cursor, FrameListener listener);

    /** The sequence of the last event that this node remembers of the conversation; 0 where it remembers none. */
    long lastSequence(ConversationKey conversation);

    /** Whether this node remembers that the conversation was deleted. */
    boolean isDeleted(ConversationKey conversation);

    /** The acceptance of a message, where this node remembers it. */
    Optional<MessageAccepted> acceptance(ConversationKey conversation, String messageId);

    /** The turn of the conversation that runs now, as far as this node knows. */
    Optional<Running> running(ConversationKey conversation);

    /** The turn of the last message that joined the conversation, where this node knows it. */
    Optional<String> latestTurn(ConversationKey conversation);

    /**
     * A running turn.
     *
     * @param messageId of its answer
     * @param before cursor of the place right before its start: from there on, all of it is told
     */
    record Running(String turnId, String messageId, String before) {}

    /**
     * The events of one turn, in order, from memory or the archive; empty where neither has it.
     *
     * @throws EventArchive.ArchiveUnavailableException where only the archive could tell and does not answer
     */
    List<ConversationEvent> turn(ConversationKey conversation, String turnId);

    /** Takes frames for one reader. */
    interface FrameListener {

        /**
         * The next frame. Called in order by one thread at a time, which serves every reader: must return at once.
         *
         * @return false to end the subscription
         */
        boolean onFrame(Frame frame);

        /**
         * The next frame of the past, told before anything live: not what a slow reader has fallen behind with, but what it
         * asked for.
         *
         * @return false to end the subscription
         */
        default boolean onPast(Frame frame) {
            return onFrame(frame);
        }

        /** Waits until there is room for more of the past; called while it is read from the archive, page by page. */
        default void awaitRoom() {}

        /** No more frames will come: the feed closes, or could not serve the subscription's replay. */
        default void onEnd() {}
    }

    /** A reader's place in the feed. Closing is idempotent and may be done by any thread. */
    interface Subscription extends AutoCloseable {
        @Override
        void close();
    }
}
