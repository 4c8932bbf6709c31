package dev.parley.topologies.conversation;

import dev.parley.chat.v1.BranchPoint;
import dev.parley.chat.v1.CallerPrompt;
import dev.parley.chat.v1.Classification;
import dev.parley.chat.v1.RegenerateMessage;
import dev.parley.chat.v1.Source;
import dev.parley.chat.v1.SubmitMessage;
import dev.parley.schemas.keys.GenerationId;
import dev.parley.schemas.keys.MessageId;
import dev.parley.schemas.keys.TurnId;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What one exchange was asked to do, from its acceptance on.
 *
 * @param place where in the conversation's tree it is to come
 */
record Turn(
        TurnId turnId,
        MessageId userMessageId,
        MessageId assistantMessageId,
        Question question,
        Instant acceptedAt,
        Place place) {

    /** Where a turn comes in the conversation's tree of exchanges, as far as it has been asked for. */
    sealed interface Place {

        /** After what is said last on the active branch when it begins. */
        record Latest() implements Place {}

        /** At the conversation's beginning. */
        record Beginning() implements Place {}

        /** After the exchange of this message. */
        record After(MessageId messageId) implements Place {}

        /** Beside the exchange at {@code position}, whose question it answers anew. */
        record Beside(MessageId assistantMessageId, long position) implements Place {}

        static Place of(@Nullable BranchPoint after) {
            if (after == null) {
                return new Latest();
            }
            String messageId = after.getMessageId();
            return messageId == null ? new Beginning() : new After(new MessageId(messageId));
        }
    }

    /**
     * What it is to answer, and how.
     *
     * @param prompt what a caller of a model API sent along; null for a plain message
     */
    record Question(
            String content,
            @Nullable String intent,
            @Nullable String engine,
            Map<String, String> metadata,
            @Nullable CallerPrompt prompt) {}

    /** The turn of a message. */
    static Turn asked(SubmitMessage submit, Instant at) {
        return new Turn(
                new TurnId(submit.getTurnId()),
                new MessageId(submit.getMessageId()),
                new MessageId(submit.getAssistantMessageId()),
                new Question(
                        submit.getContent(),
                        submit.getIntent(),
                        submit.getEngine(),
                        submit.getMetadata(),
                        submit.getPrompt()),
                at,
                Place.of(submit.getAfter()));
    }

    /** The turn that answers {@code exchange} anew. */
    static Turn askedAnew(RegenerateMessage regenerate, History.Exchange exchange, Instant at) {
        return new Turn(
                new TurnId(regenerate.getTurnId()),
                exchange.userMessageId(),
                new MessageId(regenerate.getAssistantMessageId()),
                new Question(exchange.question(), null, regenerate.getEngine(), Map.of(), exchange.prompt()),
                at,
                new Place.Beside(exchange.assistantMessageId(), exchange.position()));
    }

    /** The same turn at another place. */
    Turn at(Place other) {
        return new Turn(turnId, userMessageId, assistantMessageId, question, acceptedAt, other);
    }

    /** Characters of what was asked, messages sent along included. */
    long chars() {
        return chars(question.content(), question.prompt());
    }

    /** Of its one generation. */
    GenerationId generationId() {
        return turnId.generation(1);
    }

    static long chars(String content, @Nullable CallerPrompt prompt) {
        return content.length()
                + (prompt == null
                        ? 0
                        : prompt.getContext().stream()
                                .mapToLong(message -> message.getContent().length())
                                .sum());
    }

    /**
     * A turn that has left the queue.
     *
     * <pre>{@code
     *   Classifying ◀──a model is asked── Preparing ──claimed──▶ Generating ──completed, failed──▶ (ended)
     *    │  └── said, failed, deadline ──▶ │  ▲                   │     │
     *    │                                 │  └── lost, retryable ┘     │ cancel, deadline
     *    └──────── cancel ─────────────────┴── cancel, deadline ──▶ Cancelling ──report, deadline──▶ (ended)
     *
     *   Generating ── retryable, where the model server asked for time ──▶ Pausing ── deadline ──▶ Preparing
     * }</pre>
     *
     * @param position of its exchange
     * @param parent what its question follows; null: the conversation's beginning
     */
    record Running(
            Turn turn,
            long position,
            Tree.@Nullable Tip parent,
            Phase phase,
            Preparation preparation,
            Tries tries,
            Instant startedAt,
            @Nullable Instant claimedAt) {

        /** A turn that has just left the queue. */
        static Running begun(Turn turn, long position, Tree.@Nullable Tip parent, Instant at) {
            return new Running(turn, position, parent, new Phase.Preparing(), Preparation.NONE, Tries.FIRST, at, null);
        }

        TurnId turnId() {
            return turn.turnId();
        }

        GenerationId generationId() {
            return turn.generationId();
        }

        /** Its exchange, for those that are to follow it. */
        Tree.Tip tip() {
            return new Tree.Tip(position, turn.userMessageId(), turn.assistantMessageId());
        }

        /** Its exchange, as one that has ended. */
        History.Exchange exchange() {
            return new History.Exchange(
                    position,
                    Tree.position(parent),
                    turn.userMessageId(),
                    turn.assistantMessageId(),
                    turn.question().content(),
                    turn.question().prompt());
        }

        /** Which try is asked for, from 1. */
        int attempt() {
            return tries.attempt();
        }

        /** Of the work that asks a model which way the turn goes. */
        GenerationId classificationId() {
            return generationId().classification();
        }

        /** Version of the configuration that it runs under; empty before that is known. */
        String configuration() {
            return preparation.configuration();
        }

        boolean cancelling() {
            return phase instanceof Phase.Cancelling;
        }

        Running in(Phase next) {
            return with(next, preparation, tries, claimedAt);
        }

        Running claimed(Instant at) {
            Phase next = cancelling() ? phase : new Phase.Generating();
            return with(next, preparation, tries, at);
        }

        Running routed(List<Source> found) {
            return with(phase, preparation.routed(found), tries, claimedAt);
        }

        Running under(String version) {
            return with(phase, preparation.under(version), tries, claimedAt);
        }

        /** A model has said which way it goes, or will not: it is to be prepared with that. */
        Running classified(Classification said) {
            return with(new Phase.Preparing(), preparation.classified(said), tries, claimedAt);
        }

        /** The next try, which passes over {@code failedEngine} where there is one; the last asked model servers so often. */
        Running reissued(@Nullable String failedEngine, int calls) {
            return with(new Phase.Preparing(), preparation, tries.next(failedEngine, calls), claimedAt);
        }

        private Running with(Phase phase, Preparation preparation, Tries tries, @Nullable Instant claimedAt) {
            return new Running(turn, position, parent, phase, preparation, tries, startedAt, claimedAt);
        }
    }

    /**
     * Which try a turn is at, and what the earlier ones came to.
     *
     * @param attempt which try is asked for, from 1
     * @param failedEngines engines that broke off in earlier tries
     * @param modelCalls how often model servers were asked in earlier tries
     */
    record Tries(int attempt, List<String> failedEngines, int modelCalls) {

        static final Tries FIRST = new Tries(1, List.of(), 0);

        private Tries next(@Nullable String failedEngine, int calls) {
            List<String> failed = failedEngine == null || failedEngines.contains(failedEngine)
                    ? failedEngines
                    : Stream.concat(failedEngines.stream(), Stream.of(failedEngine))
                            .toList();
            return new Tries(attempt + 1, failed, modelCalls + calls);
        }
    }

    /**
     * What is known of a turn's way.
     *
     * @param routed whether its route has been logged
     * @param configuration version of the configuration that it goes by; empty before that is known
     * @param classification what a model said about it; null where none was asked, or none has answered yet
     */
    record Preparation(
            boolean routed,
            List<Source> sources,
            String configuration,
            @Nullable Classification classification) {

        static final Preparation NONE = new Preparation(false, List.of(), "", null);

        /** Whether nothing is known that the way would follow from. */
        boolean isOpen() {
            return !routed && classification == null;
        }

        private Preparation routed(List<Source> found) {
            return new Preparation(true, found, configuration, classification);
        }

        private Preparation under(String version) {
            return new Preparation(routed, sources, version, classification);
        }

        private Preparation classified(Classification said) {
            return new Preparation(routed, sources, configuration, said);
        }
    }

    /** Where a running turn stands. Each has a deadline. */
    sealed interface Phase {

        /** Its request is on the way to a worker. */
        record Preparing() implements Phase {}

        /**
         * A model is being asked which way it goes.
         *
         * @param attempt which try at that is asked for, from 1
         * @param limit for all tries together
         */
        record Classifying(int attempt, Duration limit) implements Phase {

            Classifying again() {
                return new Classifying(attempt + 1, limit);
            }
        }

        /** Its next request waits for as long as the model server asked for; {@code cause} is why there is a next one. */
        record Pausing(Duration pause, String cause) implements Phase {}

        /** A worker has claimed it. */
        record Generating() implements Phase {}

        /** Told to stop; waits for the assembly to say what was said by then. */
        record Cancelling(Ending ending) implements Phase {}
    }

    /** How a turn that was told to stop is to end. */
    enum Ending {
        CANCELLED,
        /** Cancelled, and out of the history. */
        FORGOTTEN,
        /** Failed: it ran too long. */
        TIMED_OUT,
        /** Failed: no worker took it. */
        NO_WORKER
    }
}
