package dev.parley.topologies.conversation;

import dev.parley.chat.v1.Attempt;
import dev.parley.chat.v1.ConversationRenamed;
import dev.parley.chat.v1.GenerationCancelled;
import dev.parley.chat.v1.GenerationCompleted;
import dev.parley.chat.v1.GenerationFailed;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.Timings;
import dev.parley.chat.v1.TurnCancelled;
import dev.parley.chat.v1.TurnFailed;
import dev.parley.chat.v1.Upstream;
import dev.parley.chat.v1.Usage;
import dev.parley.schemas.ErrorCode;
import dev.parley.topologies.conversation.Turn.Ending;
import dev.parley.topologies.conversation.Turn.Running;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** How turns end. After the running one, the next begins. */
final class Endings {

    private final ConversationDraft draft;
    private final Turns turns;

    /** What came of a generation that has no whole answer. */
    record Partial(
            @Nullable Attempt attempt,
            String content,
            @Nullable Usage usage,
            @Nullable Double generationMillis,
            @Nullable Upstream upstream) {

        static final Partial NOTHING = new Partial(null, "", null, null, null);

        static Partial of(GenerationCompleted completed) {
            return new Partial(
                    completed.getAttempt(),
                    completed.getContent(),
                    completed.getUsage(),
                    completed.getGenerationMillis(),
                    completed.getUpstream());
        }

        static Partial of(GenerationFailed failed) {
            return new Partial(
                    failed.getAttempt(),
                    failed.getContent(),
                    failed.getUsage(),
                    failed.getGenerationMillis(),
                    failed.getUpstream());
        }

        static Partial of(GenerationCancelled cancelled) {
            return new Partial(
                    cancelled.getAttempt(),
                    cancelled.getContent(),
                    cancelled.getUsage(),
                    cancelled.getGenerationMillis(),
                    cancelled.getUpstream());
        }

        /** Nothing, of an attempt that was lost. */
        static Partial lost(Attempt attempt) {
            return new Partial(attempt, "", null, null, null);
        }
    }

    Endings(ConversationDraft draft, Turns turns) {
        this.draft = draft;
        this.turns = turns;
    }

    /** Ends a turn that waits. */
    void dropped(Turn waiting) {
        draft.change(new Change.Dropped(waiting.turnId()));
        draft.log(
                TurnCancelled.newBuilder()
                        .setMessageId(waiting.assistantMessageId().text())
                        .setUserMessageId(waiting.userMessageId().text())
                        .setContent("")
                        .setTimings(new Timings(millis(waiting.acceptedAt(), draft.now()), null, null, null))
                        .build(),
                waiting.turnId());
    }

    /** Ends the running turn with its answer. */
    void completed(Running running, GenerationCompleted completed) {
        draft.log(
                MessageCompleted.newBuilder()
                        .setMessageId(running.turn().assistantMessageId().text())
                        .setGenerationId(running.generationId().text())
                        .setAttempt(completed.getAttempt())
                        .setContent(completed.getContent())
                        .setReasoning(completed.getReasoning())
                        .setFinishReason(completed.getFinishReason())
                        .setUsage(completed.getUsage())
                        .setSources(running.preparation().sources())
                        .setTimings(timings(running, completed.getFirstTokenMillis(), completed.getGenerationMillis()))
                        .setToolCalls(completed.getToolCalls())
                        .setExtras(completed.getExtras())
                        .setUpstream(inAll(running, completed.getUpstream()))
                        .build(),
                running.turnId());
        title(running);
        turns.beginNext();
    }

    /** A conversation that nobody has named is named after its first question, once that has an answer. */
    private void title(Running running) {
        boolean first = running.position() == 0;
        if (first && !draft.state().titled() && !draft.state().deleted()) {
            Titles.of(running.turn().question().content())
                    .ifPresent(title -> draft.log(new ConversationRenamed(title), null));
        }
    }

    /** Ends the running turn, which was told to stop or whose generation was. */
    void stopped(Running running, Ending ending, Partial partial) {
        switch (ending) {
            case CANCELLED, FORGOTTEN -> {
                draft.log(
                        TurnCancelled.newBuilder()
                                .setMessageId(
                                        running.turn().assistantMessageId().text())
                                .setUserMessageId(running.turn().userMessageId().text())
                                .setGenerationId(running.generationId().text())
                                .setAttempt(partial.attempt())
                                .setContent(partial.content())
                                .setUsage(partial.usage())
                                .setForgotten(ending == Ending.FORGOTTEN)
                                .setTimings(timings(running, null, partial.generationMillis()))
                                .setUpstream(inAll(running, partial.upstream()))
                                .build(),
                        running.turnId());
                turns.beginNext();
            }
            case TIMED_OUT -> failed(running, ErrorCode.TURN_TIMEOUT.wire(), "the answer took too long", partial);
            case NO_WORKER ->
                failed(running, ErrorCode.NO_WORKER.wire(), "no worker took the request in time", partial);
        }
    }

    /** Ends the running turn without an answer. */
    void failed(Running running, String code, String detail, Partial partial) {
        draft.log(
                TurnFailed.newBuilder()
                        .setMessageId(running.turn().assistantMessageId().text())
                        .setGenerationId(running.generationId().text())
                        .setAttempt(partial.attempt())
                        .setCode(code)
                        .setDetail(detail)
                        .setContent(partial.content())
                        .setUsage(partial.usage())
                        .setTimings(timings(running, null, partial.generationMillis()))
                        .setUpstream(inAll(running, partial.upstream()))
                        .build(),
                running.turnId());
        turns.beginNext();
    }

    /** What became known upstream, with the calls of all attempts. */
    private static @Nullable Upstream inAll(Running running, @Nullable Upstream ofLastAttempt) {
        if (ofLastAttempt == null) {
            return running.tries().modelCalls() == 0
                    ? null
                    : new Upstream(null, running.tries().modelCalls(), List.of(), null, null, null);
        }
        return new Upstream(
                ofLastAttempt.getUsageDetails(),
                running.tries().modelCalls() + ofLastAttempt.getCalls(),
                ofLastAttempt.getLeftOut(),
                ofLastAttempt.getRetryAfterMillis(),
                ofLastAttempt.getRefusalFrom(),
                ofLastAttempt.getTextBeforeCalls());
    }

    private static Timings timings(
            Running running, @Nullable Double firstTokenMillis, @Nullable Double generationMillis) {
        return new Timings(
                millis(running.turn().acceptedAt(), running.startedAt()),
                running.claimedAt() == null ? null : millis(running.startedAt(), running.claimedAt()),
                firstTokenMillis,
                generationMillis);
    }

    /** Never negative: the two moments may come from different clocks. */
    private static double millis(Instant from, Instant to) {
        return Math.max(0, Duration.between(from, to).toMillis());
    }
}
