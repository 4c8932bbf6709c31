package dev.parley.ingest.protocol.openai;

import dev.parley.chat.v1.BranchPoint;
import dev.parley.ingest.door.Door;
import dev.parley.ingest.door.KeyedId;
import dev.parley.schemas.keys.ConversationKey;
import java.util.Optional;

/** Where new responses go: into the conversation that they name or continue, or into one of their own. */
final class Places {

    private final Door door;
    private final Responses responses;

    Places(Door door, Responses responses) {
        this.door = door;
        this.responses = responses;
    }

    /**
     * The place of a new response.
     *
     * @param after which answer it follows; empty: what was said last
     */
    record Place(ConversationKey conversation, Optional<BranchPoint> after) {}

    Place of(String tenant, ResponseRequest asked, Optional<String> key) {
        if (asked.conversation().isPresent()) {
            ConversationKey conversation =
                    new ConversationKey(tenant, asked.conversation().get());
            door.conversations().require(conversation);
            return new Place(conversation, Optional.empty());
        }
        if (asked.previous().isPresent()) {
            ResponseId id = ResponseId.parse(asked.previous().get(), "previous_response_id");
            Responses.Found previous = responses.find(tenant, id, "previous_response_id");
            // Where others have gone on from there, it is a branch of its own.
            return new Place(previous.conversation(), Optional.of(new BranchPoint(previous.answerId())));
        }
        return new Place(new ConversationKey(tenant, "conv_" + KeyedId.of(tenant, "response", key)), Optional.empty());
    }
}
