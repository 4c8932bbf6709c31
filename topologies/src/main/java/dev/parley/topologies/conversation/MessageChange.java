package dev.parley.topologies.conversation;

import dev.parley.chat.v1.ConversationCreated;
import dev.parley.chat.v1.ConversationDeleted;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.ConversationRenamed;
import dev.parley.chat.v1.FeedbackRecorded;
import dev.parley.chat.v1.MessageAccepted;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.MessageRejected;
import dev.parley.chat.v1.ProviderExtras;
import dev.parley.chat.v1.ToolCall;
import dev.parley.chat.v1.TurnCancelled;
import dev.parley.chat.v1.TurnFailed;
import dev.parley.chat.v1.TurnRetrieved;
import dev.parley.chat.v1.TurnRouted;
import dev.parley.chat.v1.TurnStarted;
import dev.parley.chat.v1.Unknown;
import dev.parley.topologies.aggregate.Decision.Step;
import dev.parley.topologies.conversation.Turn.Running;
import dev.parley.topologies.state.v1.ExchangeState;
import dev.parley.topologies.state.v1.MessageState;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a change of a conversation keeps for later decisions about its messages, which are no part of its head. */
sealed interface MessageChange {

    /** The conversation has a message with this id. */
    record Known(String messageId, MessageState message) implements MessageChange {}

    /** An exchange has ended. */
    record Ended(long position, ExchangeState exchange) implements MessageChange {}

    /** An exchange is answered anew, and counts no longer. */
    record Replaced(long position) implements MessageChange {}

    static List<MessageChange> of(Step<Conversation, Change> step) {
        return switch (step.change()) {
            case Change.Logged(ConversationEvent.Body body, String _) -> of(body, step.before(), step.after());
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
                    Change.Dropped _ -> List.of();
        };
    }

    /**
     * A regeneration that waits is in no event of the log yet, and in none at all where it is cancelled there: the id of its
     * answer tells a repeat of the command.
     */
    private static List<MessageChange> waiting(Turn turn) {
        return turn.regenerates() == null
                ? List.of()
                : List.of(new Known(turn.assistantMessageId(), new MessageState(turn.turnId(), null, null)));
    }

    private static List<MessageChange> of(ConversationEvent.Body event, Conversation before, Conversation after) {
        return switch (event) {
            case MessageAccepted accepted ->
                List.of(new Known(accepted.getMessageId(), new MessageState("", accepted.getFingerprint(), null)));
            case MessageRejected rejected ->
                List.of(new Known(rejected.getMessageId(), new MessageState("", null, null)));
            case TurnStarted started -> begun(started, after.turn());
            case MessageCompleted completed ->
                ended(before.turn(), completed.getContent(), completed.getToolCalls(), completed.getExtras(), true);
            case TurnFailed failed -> ended(before.turn(), failed.getContent(), List.of(), null, false);
            case TurnCancelled cancelled -> cancelled(cancelled, before.running());
            case ConversationCreated _,
                    ConversationRenamed _,
                    ConversationDeleted _,
                    TurnRouted _,
                    TurnRetrieved _,
                    FeedbackRecorded _,
                    Unknown _ -> List.of(); // Not about a message, or not for the first time.
        };
    }

    private static List<MessageChange> begun(TurnStarted started, Running begun) {
        List<MessageChange> changes = new ArrayList<>();
        changes.add(
                new Known(started.getAssistantMessageId(), new MessageState(begun.turnId(), null, begun.position())));
        Turn.Regenerated regenerates = begun.turn().regenerates();
        if (regenerates != null) {
            changes.add(new Replaced(regenerates.position()));
        }
        return changes;
    }

    /** A turn that was cancelled where it waited has no exchange. */
    private static List<MessageChange> cancelled(TurnCancelled cancelled, @Nullable Running running) {
        if (running == null || cancelled.getGenerationId() == null) {
            return List.of();
        }
        boolean counted = !cancelled.getForgotten() && !cancelled.getContent().isEmpty();
        return ended(running, cancelled.getContent(), List.of(), null, counted);
    }

    private static List<MessageChange> ended(
            Running running,
            String answer,
            List<ToolCall> toolCalls,
            @Nullable ProviderExtras extras,
            boolean counted) {
        Turn turn = running.turn();
        return List.of(new Ended(
                running.position(),
                ExchangeState.newBuilder()
                        .setTurnId(turn.turnId())
                        .setUserMessageId(turn.userMessageId())
                        .setAssistantMessageId(turn.assistantMessageId())
                        .setQuestion(turn.content())
                        .setAnswer(answer)
                        .setCounted(counted)
                        .setPrompt(StateRecords.stored(turn.prompt()))
                        .setToolCalls(StateRecords.stored(toolCalls))
                        .setExtras(StateRecords.stored(extras))
                        .build()));
    }
}
