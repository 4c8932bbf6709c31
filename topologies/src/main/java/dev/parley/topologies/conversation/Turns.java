package dev.parley.topologies.conversation;

import dev.parley.chat.v1.CancelGeneration;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.OnBusy;
import dev.parley.chat.v1.TurnStarted;
import dev.parley.schemas.keys.MessageId;
import dev.parley.schemas.keys.TurnId;
import dev.parley.topologies.conversation.Turn.Ending;
import dev.parley.topologies.conversation.Turn.Phase;
import dev.parley.topologies.conversation.Turn.Running;
import java.util.Optional;

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
        draft.change(new Change.Begun(turn, draft.now()));
        Turn.Regenerated regenerates = turn.regenerates();
        draft.log(
                new TurnStarted(
                        turn.userMessageId().text(),
                        turn.assistantMessageId().text(),
                        turn.generationId().text(),
                        regenerates == null
                                ? null
                                : regenerates.assistantMessageId().text()),
                turn.turnId());
        draft.generate(Order.Generate.INITIAL);
    }

    /**
     * The turn as it stands when it begins: a regeneration that waited replaces the answer that was given to its question
     * meanwhile, so that one question has one answer.
     */
    private Turn current(Turn turn) {
        Turn.Regenerated regenerates = turn.regenerates();
        if (regenerates == null) {
            return turn;
        }
        // The history does not hold yet what this decision has ended.
        return draft.steps().stream()
                .filter(step -> step.change() instanceof Change.Logged(MessageCompleted _, TurnId _))
                .map(step -> step.before().turn())
                .filter(answered -> answered.turn().userMessageId().equals(turn.userMessageId()))
                .map(answered -> new Turn.Regenerated(answered.turn().assistantMessageId(), answered.position()))
                .findFirst()
                .or(() -> latest(turn.userMessageId()))
                .map(turn::replacing)
                .orElse(turn);
    }

    private Optional<Turn.Regenerated> latest(MessageId userMessageId) {
        return Optional.ofNullable(draft.history().latest())
                .filter(latest -> latest.userMessageId().equals(userMessageId))
                .map(latest -> new Turn.Regenerated(latest.assistantMessageId(), latest.position()));
    }
}
