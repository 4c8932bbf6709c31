package dev.parley.topologies.conversation;

import dev.parley.chat.v1.BranchPoint;
import dev.parley.chat.v1.CancelGeneration;
import dev.parley.chat.v1.OnBusy;
import dev.parley.chat.v1.TurnStarted;
import dev.parley.schemas.keys.MessageId;
import dev.parley.topologies.conversation.Tree.Tip;
import dev.parley.topologies.conversation.Turn.Ending;
import dev.parley.topologies.conversation.Turn.Phase;
import dev.parley.topologies.conversation.Turn.Place;
import dev.parley.topologies.conversation.Turn.Running;
import org.jspecify.annotations.Nullable;

/**
 * Which turn runs, which wait, and which is told to stop.
 *
 * <p>{@code onBusy} of a message that meets a busy conversation: {@code enqueue} waits behind all others;
 * {@code interrupt} and {@code rollback} cancel the running turn and run next, before those that wait;
 * {@code reject} is refused.
 */
final class Turns {

    private final ConversationDraft draft;

    Turns(ConversationDraft draft) {
        this.draft = draft;
    }

    /** Runs an accepted turn, now or when its time comes. */
    void take(Turn turn, OnBusy onBusy) {
        if (!draft.state().busy()) {
            begin(turn);
            return;
        }
        switch (onBusy) {
            case ENQUEUE, REJECT -> draft.change(new Change.Enqueued(turn));
            case INTERRUPT -> interrupt(turn, Ending.CANCELLED, "interrupted");
            case ROLLBACK -> interrupt(turn, Ending.FORGOTTEN, "rolled_back");
        }
    }

    private void interrupt(Turn turn, Ending ending, String reason) {
        draft.change(new Change.EnqueuedFirst(turn));
        stop(ending, reason);
    }

    /** Tells the running turn to stop, unless it has been told. */
    void stop(Ending ending, String reason) {
        Running running = draft.state().running();
        if (running == null || running.cancelling()) {
            return;
        }
        draft.change(new Change.CancelAsked(ending));
        callOff(running, reason);
    }

    /** Has whoever still holds an order for the turn drop it. */
    void callOff(Running running, String reason) {
        draft.order(new Order.Stop(running.generationId(), new CancelGeneration(reason)));
        if (running.phase() instanceof Phase.Classifying) {
            callOffClassification(running, reason);
        }
    }

    /** The same of the order to ask a model which way it goes. */
    void callOffClassification(Running running, String reason) {
        draft.order(new Order.Stop(running.classificationId(), new CancelGeneration(reason)));
    }

    /** Begins the turn that waits first, where none runs. */
    void beginNext() {
        Conversation state = draft.state();
        if (state.running() == null && !state.queue().isEmpty()) {
            begin(state.queue().getFirst());
        }
    }

    private void begin(Turn waiting) {
        Turn turn = current(waiting);
        Tip parent = parent(turn);
        draft.change(new Change.Begun(turn, parent, draft.now()));
        draft.log(
                new TurnStarted(
                        turn.userMessageId().text(),
                        turn.assistantMessageId().text(),
                        turn.generationId().text(),
                        turn.place() instanceof Place.Beside(MessageId answer, long _) ? answer.text() : null,
                        new BranchPoint(
                                parent == null
                                        ? null
                                        : parent.assistantMessageId().text())),
                turn.turnId());
        draft.generate(Order.Generate.INITIAL);
    }

    /**
     * The turn as it stands when it begins: a regeneration that waited comes beside the answer that was given to its question
     * meanwhile.
     */
    private Turn current(Turn turn) {
        Tip tip = draft.state().tree().tip();
        return turn.place() instanceof Place.Beside
                        && tip != null
                        && tip.userMessageId().equals(turn.userMessageId())
                ? turn.at(new Place.Beside(tip.assistantMessageId(), tip.position()))
                : turn;
    }

    /** What the turn's question follows; null: the conversation's beginning. */
    private @Nullable Tip parent(Turn turn) {
        Tip tip = draft.state().tree().tip();
        return switch (turn.place()) {
            case Place.Latest() -> tip;
            case Place.Beginning() -> null;
            case Place.After(MessageId messageId) -> {
                if (tip != null && tip.has(messageId)) {
                    yield tip;
                }
                History.Exchange exchange = draft.exchange(messageId);
                // Where the turn that it was to follow has never begun, it comes after what there is.
                yield exchange == null ? tip : exchange.tip();
            }
            case Place.Beside(MessageId _, long position) -> {
                History.Exchange beside = draft.exchange(position);
                History.Exchange before = beside == null ? null : draft.exchange(beside.parent());
                yield before == null ? null : before.tip();
            }
        };
    }
}
