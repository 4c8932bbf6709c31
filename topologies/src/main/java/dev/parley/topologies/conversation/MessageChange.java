package dev.parley.topologies.conversation;

import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.ConversationFact;
import dev.parley.chat.v1.MessageAccepted;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.MessageRejected;
import dev.parley.chat.v1.TurnCancelled;
import dev.parley.chat.v1.TurnEnd;
import dev.parley.chat.v1.TurnFailed;
import dev.parley.chat.v1.TurnPreparation;
import dev.parley.chat.v1.TurnStarted;
import dev.parley.chat.v1.Unknown;
import dev.parley.schemas.keys.MessageId;
import dev.parley.schemas.keys.TurnId;
import dev.parley.topologies.aggregate.Decision.Step;
import dev.parley.topologies.conversation.Turn.Running;
import dev.parley.topologies.state.v1.ExchangeState;
import dev.parley.topologies.state.v1.MessageState;
import java.util.List;

/** What a change of a conversation keeps for later decisions about its messages, which are no part of its head. */
sealed interface MessageChange {

    /** The conversation has a message with this id. */
    record Known(MessageId messageId, MessageState message) implements MessageChange {}

    /** An exchange has ended. */
    record Ended(long position, ExchangeState exchange) implements MessageChange {}

    static List<MessageChange> of(Step<Conversation, Change> step) {
        return switch (step.change()) {
            case Change.Logged(ConversationEvent.Body body, TurnId _) -> of(body, step.before(), step.after());
            case Change.Enqueued(Turn turn) -> waiting(turn);
            case Change.EnqueuedFirst(Turn turn) -> waiting(turn);
            case Change.CommandSeen _,
                    Change.Begun _,
                    Change.Claimed _,
                    Change.Configured _,
                    Change.ClassificationAsked _,
                    Change.ClassificationAskedAgain _,
                    Change.Classified _,
                    Change.Reissued _,
                    Change.Paused _,
                    Change.Resumed _,
                    Change.CancelAsked _,
                    Change.Switched _,
                    Change.Dropped _ -> List.of();
        };
    }

    /**
     * A regeneration that waits is in no event of the log yet, and in none at all where it is cancelled there: the id of its
     * answer tells a repeat of the command.
     */
    private static List<MessageChange> waiting(Turn turn) {
        return turn.place() instanceof Turn.Place.Beside
                ? List.of(new Known(
                        turn.assistantMessageId(),
                        new MessageState(turn.turnId().text(), null, null, null)))
                : List.of();
    }

    private static List<MessageChange> of(ConversationEvent.Body event, Conversation before, Conversation after) {
        return switch (event) {
            case MessageAccepted accepted ->
                List.of(new Known(
                        new MessageId(accepted.getMessageId()),
                        new MessageState("", accepted.getFingerprint(), null, accepted.getAssistantMessageId())));
            case MessageRejected rejected ->
                List.of(new Known(new MessageId(rejected.getMessageId()), new MessageState("", null, null, null)));
            case TurnStarted started ->
                List.of(new Known(
                        new MessageId(started.getAssistantMessageId()),
                        new MessageState(
                                after.turn().turnId().text(), null, after.turn().position(), null)));
            case TurnEnd end -> end.hasBegun() ? List.of(ended(before.turn(), end)) : List.of();
            case ConversationFact _, TurnPreparation _, Unknown _ ->
                List.of(); // Not about a message, or not for the first time.
        };
    }

    private static Ended ended(Running running, TurnEnd end) {
        Turn turn = running.turn();
        MessageCompleted completed = end instanceof MessageCompleted whole ? whole : null;
        ExchangeState exchange = ExchangeState.newBuilder()
                .setTurnId(turn.turnId().text())
                .setUserMessageId(turn.userMessageId().text())
                .setAssistantMessageId(turn.assistantMessageId().text())
                .setQuestion(turn.question().content())
                .setPrompt(StateRecords.stored(turn.question().prompt()))
                .setAnswer(end.getContent())
                .setCounted(counts(end))
                .setToolCalls(completed == null ? List.of() : StateRecords.stored(completed.getToolCalls()))
                .setExtras(completed == null ? null : StateRecords.stored(completed.getExtras()))
                .setParent(Tree.position(running.parent()))
                .build();
        return new Ended(running.position(), exchange);
    }

    /** Whether turns that follow it see it: what was said, be it not all, unless the turn failed or is to be forgotten. */
    private static boolean counts(TurnEnd end) {
        return switch (end) {
            case MessageCompleted completed -> true;
            case TurnFailed failed -> false;
            case TurnCancelled cancelled ->
                !cancelled.getForgotten() && !cancelled.getContent().isEmpty();
        };
    }
}
