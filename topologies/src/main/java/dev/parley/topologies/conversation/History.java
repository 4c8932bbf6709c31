package dev.parley.topologies.conversation;

import dev.parley.chat.v1.CallerPrompt;
import dev.parley.schemas.keys.MessageId;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What a decision may ask of a conversation's messages. */
interface History {

    /** Whether the conversation has a message, of a user or an answer, with this id. */
    boolean has(MessageId messageId);

    /** The finished exchange of an answer, or the first one of a question, by its id; null where there is none. */
    @Nullable
    Exchange exchange(MessageId messageId);

    /** The finished exchange at a position; null where there is none. */
    @Nullable
    Exchange at(long position);

    /** Hands over the finished exchanges that began after the one at {@code position}, of whichever branch, in order. */
    void forEachSince(long position, Consumer<Exchange> visitor);

    /**
     * A finished exchange.
     *
     * @param position its place in the order in which they began
     * @param parent position of the exchange that it follows; {@link Tree#ROOT} where that is none
     * @param prompt what was sent along with the question
     */
    record Exchange(
            long position,
            long parent,
            MessageId userMessageId,
            MessageId assistantMessageId,
            String question,
            @Nullable CallerPrompt prompt) {

        Tree.Tip tip() {
            return new Tree.Tip(position, userMessageId, assistantMessageId);
        }
    }
}
