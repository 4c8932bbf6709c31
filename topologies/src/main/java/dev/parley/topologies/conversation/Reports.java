package dev.parley.topologies.conversation;

import dev.parley.chat.v1.Attempt;
import dev.parley.chat.v1.AttemptClaimed;
import dev.parley.chat.v1.AttemptLost;
import dev.parley.chat.v1.GenerationCancelled;
import dev.parley.chat.v1.GenerationCompleted;
import dev.parley.chat.v1.GenerationFailed;
import dev.parley.chat.v1.GenerationReport;
import dev.parley.chat.v1.TurnPrepared;
import dev.parley.chat.v1.TurnRetrieved;
import dev.parley.chat.v1.TurnRouted;
import dev.parley.chat.v1.Unknown;
import dev.parley.chat.v1.Upstream;
import dev.parley.schemas.keys.GenerationId;
import dev.parley.topologies.conversation.Endings.Partial;
import dev.parley.topologies.conversation.Turn.Ending;
import dev.parley.topologies.conversation.Turn.Phase;
import dev.parley.topologies.conversation.Turn.Running;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** What a report of the pipeline means to the running turn; one about other work than that turn's means nothing. */
final class Reports {

    /** Why what nobody waits for any more is called off. */
    static final String SUPERSEDED = "superseded";

    private final ConversationDraft draft;
    private final Turns turns;
    private final Endings endings;

    Reports(ConversationDraft draft) {
        this.draft = draft;
        this.turns = new Turns(draft);
        this.endings = new Endings(draft, turns);
    }

    void report(GenerationReport report) {
        Running running = draft.state().running();
        if (running == null) {
            return;
        }
        GenerationId generation = new GenerationId(report.getGenerationId());
        if (running.generationId().equals(generation)) {
            ofGeneration(running, report);
        } else if (running.classificationId().equals(generation)) {
            new Classifications(draft).report(running, report);
        }
    }

    private void ofGeneration(Running running, GenerationReport report) {
        switch (report.getBody()) {
            case TurnPrepared prepared -> prepared(running, prepared);
            case AttemptClaimed claimed -> claimed(running, claimed.getAttempt(), report.getTime());
            case AttemptLost lost -> lost(running, lost);
            case GenerationFailed failed -> failed(running, failed);
            case GenerationCompleted completed -> completed(running, completed);
            case GenerationCancelled cancelled -> cancelled(running, cancelled);
            case Unknown _ -> throw new IllegalArgumentException("unknown report"); // The intake lets none through.
        }
    }

    private void prepared(Running running, TurnPrepared prepared) {
        if (running.preparation().routed()) {
            return;
        }
        if (running.phase() instanceof Phase.Classifying) {
            new Classifications(draft).doneWithout(running);
        }
        String answer = running.turn().assistantMessageId().text();
        if (!prepared.getConfiguration().isEmpty()) {
            draft.change(new Change.Configured(prepared.getConfiguration()));
        }
        draft.log(
                new TurnRouted(
                        answer,
                        prepared.getIntent(),
                        prepared.getConfidence(),
                        prepared.getEngine(),
                        prepared.getReason()),
                running.turnId());
        draft.log(new TurnRetrieved(answer, prepared.getSources()), running.turnId());
    }

    private void claimed(Running running, Attempt attempt, Instant at) {
        if (attempt.getAttempt() < running.attempt()) {
            return;
        }
        switch (running.phase()) {
            case Phase.Preparing _ -> draft.change(new Change.Claimed(at));
            case Phase.Classifying _ -> {
                new Classifications(draft).doneWithout(running);
                draft.change(new Change.Claimed(at));
            }
            case Phase.Pausing _, Phase.Generating _, Phase.Cancelling _ -> {}
        }
    }

    private void lost(Running running, AttemptLost lost) {
        String detail = "attempt " + lost.getAttempt().getAttempt() + " was lost";
        tryAgainOrFail(running, lost.getAttempt(), null, lost.getReason(), detail, Partial.lost(lost.getAttempt()));
    }

    private void failed(Running running, GenerationFailed failed) {
        Partial partial = Partial.of(failed);
        if (running.phase() instanceof Phase.Cancelling(Ending ending)) {
            endings.stopped(running, ending, partial);
        } else if (failed.getRetryable()) {
            Attempt attempt = failed.getAttempt();
            tryAgainOrFail(running, attempt, attempt.getEngine(), failed.getCode(), failed.getDetail(), partial);
        } else {
            endings.failed(running, failed.getCode(), failed.getDetail(), partial);
        }
    }

    /**
     * Asks for another try, unless the one that failed is not the latest asked for, or was the last. A turn that was told
     * to stop gets none: the assembly closes its generation.
     *
     * @param brokenOff the engine that broke off; null where the worker did
     */
    private void tryAgainOrFail(
            Running running, Attempt attempt, @Nullable String brokenOff, String code, String detail, Partial partial) {
        if (running.cancelling() || attempt.getAttempt() < running.attempt()) {
            return;
        }
        Upstream upstream = partial.upstream();
        int calls = upstream == null ? 0 : upstream.getCalls();
        Duration pause = upstream == null || upstream.getRetryAfterMillis() == null
                ? Duration.ZERO
                : Duration.ofMillis(upstream.getRetryAfterMillis());
        String over = over(running, calls, pause);
        if (over != null) {
            turns.callOff(running, code);
            endings.failed(running, code, detail + over, partial);
            return;
        }
        draft.change(new Change.Reissued(brokenOff, calls));
        if (pause.isZero()) {
            draft.generate(code);
        } else {
            draft.change(new Change.Paused(pause, code));
        }
    }

    /** Why there is no other try after one that asked model servers {@code calls} times, to follow its detail; null where there is. */
    private @Nullable String over(Running running, int calls, Duration pause) {
        Rules rules = draft.rules();
        if (running.attempt() >= rules.work().model().attempts()) {
            return running.attempt() == 1 ? "" : "; all " + running.attempt() + " attempts failed";
        }
        if (running.tries().modelCalls() + calls >= rules.maxModelCalls()) {
            return "; " + (running.tries().modelCalls() + calls)
                    + " calls of model servers were made, as many as a turn may";
        }
        if (pause.compareTo(rules.longestPause()) > 0) {
            return "; it is to be asked again in " + pause.toSeconds() + " s, and a turn waits for "
                    + rules.longestPause().toSeconds() + " s at most";
        }
        return null;
    }

    private void completed(Running running, GenerationCompleted completed) {
        if (completed.getAttempt().getAttempt() < running.attempt()) {
            // A worker that was given up has finished after all: nobody is to run the attempt asked for in its place.
            turns.callOff(running, SUPERSEDED);
        }
        // A turn that was told to stop but finished first has its whole answer; only what was to be forgotten stays so.
        if (running.phase() instanceof Phase.Cancelling(Ending ending) && ending == Ending.FORGOTTEN) {
            endings.stopped(running, ending, Partial.of(completed));
        } else {
            endings.completed(running, completed);
        }
    }

    private void cancelled(Running running, GenerationCancelled cancelled) {
        Ending ending = running.phase() instanceof Phase.Cancelling(Ending asked) ? asked : Ending.CANCELLED;
        endings.stopped(running, ending, Partial.of(cancelled));
    }
}
