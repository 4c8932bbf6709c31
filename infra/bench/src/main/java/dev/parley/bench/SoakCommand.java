package dev.parley.bench;

import dev.parley.topologies.assembly.AssemblySettings;
import java.time.Duration;
import java.util.Map;
import java.util.function.Consumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Steady load for a while. */
@Command(
        name = "soak",
        description = "Steady load for a while: memory, threads, file handles and connections must stay flat.",
        mixinStandardHelpOptions = true)
final class SoakCommand extends Measurement {

    private static final int FEED_MEBIBYTES = 4;
    private static final int CLOSED_GENERATIONS = 500;

    /** So small that they are full before the warm-up ends: what grows afterwards is no cache. */
    private static final Map<String, String> SMALL_CACHES = Map.of(
            "PARLEY_FEED_MEMORY_BYTES",
            Integer.toString(FEED_MEBIBYTES * 1024 * 1024),
            AssemblySettings.MAX_CLOSED,
            Integer.toString(CLOSED_GENERATIONS));

    @Option(names = "--minutes", defaultValue = "20", description = "Default: ${DEFAULT-VALUE}.")
    private double minutes;

    @Option(
            names = "--streams",
            defaultValue = "8",
            description = "Answers at the same time. Default: ${DEFAULT-VALUE}.")
    private int streams;

    @Override
    Report measure(Consumer<String> progress) throws InterruptedException {
        Duration time = Duration.ofMillis(Math.round(minutes * 60_000));
        Duration every = time.dividedBy(30);
        try (BenchPipeline pipeline = BenchPipeline.start("scripted-64x20ms-after200ms", SMALL_CACHES, progress)) {
            return new SoakBenchmark(new Api(pipeline.url()), new SoakBenchmark.Plan(time, every, streams), progress)
                    .run()
                    .with("feed's memory", FEED_MEBIBYTES + " MiB")
                    .with("closed generations remembered", CLOSED_GENERATIONS);
        }
    }
}
