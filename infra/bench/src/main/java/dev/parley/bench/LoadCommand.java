package dev.parley.bench;

import java.io.IOException;
import java.util.Map;
import java.util.function.Consumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Many open streams, many answers at the same time, and more than are let in. */
@Command(
        name = "load",
        description = "Many open event streams and many answers at the same time; then more than are let in.",
        mixinStandardHelpOptions = true)
final class LoadCommand extends Measurement {

    @Option(names = "--streams", defaultValue = "10000", description = "Open streams. Default: ${DEFAULT-VALUE}.")
    private int streams;

    @Option(
            names = "--generations",
            defaultValue = "500",
            description = "Answers at the same time. Default: ${DEFAULT-VALUE}.")
    private int generations;

    @Option(
            names = "--burst",
            defaultValue = "4000",
            description = "Messages sent without a pause, for an overload; 0: none. Default: ${DEFAULT-VALUE}.")
    private int burst;

    @Option(
            names = "--callers",
            defaultValue = "200",
            description = "Who sends them, each one at a time. Default: ${DEFAULT-VALUE}.")
    private int callers;

    @Option(
            names = "--max-requests",
            defaultValue = "100",
            description = "Requests that the front door serves at once: few enough for one client to overload it."
                    + " Default: ${DEFAULT-VALUE}.")
    private int maxRequests;

    @Option(
            names = "--model",
            defaultValue = "scripted-64x200ms-after200ms",
            description = "What the scripted model server plays. Default: ${DEFAULT-VALUE}.")
    private String model = "";

    @Override
    Report measure(Consumer<String> progress) throws IOException, InterruptedException {
        FileHandles.check(streams + callers);
        Map<String, String> settings = Map.of(
                "PARLEY_LLM_CONCURRENCY",
                Integer.toString(Math.max(256, generations)),
                "PARLEY_MAX_REQUESTS",
                Integer.toString(maxRequests));
        try (BenchPipeline pipeline = BenchPipeline.start(model, settings, progress)) {
            return new LoadBenchmark(
                            pipeline.url(), new LoadBenchmark.Plan(streams, generations, burst, callers), progress)
                    .run()
                    .with("requests served at once", maxRequests)
                    .with("model", model);
        }
    }
}
