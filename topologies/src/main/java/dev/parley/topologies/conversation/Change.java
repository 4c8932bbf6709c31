package dev.parley.topologies.conversation;

import dev.parley.chat.v1.Classification;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.schemas.keys.TurnId;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** A change of a conversation's state: an event of the log, or a step of a turn that the log need not know. */
sealed interface Change {

    /** An event, by its body. */
    record Logged(ConversationEvent.Body body, @Nullable TurnId turnId) implements Change {}

    /** A command was taken; a repeat of it is to change nothing. */
    record CommandSeen(String commandId) implements Change {}

    /** A turn joined the queue. */
    record Enqueued(Turn turn) implements Change {}

    /** A turn joined the queue ahead of those that wait. */
    record EnqueuedFirst(Turn turn) implements Change {}

    /** A turn went from the queue's head, or directly, to running: its question follows {@code parent}, or the beginning. */
    record Begun(Turn turn, Tree.@Nullable Tip parent, Instant at) implements Change {}

    record Claimed(Instant at) implements Change {}

    /** The running turn goes by this version of the configuration. */
    record Configured(String version) implements Change {}

    /** A model is asked which way the running turn goes, within this time. */
    record ClassificationAsked(Duration limit) implements Change {}

    /** It is asked once more. */
    record ClassificationAskedAgain() implements Change {}

    /** What it said, or that it said nothing. */
    record Classified(Classification said) implements Change {}

    /** The next try of the running turn, without the engine that broke off, where one did, after so many calls of the last. */
    record Reissued(@Nullable String failedEngine, int modelCalls) implements Change {}

    /** The next try of the running turn is asked for after {@code pause}. */
    record Paused(Duration pause, String cause) implements Change {}

    /** The pause is over. */
    record Resumed() implements Change {}

    record CancelAsked(Turn.Ending ending) implements Change {}

    /** The conversation goes on from another exchange. */
    record Switched(Tree.Tip tip) implements Change {}

    /** A waiting turn left the queue without running. */
    record Dropped(TurnId turnId) implements Change {}
}
