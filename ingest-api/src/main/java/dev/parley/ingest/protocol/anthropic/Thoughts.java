package dev.parley.ingest.protocol.anthropic;

import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.ProviderExtras;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.ToolCall;
import dev.parley.ingest.door.Door;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.sinks.feed.EventArchive;
import dev.parley.sinks.postgres.ConversationQueries.Presence;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What model servers want to have back with their answers, for the answers that a caller sends back: the log has it, under the
 * name that the answer's thoughts were signed with.
 */
final class Thoughts {

    /** Of an agent's long work, the latest steps are those whose thoughts model servers insist on. */
    static final int MOST = 32;

    /** Together with a request's own two MiB, a prompt has to fit into a record. */
    static final int MAX_CHARS = 1024 * 1024;

    private final Door door;

    Thoughts(Door door) {
        this.door = door;
    }

    /** The messages before what {@code asked} asks, with what belongs to them, as far as it can be read now. */
    List<PromptMessage> restored(String tenant, MessagesRequest asked) {
        List<PromptMessage> context = new ArrayList<>(asked.call().prompt().getContext());
        int answers = (int) context.stream().filter(Thoughts::isAnswer).count();
        int left = MOST;
        int chars = 0;
        for (int i = context.size() - 1; i >= 0 && left > 0; i--) {
            if (!isAnswer(context.get(i))) {
                continue;
            }
            answers--;
            Optional<AnswerId> signature = asked.signatures().get(answers);
            if (signature.isPresent()) {
                boolean latest = left == MOST;
                Optional<ProviderExtras> extras = extras(tenant, signature.get(), context.get(i), latest);
                left--;
                chars += extras.map(any -> any.getJson().length()).orElse(0);
                if (chars > MAX_CHARS) {
                    break;
                }
                if (extras.isPresent()) {
                    context.set(
                            i,
                            PromptMessage.newBuilder(context.get(i))
                                    .setExtras(extras.get())
                                    .build());
                }
            }
        }
        return context;
    }

    private static boolean isAnswer(PromptMessage message) {
        return message.getRole() == Role.ASSISTANT;
    }

    /**
     * What belongs to an answer.
     *
     * @param latest whether it may be so new that this node has yet to hear of it
     */
    private Optional<ProviderExtras> extras(String tenant, AnswerId id, PromptMessage message, boolean latest) {
        ConversationKey conversation = id.conversation(tenant);
        return events(conversation, id.turn(tenant).turnId().text(), latest).stream()
                .map(ConversationEvent::getBody)
                .filter(MessageCompleted.class::isInstance)
                .map(MessageCompleted.class::cast)
                // Calls have thoughts of their own, by their position: an answer with others is another answer.
                .filter(completed -> ids(completed.getToolCalls()).equals(ids(message.getToolCalls())))
                .findFirst()
                .map(MessageCompleted::getExtras)
                .filter(extras -> door.conversations().presence(conversation) != Presence.DELETED);
    }

    private List<ConversationEvent> events(ConversationKey conversation, String turnId, boolean latest) {
        try {
            return latest
                    ? door.turns().events(conversation, turnId)
                    : door.turns().knownEvents(conversation, turnId);
        } catch (EventArchive.ArchiveUnavailableException e) {
            return List.of(); // What is asked can be asked without.
        }
    }

    private static List<String> ids(List<ToolCall> calls) {
        return calls.stream().map(ToolCall::getId).toList();
    }
}
