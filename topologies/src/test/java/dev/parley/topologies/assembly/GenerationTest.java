package dev.parley.topologies.assembly;

import static dev.parley.topologies.assembly.Attempts.GENERATION;
import static dev.parley.topologies.assembly.Attempts.MEASURED;
import static dev.parley.topologies.assembly.Attempts.NOW;
import static dev.parley.topologies.assembly.Attempts.attempt;
import static dev.parley.topologies.assembly.Attempts.cancelled;
import static dev.parley.topologies.assembly.Attempts.failed;
import static dev.parley.topologies.assembly.Attempts.finished;
import static dev.parley.topologies.assembly.Attempts.heartbeat;
import static dev.parley.topologies.assembly.Attempts.reasoning;
import static dev.parley.topologies.assembly.Attempts.started;
import static dev.parley.topologies.assembly.Attempts.text;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.chat.v1.AttemptClaimed;
import dev.parley.chat.v1.AttemptLost;
import dev.parley.chat.v1.GenerationCancelled;
import dev.parley.chat.v1.GenerationChunk;
import dev.parley.chat.v1.GenerationCompleted;
import dev.parley.chat.v1.GenerationFailed;
import dev.parley.chat.v1.GenerationReport;
import dev.parley.chat.v1.Usage;
import dev.parley.chat.v1.UsageBasis;
import dev.parley.topologies.assembly.Generation.Effect;
import dev.parley.topologies.assembly.Generation.Step;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class GenerationTest {

    private Generation generation = Generation.unknown(GENERATION);
    private final List<GenerationReport> reports = new ArrayList<>();

    @Test
    void anAttemptThatAddsUpCompletesTheGeneration() {
        read(started("a", 1), reasoning("a", 0, "hm"), text("a", 1, "Hel"), heartbeat("a"), text("a", 2, "lo"));
        read(finished("a", 3, "Hello"));

        assertThat(bodies())
                .containsExactly(
                        new AttemptClaimed(attempt("a", 1)),
                        GenerationCompleted.newBuilder()
                                .setAttempt(attempt("a", 1))
                                .setContent("Hello")
                                .setReasoning("hm")
                                .setFinishReason("stop")
                                .setUsage(MEASURED)
                                .setFirstTokenMillis(12.5)
                                .setGenerationMillis(80.0)
                                .build());
        assertThat(generation).isInstanceOf(Generation.Closed.class);
    }

    @Test
    void toolCallsAreReportedInTheirOrder() {
        read(started("a", 1), text("a", 0, "Let me see."), Attempts.called("a", 1), Attempts.called("a", 1));
        read(Attempts.called("a", 2), finished("a", 3, "Let me see."));

        assertThat(bodies().getLast())
                .isEqualTo(GenerationCompleted.newBuilder()
                        .setAttempt(attempt("a", 1))
                        .setContent("Let me see.")
                        .setFinishReason("stop")
                        .setUsage(MEASURED)
                        .setFirstTokenMillis(12.5)
                        .setGenerationMillis(80.0)
                        .setToolCalls(List.of(Attempts.call("a", 1), Attempts.call("a", 2)))
                        .build());
    }

    @Test
    void piecesOfArgumentsAreCountedAndOneThatIsMissingLosesTheAttempt() {
        read(started("a", 1), Attempts.arguments("a", 0), Attempts.arguments("a", 0), finished("a", 2, ""));

        assertThat(bodies().getLast()).isEqualTo(new AttemptLost(attempt("a", 1), "chunks_corrupt"));
        read(started("b", 2), Attempts.arguments("b", 0), text("b", 1, "Hm."), Attempts.arguments("b", 2));
        read(Attempts.called("b", 3), finished("b", 4, "Hm."));
        assertThat(completedText()).isEqualTo("Hm.");
    }

    @Test
    void aToolCallThatIsMissingLosesTheAttempt() {
        read(started("a", 1), Attempts.called("a", 0), finished("a", 2, ""));
        assertThat(bodies().getLast()).isEqualTo(new AttemptLost(attempt("a", 1), "chunks_corrupt"));

        read(started("b", 2), Attempts.called("b", 1));
        assertThat(bodies().getLast()).isEqualTo(new AttemptLost(attempt("b", 2), "chunks_corrupt"));
    }

    @Test
    void anEmptyAnswerIsAnAnswer() {
        read(started("a", 1), finished("a", 0, ""));

        assertThat(bodies().getLast())
                .isEqualTo(GenerationCompleted.newBuilder()
                        .setAttempt(attempt("a", 1))
                        .setContent("")
                        .setFinishReason("stop")
                        .setUsage(MEASURED)
                        .setFirstTokenMillis(12.5)
                        .setGenerationMillis(80.0)
                        .build());
    }

    @Test
    void aDeltaReadTwiceCountsOnce() {
        read(started("a", 1), text("a", 0, "one "), text("a", 1, "two"), text("a", 0, "one "), text("a", 1, "two"));
        read(finished("a", 2, "one two"));

        assertThat(completedText()).isEqualTo("one two");
    }

    @Test
    void aClaimReadAgainKeepsTheTextAndIsReportedAgain() {
        read(started("a", 1), text("a", 0, "kept"));
        Step again = read(started("a", 1));
        read(finished("a", 1, "kept"));

        assertThat(again.effect()).isEqualTo(Effect.DUPLICATE);
        assertThat(again.reports()).containsExactly(reports.getFirst());
        assertThat(completedText()).isEqualTo("kept");
    }

    @Test
    void theLastClaimInTheLogIsCurrentAndEveryOtherAttemptIsVoid() {
        read(started("a", 1), text("a", 0, "from a "), started("b", 1), text("b", 0, "from b"));
        Step zombieText = read(text("a", 1, "more"));
        Step zombieEnd = read(finished("a", 2, "from a more"));
        Step zombieClaim = read(started("a", 1));
        read(finished("b", 1, "from b"));

        assertThat(zombieText.effect()).isEqualTo(Effect.VOID);
        assertThat(zombieEnd.effect()).isEqualTo(Effect.VOID);
        assertThat(zombieClaim.effect()).isEqualTo(Effect.DUPLICATE);
        assertThat(completedText()).isEqualTo("from b");
    }

    @Test
    void chunksBeforeAnyClaimAreVoid() {
        Step step = read(text("a", 0, "unclaimed"));

        assertThat(step.effect()).isEqualTo(Effect.VOID);
        assertThat(step.next()).isEqualTo(Generation.unknown(GENERATION));
    }

    @Test
    void aMissingDeltaLosesTheAttemptAndTheNextOneMayFinish() {
        read(started("a", 1), text("a", 0, "x"), text("a", 2, "z"));
        read(text("a", 3, "!"), finished("a", 4, "xyz!"));
        read(started("b", 2), text("b", 0, "whole"), finished("b", 1, "whole"));

        assertThat(bodies())
                .containsExactly(
                        new AttemptClaimed(attempt("a", 1)),
                        new AttemptLost(attempt("a", 1), "chunks_corrupt"),
                        new AttemptClaimed(attempt("b", 2)),
                        GenerationCompleted.newBuilder()
                                .setAttempt(attempt("b", 2))
                                .setContent("whole")
                                .setFinishReason("stop")
                                .setUsage(MEASURED)
                                .setFirstTokenMillis(12.5)
                                .setGenerationMillis(80.0)
                                .build());
    }

    @Test
    void aFinishThatDoesNotMatchItsDeltasLosesTheAttempt() {
        read(started("a", 1), text("a", 0, "tampered"), finished("a", 1, "original"));

        assertThat(bodies().getLast()).isEqualTo(new AttemptLost(attempt("a", 1), "chunks_corrupt"));
        assertThat(generation).isInstanceOf(Generation.Open.class);
    }

    @Test
    void aFinishWithFewerDeltasThanStatedLosesTheAttempt() {
        read(started("a", 1), text("a", 0, "same"), finished("a", 2, "same"));

        assertThat(bodies().getLast()).isEqualTo(new AttemptLost(attempt("a", 1), "chunks_corrupt"));
    }

    @Test
    void aRetryableFailureIsReportedAndLeavesRoomForAnotherAttempt() {
        read(started("a", 1), text("a", 0, "par"), failed("a", 1, "par", true));
        Step again = read(failed("a", 1, "par", true));
        read(started("b", 2), text("b", 0, "whole"), finished("b", 1, "whole"));

        assertThat(again.reports()).containsExactly(reports.get(1));
        assertThat(bodies())
                .contains(GenerationFailed.newBuilder()
                        .setAttempt(attempt("a", 1))
                        .setCode("engine_error")
                        .setDetail("status 500")
                        .setRetryable(true)
                        .setContent("par")
                        .setUsage(MEASURED)
                        .setFirstTokenMillis(12.5)
                        .setGenerationMillis(80.0)
                        .build());
        assertThat(completedText()).isEqualTo("whole");
    }

    @Test
    void aFailureForGoodClosesTheGeneration() {
        read(started("a", 1), text("a", 0, "par"), failed("a", 1, "par", false));
        Step later = read(started("b", 2));

        assertThat(bodies().getLast())
                .isEqualTo(GenerationFailed.newBuilder()
                        .setAttempt(attempt("a", 1))
                        .setCode("engine_error")
                        .setDetail("status 500")
                        .setRetryable(false)
                        .setContent("par")
                        .setUsage(MEASURED)
                        .setFirstTokenMillis(12.5)
                        .setGenerationMillis(80.0)
                        .build());
        assertThat(later.effect()).isEqualTo(Effect.LATE);
        assertThat(later.reports()).isEmpty();
    }

    @Test
    void silenceIsReportedOnce() {
        read(started("a", 1), text("a", 0, "par"));
        take(open().fallSilent(NOW));
        take(open().fallSilent(NOW));

        assertThat(bodies())
                .containsExactly(new AttemptClaimed(attempt("a", 1)), new AttemptLost(attempt("a", 1), "worker_lost"));
    }

    @Test
    void aSilentAttemptThatComesBackBeforeAnotherOneStartsMayStillFinish() {
        read(started("a", 1), text("a", 0, "back "));
        take(open().fallSilent(NOW));
        read(text("a", 1, "again"), finished("a", 2, "back again"));
        Step replacement = read(started("b", 2));

        assertThat(completedText()).isEqualTo("back again");
        assertThat(replacement.effect()).isEqualTo(Effect.LATE);
    }

    @Test
    void aSilentAttemptThatComesBackAfterAnotherOneStartedIsVoid() {
        read(started("a", 1), text("a", 0, "back "));
        take(open().fallSilent(NOW));
        read(started("b", 2), text("a", 1, "again"), finished("a", 2, "back again"));
        read(text("b", 0, "new"), finished("b", 1, "new"));

        assertThat(completedText()).isEqualTo("new");
    }

    @Test
    void aWorkerThatObeysEndsTheGenerationWithItsOwnFigures() {
        read(started("a", 1), text("a", 0, "half"));
        take(generation.cancel());
        read(cancelled("a", 1, "half"));
        Step late = generation.cancel();

        assertThat(bodies().getLast())
                .isEqualTo(new GenerationCancelled(attempt("a", 1), "half", MEASURED, 12.5, 80.0, null));
        assertThat(late.effect()).isEqualTo(Effect.LATE);
    }

    @Test
    void aCancelThatNobodyAnswersEndsTheGenerationWithEstimatedFigures() {
        read(started("a", 1), text("a", 0, "123456789"));
        take(generation.cancel());
        take(open().cancelUnanswered(NOW));
        Step late = read(finished("a", 1, "123456789"));

        GenerationCancelled expected = new GenerationCancelled(
                attempt("a", 1), "123456789", new Usage(0, 3, UsageBasis.ESTIMATED, null), null, null, null);
        assertThat(bodies().get(1)).isEqualTo(expected);
        assertThat(late.reports()).extracting(GenerationReport::getBody).containsExactly(expected);
    }

    @Test
    void aCancelOfAnUnclaimedGenerationHasNoAttempt() {
        take(generation.cancel());
        take(open().cancelUnanswered(NOW));
        Step claim = read(started("a", 1));

        assertThat(bodies())
                .containsExactly(new GenerationCancelled(
                        null, "", new Usage(0, 0, UsageBasis.ESTIMATED, null), null, null, null));
        assertThat(claim.effect()).isEqualTo(Effect.LATE);
    }

    @Test
    void anAttemptThatFailsAfterACancelEndsTheGenerationAsCancelled() {
        read(started("a", 1));
        take(generation.cancel());
        read(failed("a", 0, "", true));

        assertThat(bodies().getLast())
                .isEqualTo(new GenerationCancelled(attempt("a", 1), "", MEASURED, 12.5, 80.0, null));
        assertThat(generation).isInstanceOf(Generation.Closed.class);
    }

    @Test
    void anAttemptThatFinishesBeforeItSeesTheCancelIsReportedAsFinished() {
        read(started("a", 1), text("a", 0, "done"));
        take(generation.cancel());
        read(finished("a", 1, "done"));

        assertThat(completedText()).isEqualTo("done");
    }

    @Test
    void reportIdsNameTheFact() {
        read(started("a", 1));
        take(open().fallSilent(NOW));
        read(finished("a", 0, ""));

        assertThat(reports)
                .extracting(GenerationReport::getReportId)
                .containsExactly("turn_1.1/a/claimed", "turn_1.1/a/lost", "turn_1.1/a/completed");
    }

    @Test
    void textLongerThanASegmentComesOutWhole() {
        StringBuilder whole = new StringBuilder();
        read(started("a", 1));
        for (int seq = 0; seq < 3000; seq++) {
            String delta = "delta " + seq + " – ünïcødé 🚀\n";
            whole.append(delta);
            read(text("a", seq, delta));
        }
        read(finished("a", 3000, whole.toString()));

        assertThat(completedText()).isEqualTo(whole.toString());
    }

    /** Reads chunks; returns what came of the last. */
    private Step read(GenerationChunk first, GenerationChunk... more) {
        Step last = read(first);
        for (GenerationChunk chunk : more) {
            last = read(chunk);
        }
        return last;
    }

    private Step read(GenerationChunk chunk) {
        Step step = generation.accept(chunk.getAttemptId(), Signal.of(chunk), NOW);
        take(step);
        return step;
    }

    private void take(Step step) {
        generation = step.next();
        reports.addAll(step.reports());
    }

    private Generation.Open open() {
        return (Generation.Open) generation;
    }

    private List<GenerationReport.Body> bodies() {
        return reports.stream().map(GenerationReport::getBody).toList();
    }

    private String completedText() {
        return ((GenerationCompleted) bodies().getLast()).getContent();
    }
}
