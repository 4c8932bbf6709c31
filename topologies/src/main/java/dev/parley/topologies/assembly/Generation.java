package dev.parley.topologies.assembly;

import dev.parley.chat.v1.Attempt;
import dev.parley.chat.v1.AttemptClaimed;
import dev.parley.chat.v1.AttemptLost;
import dev.parley.chat.v1.GenerationCancelled;
import dev.parley.chat.v1.GenerationCompleted;
import dev.parley.chat.v1.GenerationFailed;
import dev.parley.chat.v1.GenerationReport;
import dev.parley.chat.v1.Tally;
import dev.parley.chat.v1.ToolCall;
import dev.parley.chat.v1.Upstream;
import dev.parley.chat.v1.Usage;
import dev.parley.chat.v1.UsageBasis;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.keys.EventIds;
import dev.parley.schemas.keys.GenerationId;
import dev.parley.topologies.assembly.AttemptProgress.Cost;
import dev.parley.topologies.assembly.AttemptProgress.Phase;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.SequencedSet;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * One piece of work, of whatever kind, as the chunks in its partition tell it. Immutable and pure: each input gives the next state and the
 * reports that follow.
 *
 * <pre>{@code
 *            AttemptStarted                      AttemptFinished (adds up), AttemptCancelled,
 *                  │                             AttemptFailed (for good)
 *                  ▼            deltas           ─────────────────────────────────▶ Closed
 *   Open ──▶ ┌─ Running ◀──────────────┐
 *            │    │ silence            │         CancelGeneration, then no ending in time
 *            │    ├──▶ Silent ─────────┤         ─────────────────────────────────▶ Closed
 *            │    │ gap, wrong checksum│ AttemptStarted
 *            │    ├──▶ Corrupt ────────┤ of another attempt
 *            │    │ AttemptFailed      │
 *            └────┴──▶ Failed ─────────┘
 *                     (retryable)
 * }</pre>
 *
 * <p><b>The log alone decides which attempt counts and how a generation ends.</b> The current attempt is the one that the
 * last AttemptStarted in log order named, and it stays current until another AttemptStarted, also after it was reported
 * lost for its silence. So a worker that was stopped past its lease and continues is one of two things. Where another
 * attempt has started, it is void and not a character of it counts. Where none has, its chunks count, and its ending
 * closes the generation; the attempt that was asked for in its place finds the generation closed. Were it the other way
 * round (lost is final), a reader who goes by the log, as the edge does, would show an ending that assembly refuses, since
 * the moment of the loss is a matter of this process's clock and in no log. The clock decides only when to ask for another
 * attempt. The one ending that no log holds, the cancel that nobody answered, is a turn's ending that readers learn from
 * the conversation's events.
 *
 * <p><b>An attempt's ending that is not the generation's</b>: a retryable failure, and a finish whose length or checksum
 * does not match the deltas. Another attempt may follow either.
 *
 * <p><b>Repeats.</b> Under at-least-once delivery any suffix of the log may be read again, over a state that has seen it:
 * deltas are known by their sequence numbers, claims by their attempt, endings by the closed generation. Whatever was
 * reported when they were first read is reported again under the same id, since the crash that caused the repeat may have
 * kept the state and lost the report.
 */
sealed interface Generation {

    String generationId();

    /** What {@code signal} of {@code attemptId} leads to. */
    Step accept(String attemptId, Signal signal, Instant now);

    /** What an order to cancel leads to. */
    Step cancel();

    /** The state of a generation of which nothing is known. */
    static Open unknown(String generationId) {
        return new Open(generationId, null, new LinkedHashSet<>(), false);
    }

    /** What became of an input. */
    enum Effect {
        /** The current attempt's text grew, and nothing else changed. */
        APPENDED,
        /** Anything else changed. */
        CHANGED,
        /** Nothing changed, but the current attempt's worker lives. */
        ALIVE,
        /** It had been read before. */
        DUPLICATE,
        /** It is of an attempt that is not current, or that is known not to add up. */
        VOID,
        /** The generation is closed. */
        LATE
    }

    /** The next state, and what to tell the conversation, in this order. */
    record Step(Generation next, Effect effect, List<GenerationReport> reports) {}

    /**
     * A generation that has not ended.
     *
     * @param current null until a worker claims it
     * @param superseded attempts that others took over from, oldest first; bounded
     * @param cancelling an order to cancel was read
     */
    record Open(
            String generationId, @Nullable AttemptProgress current, SequencedSet<String> superseded, boolean cancelling)
            implements Generation {

        /** More than a conversation ever asks for; beyond it the oldest are forgotten. */
        private static final int MAX_SUPERSEDED = 16;

        /** The current attempt, where there is one. */
        AttemptProgress claimedBy() {
            if (current == null) {
                throw new IllegalStateException("no attempt has claimed " + generationId);
            }
            return current;
        }

        /** Whether the current attempt owes a sign of life. */
        boolean running() {
            return current != null && current.phase() instanceof Phase.Running;
        }

        @Override
        public Step accept(String attemptId, Signal signal, Instant now) {
            if (signal instanceof Signal.Started(Attempt attempt, String kind)) {
                return claim(attempt, kind, now);
            }
            if (current == null || !current.attemptId().equals(attemptId)) {
                return ignored(Effect.VOID);
            }
            return switch (signal) {
                case Signal.Started started -> throw new IllegalStateException("claims are handled above");
                case Signal.Text(int seq, String text) -> delta(current, seq, said -> said.plusText(text), now);
                case Signal.Reasoning(int seq, String text) ->
                    delta(current, seq, said -> said.plusReasoning(text), now);
                case Signal.Arguments(int seq) -> delta(current, seq, Transcript::plusNothing, now);
                case Signal.Called(int seq, ToolCall call) -> delta(current, seq, said -> said.plusCall(call), now);
                case Signal.Alive alive -> ignored(Effect.ALIVE);
                case Signal.Finished finished -> finish(current.answeredAs(finished.tally()), finished, now);
                case Signal.Failed failed -> fail(current.answeredAs(failed.tally()), failed, now);
                case Signal.Cancelled(Tally tally) -> {
                    AttemptProgress stopped = current.answeredAs(tally);
                    yield closed(stopped, cancelled(stopped, costOf(tally), now), false);
                }
            };
        }

        private Step claim(Attempt attempt, String kind, Instant now) {
            String attemptId = attempt.getAttemptId();
            if (superseded.contains(attemptId)) {
                return ignored(Effect.DUPLICATE);
            }
            if (current != null && current.attemptId().equals(attemptId)) {
                return new Step(this, Effect.DUPLICATE, List.of(claimed(current, now)));
            }
            SequencedSet<String> before = superseded;
            if (current != null) {
                before = new LinkedHashSet<>(superseded);
                before.add(current.attemptId());
                if (before.size() > MAX_SUPERSEDED) {
                    before.removeFirst();
                }
            }
            AttemptProgress started = AttemptProgress.startedBy(attempt, kind);
            return new Step(
                    new Open(generationId, started, before, cancelling),
                    Effect.CHANGED,
                    List.of(claimed(started, now)));
        }

        /**
         * The delta that comes next counts in every phase: in an attempt that has ended, it is one that a crash took back
         * from the text but not from the header (see {@link GenerationStores}).
         */
        private Step delta(AttemptProgress progress, int seq, UnaryOperator<Transcript> growth, Instant now) {
            Transcript transcript = progress.transcript();
            if (seq < transcript.nextSeq()) {
                return ignored(Effect.DUPLICATE);
            }
            if (seq == transcript.nextSeq()) {
                return new Step(with(progress.with(growth.apply(transcript))), Effect.APPENDED, List.of());
            }
            return switch (progress.phase()) {
                case Phase.Corrupt corrupt -> ignored(Effect.VOID);
                case Phase.Failed failed -> ignored(Effect.VOID);
                case Phase.Running running -> corrupt(progress, now);
                case Phase.Silent silent -> corrupt(progress, now);
            };
        }

        private Step finish(AttemptProgress progress, Signal.Finished finished, Instant now) {
            return switch (progress.phase()) {
                case Phase.Corrupt corrupt -> ignored(Effect.VOID);
                case Phase.Failed failed -> ignored(Effect.VOID);
                case Phase.Running running -> finishVerified(progress, finished, now);
                case Phase.Silent silent -> finishVerified(progress, finished, now);
            };
        }

        private Step finishVerified(AttemptProgress progress, Signal.Finished finished, Instant now) {
            return progress.transcript().matches(finished.tally())
                    ? closed(progress, completed(progress, finished, now), false)
                    : corrupt(progress, now);
        }

        private Step corrupt(AttemptProgress progress, Instant now) {
            return new Step(
                    with(progress.in(new Phase.Corrupt())),
                    Effect.CHANGED,
                    List.of(lost(progress, ErrorCode.CHUNKS_CORRUPT, now)));
        }

        private Step fail(AttemptProgress progress, Signal.Failed failed, Instant now) {
            if (!failed.retryable()) {
                return closed(progress, failed(progress, failed, now), false);
            }
            if (cancelling) {
                // Nobody wants another attempt, so there is nothing to wait for.
                return closed(progress, cancelled(progress, costOf(failed.tally()), now), false);
            }
            return switch (progress.phase()) {
                case Phase.Failed already -> new Step(this, Effect.DUPLICATE, List.of(failed(progress, failed, now)));
                // Another attempt has been asked for when the deltas did not add up.
                case Phase.Corrupt corrupt -> ignored(Effect.VOID);
                case Phase.Running running -> failedForNow(progress, failed, now);
                case Phase.Silent silent -> failedForNow(progress, failed, now);
            };
        }

        private Step failedForNow(AttemptProgress progress, Signal.Failed failed, Instant now) {
            return new Step(
                    with(progress.in(new Phase.Failed(costOf(failed.tally())))),
                    Effect.CHANGED,
                    List.of(failed(progress, failed, now)));
        }

        @Override
        public Step cancel() {
            return cancelling
                    ? ignored(Effect.DUPLICATE)
                    : new Step(new Open(generationId, current, superseded, true), Effect.CHANGED, List.of());
        }

        /** The lease ran out without a sign of life. */
        Step fallSilent(Instant now) {
            if (current == null || !(current.phase() instanceof Phase.Running)) {
                return ignored(Effect.VOID);
            }
            return new Step(
                    with(current.in(new Phase.Silent())),
                    Effect.CHANGED,
                    List.of(lost(current, ErrorCode.WORKER_LOST, now)));
        }

        /** Nobody answered the order to cancel in time: the generation ends here, with what there is. */
        Step cancelUnanswered(Instant now) {
            if (!cancelling) {
                return ignored(Effect.VOID);
            }
            Cost cost = current == null
                    ? new Cost(new Usage(0, 0, UsageBasis.ESTIMATED, null), null, null, null)
                    : current.cost();
            return closed(current, cancelled(current, cost, now), true);
        }

        /** What no re-read record would say again after a restart, since the clock said it the first time. */
        List<GenerationReport> repeatedAfterRestart(Instant now) {
            if (current == null) {
                return List.of();
            }
            return switch (current.phase()) {
                case Phase.Running running -> List.of();
                case Phase.Failed failed -> List.of();
                case Phase.Silent silent -> List.of(claimed(current, now), lost(current, ErrorCode.WORKER_LOST, now));
                case Phase.Corrupt corrupt ->
                    List.of(claimed(current, now), lost(current, ErrorCode.CHUNKS_CORRUPT, now));
            };
        }

        private Open with(AttemptProgress next) {
            return new Open(generationId, next, superseded, cancelling);
        }

        private Step ignored(Effect effect) {
            return new Step(this, effect, List.of());
        }

        private Step closed(@Nullable AttemptProgress by, GenerationReport report, boolean byClock) {
            String attemptId = by == null ? null : by.attemptId();
            return new Step(new Closed(generationId, attemptId, byClock, report), Effect.CHANGED, List.of(report));
        }

        private GenerationReport claimed(AttemptProgress progress, Instant now) {
            return report(progress, "claimed", new AttemptClaimed(progress.attempt()), now);
        }

        private GenerationReport lost(AttemptProgress progress, ErrorCode reason, Instant now) {
            return report(progress, "lost", new AttemptLost(progress.attempt(), reason.wire()), now);
        }

        private GenerationReport completed(AttemptProgress progress, Signal.Finished finished, Instant now) {
            Tally tally = finished.tally();
            String reasoning = progress.transcript().reasoning();
            return report(
                    progress,
                    "completed",
                    GenerationCompleted.newBuilder()
                            .setAttempt(progress.attempt())
                            .setContent(progress.transcript().text())
                            .setReasoning(reasoning.isEmpty() ? null : reasoning)
                            .setFinishReason(finished.finishReason())
                            .setUsage(tally.getUsage())
                            .setFirstTokenMillis(tally.getFirstTokenMillis())
                            .setGenerationMillis(tally.getGenerationMillis())
                            .setToolCalls(progress.transcript().toolCalls())
                            .setExtras(finished.extras())
                            .setUpstream(upstream(tally, finished.leftOut(), null))
                            .build(),
                    now);
        }

        private GenerationReport failed(AttemptProgress progress, Signal.Failed failed, Instant now) {
            return report(
                    progress,
                    "failed",
                    GenerationFailed.newBuilder()
                            .setAttempt(progress.attempt())
                            .setCode(failed.code())
                            .setDetail(failed.detail())
                            .setRetryable(failed.retryable())
                            .setContent(progress.transcript().text())
                            .setUsage(failed.tally().getUsage())
                            .setFirstTokenMillis(failed.tally().getFirstTokenMillis())
                            .setGenerationMillis(failed.tally().getGenerationMillis())
                            .setUpstream(upstream(failed.tally(), List.of(), failed.retryAfterMillis()))
                            .build(),
                    now);
        }

        private GenerationReport cancelled(@Nullable AttemptProgress progress, Cost cost, Instant now) {
            return report(
                    progress,
                    "cancelled",
                    new GenerationCancelled(
                            progress == null ? null : progress.attempt(),
                            progress == null ? "" : progress.transcript().text(),
                            cost.usage(),
                            cost.firstTokenMillis(),
                            cost.generationMillis(),
                            cost.upstream()),
                    now);
        }

        private static Cost costOf(Tally tally) {
            return new Cost(
                    tally.getUsage(),
                    tally.getFirstTokenMillis(),
                    tally.getGenerationMillis(),
                    upstream(tally, List.of(), null));
        }

        /** Null where the worker told nothing of it. */
        private static @Nullable Upstream upstream(Tally tally, List<String> leftOut, @Nullable Long retryAfterMillis) {
            boolean nothing = tally.getUsageDetails() == null
                    && tally.getModelCalls() == 0
                    && leftOut.isEmpty()
                    && retryAfterMillis == null
                    && tally.getRefusalFrom() == null
                    && tally.getTextBeforeCalls() == null;
            return nothing
                    ? null
                    : new Upstream(
                            tally.getUsageDetails(),
                            tally.getModelCalls(),
                            leftOut,
                            retryAfterMillis,
                            tally.getRefusalFrom(),
                            tally.getTextBeforeCalls());
        }

        /** The id is a function of the fact, so that whoever reads a repeat knows it for one. */
        private GenerationReport report(
                @Nullable AttemptProgress progress, String fact, GenerationReport.Body body, Instant now) {
            String id = EventIds.ofReport(
                    new GenerationId(generationId), progress == null ? null : progress.attemptId(), fact);
            return new GenerationReport(id, generationId, now, body);
        }
    }

    /**
     * A generation that has ended.
     *
     * @param attemptId the attempt that was current; null where none was
     * @param byClock whether no record ended it: the order to cancel went unanswered
     * @param report how it ended; null once it need not be said again
     */
    record Closed(
            String generationId,
            @Nullable String attemptId,
            boolean byClock,
            @Nullable GenerationReport report) implements Generation {

        @Override
        public Step accept(String otherAttemptId, Signal signal, Instant now) {
            boolean ending = switch (signal) {
                case Signal.Finished finished -> true;
                case Signal.Failed failed -> true;
                case Signal.Cancelled cancelled -> true;
                case Signal.Started started -> false;
                case Signal.Text text -> false;
                case Signal.Reasoning reasoning -> false;
                case Signal.Arguments arguments -> false;
                case Signal.Called called -> false;
                case Signal.Alive alive -> false;
            };
            return ending && otherAttemptId.equals(attemptId) && report != null
                    ? new Step(this, Effect.DUPLICATE, List.of(report))
                    : new Step(this, Effect.LATE, List.of());
        }

        @Override
        public Step cancel() {
            return new Step(this, Effect.LATE, List.of());
        }

        /** Without the report. */
        Closed bare() {
            return new Closed(generationId, attemptId, byClock, null);
        }
    }
}
