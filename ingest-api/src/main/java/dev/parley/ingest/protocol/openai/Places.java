package dev.parley.ingest.protocol.openai;

import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.Role;
import dev.parley.ingest.answer.PastExchanges;
import dev.parley.ingest.door.Door;
import dev.parley.ingest.door.KeyedId;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.sinks.postgres.ConversationSnapshot.Message;
import java.util.List;
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
     * The conversation of a new response.
     *
     * @param before messages that come first, where the conversation is a copy of another's beginning
     */
    record Place(ConversationKey conversation, List<PromptMessage> before) {}

    Place of(String tenant, ResponseRequest asked, Optional<String> key) {
        if (asked.conversation().isPresent()) {
            ConversationKey conversation =
                    new ConversationKey(tenant, asked.conversation().get());
            door.conversations().require(conversation);
            return new Place(conversation, List.of());
        }
        if (asked.previous().isPresent()) {
            ResponseId id = ResponseId.parse(asked.previous().get(), "previous_response_id");
            Responses.Found previous = responses.find(tenant, id, "previous_response_id");
            if (isLatest(previous)) {
                return new Place(previous.conversation(), List.of());
            }
            // Others have gone on from there: what is said now belongs to a branch of its own.
            return new Place(newConversation(tenant, key), historyUpTo(previous));
        }
        return new Place(newConversation(tenant, key), List.of());
    }

    private static ConversationKey newConversation(String tenant, Optional<String> key) {
        return new ConversationKey(tenant, "conv_" + KeyedId.of(tenant, "response", key));
    }

    private boolean isLatest(Responses.Found response) {
        String turnId = response.id().turnId();
        return door.turns()
                .latest(response.conversation())
                .map(turnId::equals)
                .orElseGet(() -> stored(response).stream()
                        .filter(message -> message.role() != Role.ASSISTANT)
                        .reduce((first, second) -> second)
                        .filter(message -> message.turnId().equals(turnId))
                        .isPresent());
    }

    private List<Message> stored(Responses.Found response) {
        return door.snapshots().get(response.conversation(), response.last()).messages();
    }

    private List<PromptMessage> historyUpTo(Responses.Found response) {
        return PastExchanges.messages(door.turns().eventsUpTo(response.conversation(), response.last()));
    }
}
