package dev.parley.topologies.conversation;

import dev.parley.schemas.keys.MessageId;
import org.jspecify.annotations.Nullable;

/**
 * What the head of a conversation holds of its exchanges, which are a tree: each follows another, or the beginning.
 *
 * @param nextPosition of the next exchange, in the order in which they begin
 * @param tip what is said next comes after this; null: at the beginning
 */
record Tree(long nextPosition, @Nullable Tip tip) {

    /** The position of what is before the first exchange. */
    static final long ROOT = -1;

    static final Tree EMPTY = new Tree(0, null);

    /** An exchange that others may follow. */
    record Tip(long position, MessageId userMessageId, MessageId assistantMessageId) {

        /** Whether it is this one that a message comes after. */
        boolean has(MessageId messageId) {
            return userMessageId.equals(messageId) || assistantMessageId.equals(messageId);
        }
    }

    static long position(@Nullable Tip tip) {
        return tip == null ? ROOT : tip.position();
    }

    /** An exchange has begun after {@code parent}. Until it ends, this is where the conversation stands. */
    Tree begun(@Nullable Tip parent) {
        return new Tree(nextPosition + 1, parent);
    }

    /** The conversation goes on from {@code other}. */
    Tree at(Tip other) {
        return new Tree(nextPosition, other);
    }
}
