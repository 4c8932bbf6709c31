package dev.parley.topologies.conversation;

import dev.parley.chat.v1.Attempt;
import dev.parley.chat.v1.AttemptClaimed;
import dev.parley.chat.v1.AttemptLost;
import dev.parley.chat.v1.Classification;
import dev.parley.chat.v1.GenerationCancelled;
import dev.parley.chat.v1.GenerationCompleted;
import dev.parley.chat.v1.GenerationFailed;
import dev.parley.chat.v1.GenerationReport;
import dev.parley.chat.v1.TurnPrepared;
import dev.parley.chat.v1.Unknown;
import dev.parley.schemas.ErrorCode;
import dev.parley.topologies.conversation.Turn.Phase;
import dev.parley.topologies.conversation.Turn.Running;
import java.time.Duration;

/**
 * The work before a turn's own, where a model is asked which way the turn goes. It fails no turn: whatever comes of it, and be
 * it nothing in time, the turn is prepared once more with that, and takes the default route where nothing was said.
 */
final class Classifications {

    /** Where preparing did not say how long to wait. */
    private static final int DEFAULT_LIMIT_MILLIS = 5_000;

    /** An intent's name is at the beginning of an answer, or the answer names none. */
    private static final int MAX_ANSWER_CHARS = 2_000;

    private final ConversationDraft draft;
    private final Turns turns;

    Classifications(ConversationDraft draft) {
        this.draft = draft;
        this.turns = new Turns(draft);
    }

    /** What a report about the running turn's classification means. */
    void report(Running running, GenerationReport report) {
        switch (report.getBody()) {
            case TurnPrepared prepared -> asked(running, prepared);
            case AttemptClaimed _ -> {} // The time for it runs since it was asked for.
            case AttemptLost lost -> askAgain(running, lost.getAttempt(), lost.getReason());
            case GenerationCompleted completed -> said(running, completed.getAttempt(), completed.getContent());
            case GenerationFailed failed -> failed(running, failed);
            case GenerationCancelled _ -> nothingSaid(running, "the classification was stopped");
            case Unknown _ -> throw new IllegalArgumentException("unknown report"); // The intake lets none through.
        }
    }

    /** The time for it is over. */
    void late(Running running, Phase.Classifying classifying) {
        turns.callOffClassification(running, ErrorCode.TURN_TIMEOUT.wire());
        nothingSaid(running, "nobody said within " + classifying.limit().toMillis() + " ms");
    }

    /** The turn was prepared twice, under two configurations, of which one asks nobody: it is on its way. */
    void doneWithout(Running running) {
        turns.callOffClassification(running, Reports.SUPERSEDED);
        draft.change(new Change.Classified(new Classification("", 0.0, "the turn was prepared without it")));
    }

    private void asked(Running running, TurnPrepared asked) {
        if (!isWanted(running)) {
            // Told to stop meanwhile, or prepared twice: nobody is to ask.
            turns.callOffClassification(running, Reports.SUPERSEDED);
        } else if (running.phase() instanceof Phase.Preparing) {
            if (!asked.getConfiguration().isEmpty()) {
                draft.change(new Change.Configured(asked.getConfiguration()));
            }
            Integer limit = asked.getTimeoutMillis();
            draft.change(
                    new Change.ClassificationAsked(Duration.ofMillis(limit == null ? DEFAULT_LIMIT_MILLIS : limit)));
        }
    }

    /** What was said before an answer outgrew its limit is enough. An engine that fails has been given its tries by the worker. */
    private void failed(Running running, GenerationFailed failed) {
        if (failed.getCode().equals(ErrorCode.ANSWER_TOO_LARGE.wire())) {
            said(running, failed.getAttempt(), failed.getContent());
        } else if (failed.getCode().equals(ErrorCode.WORKER_LOST.wire())) {
            askAgain(running, failed.getAttempt(), failed.getCode());
        } else {
            nothingSaid(running, by(failed.getAttempt()) + " failed: " + failed.getCode());
        }
    }

    private void said(Running running, Attempt attempt, String answer) {
        String beginning = answer.length() <= MAX_ANSWER_CHARS ? answer : answer.substring(0, MAX_ANSWER_CHARS);
        classified(running, new Classification(beginning, 1.0, by(attempt) + " says so"));
    }

    private static String by(Attempt attempt) {
        return "engine '" + attempt.getEngine() + "'";
    }

    /** The time for it goes on: it is for all tries together. */
    private void askAgain(Running running, Attempt attempt, String code) {
        if (!isWanted(running)) {
            return;
        }
        int asked = running.phase() instanceof Phase.Classifying(int number, Duration _) ? number : 1;
        if (attempt.getAttempt() < asked) {
            return;
        }
        if (!(running.phase() instanceof Phase.Classifying)
                || asked >= draft.rules().work().classify().attempts()) {
            nothingSaid(running, by(attempt) + " failed: " + code);
            return;
        }
        draft.change(new Change.ClassificationAskedAgain());
        draft.generate(code);
    }

    private void nothingSaid(Running running, String reason) {
        classified(running, new Classification("", 0.0, reason));
    }

    private void classified(Running running, Classification said) {
        if (isWanted(running)) {
            draft.change(new Change.Classified(said));
            draft.generate(Order.Generate.INITIAL);
        }
    }

    /** Whether the turn's way is still open. A report may overtake the one that a model is asked. */
    private static boolean isWanted(Running running) {
        return running.preparation().isOpen()
                && (running.phase() instanceof Phase.Preparing || running.phase() instanceof Phase.Classifying);
    }
}
