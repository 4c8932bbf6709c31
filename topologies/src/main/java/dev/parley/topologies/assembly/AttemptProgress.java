package dev.parley.topologies.assembly;

import dev.parley.chat.v1.Answerer;
import dev.parley.chat.v1.Attempt;
import dev.parley.chat.v1.Tally;
import dev.parley.chat.v1.Upstream;
import dev.parley.chat.v1.Usage;
import dev.parley.chat.v1.UsageBasis;
import dev.parley.schemas.TokenEstimate;
import org.jspecify.annotations.Nullable;

/**
 * The current attempt of a generation and how far it has come.
 *
 * @param kind name of the kind of work, by which it has its lease
 */
record AttemptProgress(Attempt attempt, String kind, Phase phase, Transcript transcript) {

    /** Where an attempt stands. */
    sealed interface Phase {
        /** Its chunks count, and it must give a sign of life within the lease. */
        record Running() implements Phase {}

        /** Reported lost for its silence. Its chunks still count: no other attempt has started. */
        record Silent() implements Phase {}

        /** Reported lost because its deltas do not add up. It cannot finish any more. */
        record Corrupt() implements Phase {}

        /** It failed in a way that another attempt may not. */
        record Failed(Cost cost) implements Phase {}
    }

    /**
     * What an attempt consumed; times by the worker's monotonic clock.
     *
     * @param upstream as its worker told; null where it did not, and for an attempt taken up from the store
     */
    record Cost(
            Usage usage,
            @Nullable Double firstTokenMillis,
            @Nullable Double generationMillis,
            @Nullable Upstream upstream) {}

    static AttemptProgress startedBy(Attempt attempt, String kind) {
        return new AttemptProgress(attempt, kind, new Phase.Running(), Transcript.EMPTY);
    }

    String attemptId() {
        return attempt.getAttemptId();
    }

    AttemptProgress in(Phase next) {
        return new AttemptProgress(attempt, kind, next, transcript);
    }

    AttemptProgress with(Transcript next) {
        return new AttemptProgress(attempt, kind, phase, next);
    }

    /** With who answered in the end, where that is not who its claim named. */
    AttemptProgress answeredAs(Tally tally) {
        Answerer by = tally.getAnsweredBy();
        return by == null
                ? this
                : new AttemptProgress(
                        new Attempt(
                                attempt.getAttemptId(),
                                attempt.getAttempt(),
                                by.getEngine(),
                                by.getModel(),
                                attempt.getWorkerId(),
                                by.getEndpoint()),
                        kind,
                        phase,
                        transcript);
    }

    /** What it cost: as its worker said, else estimated from the text. */
    Cost cost() {
        return phase instanceof Phase.Failed(Cost stated) ? stated : new Cost(estimatedUsage(), null, null, null);
    }

    private Usage estimatedUsage() {
        int chars = transcript.text().length() + transcript.reasoning().length();
        return new Usage(0, TokenEstimate.ofChars(chars), UsageBasis.ESTIMATED, null);
    }
}
