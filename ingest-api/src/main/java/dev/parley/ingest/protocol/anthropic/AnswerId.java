package dev.parley.ingest.protocol.anthropic;

import dev.parley.ingest.door.KeyedId;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.schemas.keys.TurnIds;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The id of an answer, of which everything else follows: its conversation has the same, and one turn. Thoughts are signed with it, so
 * that an answer that is sent back names the one that the log has.
 */
record AnswerId(String text) {

    private static final String PREFIX = "msg_";
    private static final Pattern FORM = Pattern.compile(PREFIX + "[0-9a-f]{24}");

    /**
     * A new one.
     *
     * @param key under which a repeat of the request meets it again
     */
    static AnswerId of(String tenant, Optional<String> key) {
        return new AnswerId(PREFIX + KeyedId.of(tenant, "anthropic.message", key));
    }

    /** The one that thoughts were signed with; empty where the signature is not of this server's making. */
    static Optional<AnswerId> signed(String signature) {
        return Optional.of(signature)
                .filter(text -> FORM.matcher(text).matches())
                .map(AnswerId::new);
    }

    ConversationKey conversation(String tenant) {
        return new ConversationKey(tenant, text);
    }

    TurnIds turn(String tenant) {
        return TurnIds.of(conversation(tenant), text);
    }
}
