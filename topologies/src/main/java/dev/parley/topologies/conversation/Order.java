package dev.parley.topologies.conversation;

import dev.parley.chat.v1.CancelGeneration;
import dev.parley.schemas.keys.GenerationId;
import dev.parley.topologies.conversation.Turn.Running;

/** What others are to do about a decision. */
sealed interface Order {

    /** Prepare and run a try of the running turn, as it stands in the decision's state, asking model servers so often at most. */
    record Generate(Running turn, String cause, int modelCallsLeft) implements Order {

        /** The cause of a turn's first try. */
        static final String INITIAL = "initial";
    }

    /** Stop a generation. */
    record Stop(GenerationId generationId, CancelGeneration order) implements Order {}
}
