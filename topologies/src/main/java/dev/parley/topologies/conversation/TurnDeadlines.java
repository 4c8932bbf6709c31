package dev.parley.topologies.conversation;

import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.keys.EventIds;
import dev.parley.topologies.aggregate.Cause;
import dev.parley.topologies.aggregate.Deadline;
import dev.parley.topologies.conversation.Endings.Partial;
import dev.parley.topologies.conversation.Turn.Ending;
import dev.parley.topologies.conversation.Turn.Phase;
import dev.parley.topologies.conversation.Turn.Running;
import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** How long a turn may stand in each phase, and what becomes of it then. */
final class TurnDeadlines {

    private final ConversationDraft draft;
    private final Turns turns;
    private final Endings endings;

    TurnDeadlines(ConversationDraft draft) {
        this.draft = draft;
        this.turns = new Turns(draft);
        this.endings = new Endings(draft, turns);
    }

    /** The deadline of the running turn; null where none runs. */
    static @Nullable Deadline<Input> of(Conversation conversation, ConversationSettings settings) {
        Running running = conversation.running();
        if (running == null) {
            return null;
        }
        Duration limit = switch (running.phase()) {
            case Phase.Preparing preparing -> settings.unclaimedTimeout();
            case Phase.Classifying(int _, Duration within) -> within;
            case Phase.Pausing(Duration pause, String _) -> pause;
            case Phase.Generating generating -> settings.turnTimeout();
            case Phase.Cancelling cancelling -> settings.cancelTimeout();
        };
        Class<? extends Phase> phase = running.phase().getClass();
        String id = EventIds.ofDeadline(running.turnId(), phase.getSimpleName().toLowerCase(Locale.ROOT));
        return new Deadline<>(
                new Cause<>(new Input.DeadlinePassed(running.turnId(), running.attempt(), phase), id), limit);
    }

    void passed(Input.DeadlinePassed deadline) {
        Running running = draft.state().running();
        if (running == null
                || !running.turnId().equals(deadline.turnId())
                || running.attempt() != deadline.attempt()
                || !deadline.phase().isInstance(running.phase())) {
            return;
        }
        switch (running.phase()) {
            case Phase.Preparing preparing -> turns.stop(Ending.NO_WORKER, ErrorCode.NO_WORKER.wire());
            case Phase.Classifying classifying -> new Classifications(draft).late(running, classifying);
            case Phase.Pausing(Duration _, String cause) -> {
                draft.change(new Change.Resumed());
                draft.generate(cause);
            }
            case Phase.Generating generating -> turns.stop(Ending.TIMED_OUT, ErrorCode.TURN_TIMEOUT.wire());
            case Phase.Cancelling(Ending ending) -> endings.stopped(running, ending, Partial.NOTHING);
        }
    }
}
