package dev.parley.faults;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Plays the faults on a cluster of its own; fails where anything did not hold, naming scenario and seed. */
@Command(
        name = "faults",
        description = {
            "Try what must hold under faults, on a cluster of separate processes: kills, stops, cuts, poison.",
            "Prints a table and JSON; fails where something did not hold, and names the seed."
        },
        mixinStandardHelpOptions = true)
public final class FaultsCommand implements Callable<Integer> {

    /** The names that {@code --only} takes. */
    static final class Names implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return Arrays.stream(Scenario.values()).map(Scenario::wire).iterator();
        }
    }

    @Option(
            names = "--only",
            split = ",",
            paramLabel = "SCENARIO",
            completionCandidates = Names.class,
            description = "Some of: ${COMPLETION-CANDIDATES}. Default: all.")
    private List<String> only = new ArrayList<>();

    @Option(
            names = "--seeds",
            defaultValue = "1",
            paramLabel = "N",
            description = "How many seeds of each, from --seed on. Default: ${DEFAULT-VALUE}.")
    private int seeds;

    @Option(names = "--seed", defaultValue = "1", description = "The first seed. Default: ${DEFAULT-VALUE}.")
    private long seed;

    @Option(names = "--brief", description = "Shorter waits and fewer processes, as in the test suite.")
    private boolean brief;

    @Option(
            names = "--kept",
            defaultValue = ".parley/bench/faults.jsonl",
            paramLabel = "FILE",
            description = "Where each trial is kept, a line of JSON each. Default: ${DEFAULT-VALUE}.")
    private Path kept = Path.of(".parley/bench/faults.jsonl");

    @Option(
            names = "--report",
            paramLabel = "FILE",
            description = "Write all trials that are kept as Markdown, afterwards; with --seeds 0 without playing any.")
    private @Nullable Path report;

    @Override
    public Integer call() throws IOException {
        List<Scenario> scenarios = Arrays.stream(Scenario.values())
                .filter(scenario -> only.isEmpty() || only.contains(scenario.wire()))
                .toList();
        List<String> unknown = only.stream()
                .filter(name ->
                        scenarios.stream().noneMatch(scenario -> scenario.wire().equals(name)))
                .toList();
        if (!unknown.isEmpty()) {
            System.err.println("parley: there is no scenario " + unknown);
            return 2;
        }
        List<Long> range = LongStream.range(seed, seed + seeds).boxed().toList();
        KeptTrials trials = new KeptTrials(kept);
        List<TrialResult> results = List.of();
        if (!range.isEmpty()) {
            try (FaultsRun run = brief ? FaultsRun.shorter(FaultsCommand::say) : FaultsRun.usual(FaultsCommand::say)) {
                results = run.play(scenarios, range, result -> {
                    trials.keep(result);
                    tell(result);
                });
            }
            FaultsReport summary = new FaultsReport(results);
            System.out.print(summary.text());
            System.out.println();
            System.out.println(summary.json());
        }
        if (report != null) {
            Files.writeString(report, new FaultsReport(trials.read()).markdown());
        }
        return results.stream().noneMatch(result -> result.outcome().broke()) ? 0 : 1;
    }

    private static void say(String line) {
        System.err.println(line);
    }

    private static void tell(TrialResult result) {
        String outcome = !result.outcome().skipped().isEmpty()
                ? "not played: " + result.outcome().skipped()
                : result.outcome().holds() ? "holds" : "BROKEN";
        say("%-18s seed %-5d %6.1f s  %s  (%s)"
                .formatted(
                        result.draw().scenario(),
                        result.draw().seed(),
                        result.circumstances().millis() / 1e3,
                        outcome,
                        FaultsReport.words(
                                result.outcome().counts(),
                                result.outcome().worst(),
                                result.outcome().notes())));
        result.outcome().violations().forEach(violation -> say("    " + violation));
        if (!result.outcome().violations().isEmpty()) {
            say("    again: ./parley bench faults " + (result.draw().brief() ? "--brief " : "") + "--only "
                    + result.draw().scenario() + " --seed " + result.draw().seed());
        }
    }
}
