package dev.parley.ingest.protocol.openai;

import dev.parley.chat.v1.ConversationAnnotated;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.MessageAccepted;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.ToolCall;
import dev.parley.ingest.door.Door;
import dev.parley.ingest.http.ProblemException;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.sinks.postgres.ConversationQueries.Presence;
import java.util.List;

/** The responses that are there, found by their ids. */
final class Responses {

    private final Door door;

    Responses(Door door) {
        this.door = door;
    }

    /** A turn's events, its acceptance first, with the name under which they are asked for. */
    record Found(ResponseId id, ConversationKey conversation, List<ConversationEvent> events) {

        /** The cursor from which a stream tells all of it. */
        String before() {
            return Long.toString(events.getFirst().getSequence() - 1);
        }

        String answerId() {
            return ((MessageAccepted) events.getFirst().getBody()).getAssistantMessageId();
        }
    }

    /**
     * Finds a response.
     *
     * @param field of the request that names it
     * @throws ProblemException {@code not_found} where this tenant has no such response
     */
    Found find(String tenant, ResponseId id, String field) {
        ConversationKey conversation = id.key(tenant);
        List<ConversationEvent> events = door.turns().events(conversation, id.turnId());
        // A turn that begins otherwise was asked for by no request of this kind, or refused.
        boolean asked = !events.isEmpty() && events.getFirst().getBody() instanceof MessageAccepted;
        if (!asked || isRemoved(id, events) || door.conversations().presence(conversation) == Presence.DELETED) {
            throw new ProblemException(ErrorCode.NOT_FOUND, "there is no response '" + id + "'", field);
        }
        return new Found(id, conversation, events);
    }

    private static boolean isRemoved(ResponseId id, List<ConversationEvent> events) {
        return events.stream()
                .anyMatch(event -> event.getBody() instanceof ConversationAnnotated annotated
                        && annotated.getRemoved().contains(id.toString()));
    }

    /** What a reference to an item of an earlier response stands for. */
    List<PromptMessage> referenced(String tenant, String itemId) {
        ResponseId.Item item = ResponseId.item(itemId)
                .orElseThrow(
                        () -> new ProblemException(ErrorCode.NOT_FOUND, "there is no item '" + itemId + "'", "input"));
        MessageCompleted completed = find(tenant, item.response(), "input").events().stream()
                .map(ConversationEvent::getBody)
                .filter(MessageCompleted.class::isInstance)
                .map(MessageCompleted.class::cast)
                .findFirst()
                .orElseThrow(() -> new ProblemException(
                        ErrorCode.NOT_FOUND, "item '" + itemId + "' is of a response that is not complete", "input"));
        return switch (item.kind()) {
            case "msg" -> List.of(new PromptMessage(Role.ASSISTANT, completed.getContent(), List.of(), null, null));
            case "rs" -> List.of();
            default -> {
                int index = Integer.parseInt(item.kind().substring(2));
                List<ToolCall> calls = completed.getToolCalls();
                yield index < calls.size()
                        ? List.of(new PromptMessage(Role.ASSISTANT, "", List.of(calls.get(index)), null, null))
                        : List.of();
            }
        };
    }
}
