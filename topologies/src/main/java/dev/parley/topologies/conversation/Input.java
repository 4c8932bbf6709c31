package dev.parley.topologies.conversation;

import dev.parley.chat.v1.Command;
import dev.parley.chat.v1.GenerationReport;
import dev.parley.schemas.keys.TurnId;

/** What a conversation decides on. */
sealed interface Input {

    /** What a caller asks. */
    record Asked(Command command) implements Input {}

    /** What the pipeline reports of a generation. */
    record Reported(GenerationReport report) implements Input {}

    /** A turn stood in one phase for longer than it may. The turn, attempt and phase are those the clock was set for. */
    record DeadlinePassed(TurnId turnId, int attempt, Class<? extends Turn.Phase> phase) implements Input {}
}
