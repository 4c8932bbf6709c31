package dev.parley.schemas.keys;

import dev.parley.schemas.Sha256;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;

/**
 * The ids of one turn and its messages, a function of conversation and idempotency key alone: a repeated request gets the
 * same ids on any node, without a look-up.
 */
public record TurnIds(MessageId messageId, TurnId turnId, MessageId assistantMessageId) {

    private static final int ID_BYTES = 12;

    public static TurnIds of(ConversationKey conversation, String idempotencyKey) {
        return new TurnIds(
                new MessageId("msg_" + hash(conversation, idempotencyKey, "user")),
                new TurnId("turn_" + hash(conversation, idempotencyKey, "turn")),
                new MessageId("msg_" + hash(conversation, idempotencyKey, "assistant")));
    }

    /** Like {@link #of}, for a caller who chose the user message's id: that id is the idempotency key. */
    public static TurnIds ofMessage(ConversationKey conversation, MessageId messageId) {
        TurnIds derived = of(conversation, messageId.text());
        return new TurnIds(messageId, derived.turnId, derived.assistantMessageId);
    }

    /**
     * Like {@link #of}, for a turn that answers anew, told from one of a message that has the same idempotency key.
     *
     * @param answerId the answer that it replaces
     */
    public static TurnIds ofRegeneration(ConversationKey conversation, MessageId answerId, String idempotencyKey) {
        return of(conversation, "regenerate/" + answerId + "/" + idempotencyKey);
    }

    private static String hash(ConversationKey conversation, String idempotencyKey, String use) {
        MessageDigest sha256 = Sha256.digest();
        for (String part : new String[] {conversation.toString(), idempotencyKey, use}) {
            sha256.update(part.getBytes(StandardCharsets.UTF_8));
            sha256.update((byte) 0);
        }
        return HexFormat.of().formatHex(sha256.digest(), 0, ID_BYTES);
    }
}
