package dev.parley.topologies.conversation;

import dev.parley.chat.v1.CallerPrompt;
import dev.parley.schemas.keys.MessageId;
import org.jspecify.annotations.Nullable;

/** What a decision may ask of a conversation's messages. */
interface History {

    /** Whether the conversation has a message, of a user or an answer, with this id. */
    boolean has(MessageId messageId);

    /** The finished exchange whose answer has this id; null where there is none. */
    @Nullable
    Exchange exchange(MessageId assistantMessageId);

    /** The latest exchange that counts; null where there is none. */
    @Nullable
    Exchange latest();

    /**
     * A finished exchange.
     *
     * @param position its place in the history
     * @param prompt what was sent along with the question
     */
    record Exchange(
            long position,
            MessageId userMessageId,
            MessageId assistantMessageId,
            String question,
            @Nullable CallerPrompt prompt) {}
}
