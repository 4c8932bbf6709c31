package dev.parley.sinks.sse;

import dev.parley.chat.v1.MessageAccepted;
import dev.parley.schemas.ConversationKey;
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

    /** Takes frames for one reader. */
    interface FrameListener {

        /**
         * The next frame. Called in order by one thread at a time, which serves every reader: must return at once.
         *
         * @return false to end the subscription
         */
        boolean onFrame(Frame frame);

        /** No more frames will come: the feed closes, or could not serve the subscription's replay. */
        default void onEnd() {}
    }

    /** A reader's place in the feed. Closing is idempotent and may be done by any thread. */
    interface Subscription extends AutoCloseable {
        @Override
        void close();
    }
}
