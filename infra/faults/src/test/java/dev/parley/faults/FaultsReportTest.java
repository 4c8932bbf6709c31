package dev.parley.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FaultsReportTest {

    @TempDir
    Path dir;

    @Test
    void whatIsKeptIsReadAgain() throws IOException {
        KeptTrials kept = new KeptTrials(dir.resolve("a/b/faults.jsonl"));
        TrialResult first = trial("worker-killed", 1, "aaa", List.of());
        TrialResult second = trial("worker-killed", 2, "bbb", List.of("text: another"));

        assertThat(kept.read()).isEmpty();
        kept.keep(first);
        kept.keep(second);

        assertThat(kept.read()).containsExactly(first, second);
    }

    @Test
    void whatIsKeptIsFlat() throws IOException {
        Path file = Files.writeString(dir.resolve("faults.jsonl"), """
                {"scenario":"poison","seed":2,"time":"2026-01-01T00:00:02Z","commit":"aaa","machine":"a machine","brief":true,\
                "violations":[],"notes":[],"counts":{"kills":3,"events":10},"worst":{"ms":10},"millis":2000,"skipped":""}
                """);

        assertThat(new KeptTrials(file).read()).containsExactly(trial("poison", 2, "aaa", List.of()));
    }

    @Test
    void aFileOfSomethingElseIsRefused() throws IOException {
        Path file = Files.writeString(dir.resolve("faults.jsonl"), "what is this\n");

        assertThatThrownBy(() -> new KeptTrials(file).read())
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageContaining("not a trial");
    }

    @Test
    void sumsUpWhatWasPlayed() {
        String page = page(trial("worker-killed", 1, "aaa", List.of()), trial("worker-killed", 2, "aaa", List.of()));

        assertThat(page)
                .contains("| `worker-killed` | kill -9 of a worker in mid-stream | 1–2 (2) | 2 | holds |")
                .contains("- `worker-killed`: 6 kills; 20 events; at most 10 ms")
                .contains("at commit aaa")
                .contains("## What broke\n\nNothing.");
    }

    @Test
    void theLastTimeOfASeedCountsAndTheBrokenOneIsStillTold() {
        String page = page(
                trial("poison", 1, "aaa", List.of("text: another")),
                trial("poison", 2, "aaa", List.of()),
                trial("poison", 1, "bbb", List.of()));

        assertThat(page)
                .contains("| 1–2 (2) | 2 | holds |")
                .contains(
                        "`--brief --only poison --seed 1` at commit aaa: text: another. Held when it was played again, at commit bbb");
    }

    @Test
    void namesTheSeedsThatAreBroken() {
        String page = page(trial("poison", 1, "aaa", List.of()), trial("poison", 7, "aaa", List.of("text: another")));

        assertThat(page)
                .contains("| 1, 7 (2) | 1 | broken by seeds 7 |")
                .contains("`--brief --only poison --seed 7` at commit aaa: text: another\n");
    }

    @Test
    void whatWasNotPlayedDoesNotHold() {
        TrialResult skipped = new TrialResult(
                new TrialResult.Draw("clock-jump", 1, false),
                new TrialResult.Circumstances("2026-01-01T00:00:00Z", 10, "aaa", "a machine"),
                TrialResult.Outcome.notPlayed(new SkippedException("no library")));

        assertThat(page(skipped))
                .contains("| 1 (1) | 0 | 1 not played: no library |")
                .contains("| usual |");
    }

    private static String page(TrialResult... results) {
        return new FaultsReport(List.of(results)).markdown();
    }

    private static TrialResult trial(String scenario, long seed, String commit, List<String> violations) {
        return new TrialResult(
                new TrialResult.Draw(scenario, seed, true),
                new TrialResult.Circumstances("2026-01-01T00:00:0" + seed + "Z", 1_000 * seed, commit, "a machine"),
                new TrialResult.Outcome(
                        violations, List.of(), Map.of("kills", 3L, "events", 10L), Map.of("ms", seed * 5), ""));
    }
}
