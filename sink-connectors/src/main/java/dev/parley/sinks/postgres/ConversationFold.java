package dev.parley.sinks.postgres;

import dev.parley.chat.v1.BranchPoint;
import dev.parley.chat.v1.BranchSwitched;
import dev.parley.chat.v1.ConversationAnnotated;
import dev.parley.chat.v1.ConversationCreated;
import dev.parley.chat.v1.ConversationDeleted;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.ConversationRenamed;
import dev.parley.chat.v1.FeedbackRecorded;
import dev.parley.chat.v1.MessageAccepted;
import dev.parley.chat.v1.MessageRejected;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.TurnCancelled;
import dev.parley.chat.v1.TurnEnd;
import dev.parley.chat.v1.TurnRetrieved;
import dev.parley.chat.v1.TurnRouted;
import dev.parley.chat.v1.TurnStarted;
import dev.parley.chat.v1.Unknown;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.sinks.postgres.ConversationRow.ActiveTurn;
import dev.parley.sinks.postgres.ConversationRow.Creation;
import dev.parley.sinks.postgres.ConversationSnapshot.Status;
import dev.parley.sinks.postgres.MessageRow.Birth;
import dev.parley.sinks.postgres.MessageRow.Came;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A batch of events folded to one change a row: what is to be inserted, and what becomes of the rows that are there.
 *
 * <p>Pure: begins with the rows of the batch's conversations, and leaves the tables to {@link ConversationProjection}. An event whose
 * sequence a conversation has passed is left out, so reading the log again changes nothing.
 */
final class ConversationFold {

    private record MessageKey(ConversationKey conversation, String message) {}

    private final Map<ConversationKey, ConversationRow> conversations = new LinkedHashMap<>();
    private final Map<MessageKey, MessageRow> messages = new HashMap<>();
    private final Map<MessageKey, Rating> ratings = new LinkedHashMap<>();
    private final List<LoggedEvent> events = new ArrayList<>();
    private final List<MessageRow> newMessages = new ArrayList<>();
    private final List<MessageRow> changedMessages = new ArrayList<>();
    private final List<Ending> generations = new ArrayList<>();

    /** Begins where the tables are: {@code stored} are those of the batch's conversations that have a row. */
    ConversationFold(Collection<ConversationRow> stored) {
        stored.forEach(row -> conversations.put(row.key(), row));
    }

    void take(LoggedEvent logged) {
        ConversationKey key = logged.conversation();
        ConversationEvent event = logged.event();
        ConversationRow conversation = conversations.computeIfAbsent(key, ConversationRow::unknown);
        if (event.getSequence() <= conversation.lastSequence()) {
            return;
        }
        events.add(logged);
        if (event.getBody() instanceof ConversationCreated created) {
            conversation = conversation.created(
                    ExactText.ofNullable(created.getTitle()),
                    new Creation(created.getWorkspaceId(), created.getMetadata(), event.getTime()));
            conversations.put(key, conversation);
        }
        conversation.touch(event.getSequence(), event.getTime());
        switch (event.getBody()) {
            case ConversationRenamed renamed -> conversation.rename(ExactText.of(renamed.getTitle()));
            case ConversationDeleted deleted -> conversation.delete();
            case ConversationAnnotated annotated -> conversation.annotate(annotated.getMetadata());
            case MessageAccepted accepted -> accept(accepted, logged, conversation);
            case TurnStarted started -> start(started, logged, conversation);
            case TurnEnd end -> end(end, logged, conversation);
            case FeedbackRecorded rated ->
                ratings.put(new MessageKey(key, rated.getMessageId()), new Rating(logged, rated));
            case BranchSwitched switched -> conversation.goOnFrom(switched.getMessageId());
            // Done above, or kept in the table of events alone.
            case ConversationCreated _, MessageRejected _, TurnRouted _, TurnRetrieved _, Unknown _ -> {}
        }
    }

    private void accept(MessageAccepted accepted, LoggedEvent logged, ConversationRow conversation) {
        Birth birth = new Birth(
                logged.turnId(),
                logged.event().getSequence(),
                accepted.getRole(),
                ExactText.of(accepted.getContent()),
                accepted.getFingerprint(),
                logged.event().getTime(),
                Came.with(accepted.getPrompt()));
        MessageRow message = add(accepted.getMessageId(), birth, Status.QUEUED, conversation);
        if (accepted.getAfter() != null) {
            message.follow(messageId(accepted.getAfter()));
        }
    }

    /** As the tables have it: empty for the beginning. */
    private static String messageId(BranchPoint after) {
        return after.getMessageId() == null ? "" : after.getMessageId();
    }

    private void start(TurnStarted started, LoggedEvent logged, ConversationRow conversation) {
        MessageRow question = message(conversation, started.getUserMessageId(), Status.ACCEPTED);
        BranchPoint after = started.getAfter();
        if (after != null) {
            conversation.goOnFrom(messageId(after));
            if (started.getSupersedes() == null) {
                question.follow(messageId(after));
            }
        } else if (started.getSupersedes() != null) {
            message(conversation, started.getSupersedes(), Status.SUPERSEDED);
        }
        Birth birth = new Birth(
                logged.turnId(),
                logged.event().getSequence(),
                Role.ASSISTANT,
                ExactText.EMPTY,
                null,
                logged.event().getTime(),
                Came.NOTHING);
        MessageRow answer = add(started.getAssistantMessageId(), birth, Status.GENERATING, conversation);
        if (after != null) {
            answer.follow(started.getUserMessageId());
        }
        conversation.begin(new ActiveTurn(
                logged.turnId(),
                started.getUserMessageId(),
                started.getAssistantMessageId(),
                logged.event().getTime()));
    }

    private void end(TurnEnd end, LoggedEvent logged, ConversationRow conversation) {
        if (end instanceof TurnCancelled cancelled && (cancelled.getForgotten() || !cancelled.hasBegun())) {
            message(conversation, cancelled.getUserMessageId(), Status.of(cancelled));
        }
        if (end.hasBegun()) {
            Ending ending = Ending.of(logged, end);
            message(conversation, ending.messageId(), ending.status()).end(ending);
            generations.add(ending);
            conversation.end(logged.turnId());
            if (ending.status() != Status.FORGOTTEN) {
                conversation.goOnFrom(ending.messageId());
            }
        }
    }

    /** One that was there already is added all the same: Postgres refuses it, and the record with it. */
    private MessageRow add(String id, Birth birth, Status status, ConversationRow conversation) {
        MessageRow message = new MessageRow(conversation.key(), id, birth, status);
        messages.put(new MessageKey(conversation.key(), id), message);
        newMessages.add(message);
        conversation.countMessage();
        return message;
    }

    /** Sets a message's status. */
    private MessageRow message(ConversationRow conversation, String id, Status status) {
        MessageRow message = messages.computeIfAbsent(new MessageKey(conversation.key(), id), unseen -> {
            MessageRow earlier = new MessageRow(conversation.key(), id, null, status);
            changedMessages.add(earlier);
            return earlier;
        });
        message.become(status);
        return message;
    }

    /** Those that were not folded before. */
    List<LoggedEvent> events() {
        return events;
    }

    List<ConversationRow> newConversations() {
        return conversations.values().stream().filter(ConversationRow::isNew).toList();
    }

    List<ConversationRow> changedConversations() {
        return conversations.values().stream()
                .filter(ConversationRow::isChanged)
                .toList();
    }

    List<MessageRow> newMessages() {
        return newMessages;
    }

    /** Messages of earlier batches that end in this one. */
    List<MessageRow> endedMessages() {
        return changedMessages.stream()
                .filter(message -> message.ending() != null)
                .toList();
    }

    /** Messages of earlier batches of which nothing but the status changes. */
    List<MessageRow> movedMessages() {
        return changedMessages.stream()
                .filter(message -> message.ending() == null)
                .toList();
    }

    List<Ending> generations() {
        return generations;
    }

    /** The last word on each message. */
    List<Rating> ratings() {
        return List.copyOf(ratings.values());
    }
}
