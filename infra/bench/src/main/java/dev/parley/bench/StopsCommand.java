package dev.parley.bench;

import dev.parley.faults.StoppedStart;
import dev.parley.faults.StoppedStart.Outcome;
import dev.parley.faults.StoppedStart.Plan;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * A whole Parley started and told to end, at moments of its start and soon after, over and over: how long its end takes, and
 * that nothing is left of it.
 */
@Command(
        name = "stops",
        description = {
            "Start 'parley up' and stop it at random moments, one in five by kill -9:",
            "how long its end takes, and that neither crash, process nor folder is left."
        },
        mixinStandardHelpOptions = true)
final class StopsCommand extends Measurement {

    /** What a process promises that was told to end. */
    private static final double LIMIT_SECONDS = 60;

    @Option(names = "--runs", defaultValue = "100", description = "Default: ${DEFAULT-VALUE}.")
    private int runs;

    @Option(names = "--seed", defaultValue = "1", description = "Of the moments. Default: ${DEFAULT-VALUE}.")
    private long seed;

    @Override
    Report measure(Consumer<String> progress) throws IOException, InterruptedException {
        Random random = new Random(seed);
        List<Double> seconds = new ArrayList<>();
        int faulty = 0;
        for (int i = 1; i <= runs; i++) {
            Plan plan = Plan.random(random);
            try (Scratch scratch = Scratch.create()) {
                Outcome outcome = StoppedStart.play(plan, scratch.folder());
                if (!plan.kill()) {
                    seconds.add(outcome.took().toMillis() / 1e3);
                }
                if (!outcome.violations().isEmpty()) {
                    faulty++;
                }
                progress.accept("run " + i + " of " + runs + ": " + plan + ", ended after "
                        + outcome.took().toMillis() + " ms"
                        + outcome.violations().stream()
                                .map(violation -> System.lineSeparator() + "  " + violation)
                                .reduce("", String::concat));
            }
        }
        Report report = new Report("stops")
                .with("runs", runs)
                .with("seed", seed)
                .add(Figure.of("starts that left something behind", "", faulty).atMost(0))
                .counted("starts, stopped at moments of the seed", runs);
        return seconds.isEmpty()
                ? report
                : report.add(Figure.of("SIGTERM to the end, longest", "s", Quantiles.of(seconds, 1))
                                .atMost(LIMIT_SECONDS))
                        .add(Figure.of("SIGTERM to the end, median", "s", Quantiles.median(seconds)));
    }
}
