package dev.parley.bench;

import java.util.Map;
import java.util.function.Consumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** What the whole pipeline adds to a model server. */
@Command(
        name = "latency",
        description = "What Parley adds to a model server's first token and to the gaps between tokens.",
        mixinStandardHelpOptions = true)
final class LatencyCommand extends Measurement {

    @Option(names = "--rounds", defaultValue = "7", description = "Interleaved rounds. Default: ${DEFAULT-VALUE}.")
    private int rounds;

    @Option(
            names = "--answers",
            defaultValue = "16",
            description = "Answers a round and way. Default: ${DEFAULT-VALUE}.")
    private int answers;

    @Option(
            names = "--streams",
            defaultValue = "4",
            description = "Answers at the same time. Default: ${DEFAULT-VALUE}.")
    private int streams;

    @Option(
            names = "--warm-up",
            defaultValue = "240",
            description = "Answers before the first round. Default: ${DEFAULT-VALUE}.")
    private int warmUp;

    @Option(names = "--seed", defaultValue = "1", description = "Order of the rounds. Default: ${DEFAULT-VALUE}.")
    private long seed;

    @Option(
            names = "--model",
            defaultValue = "scripted-64x20ms-after200ms",
            description = "What the scripted model server plays. Default: ${DEFAULT-VALUE}.")
    private String model = "";

    @Override
    Report measure(Consumer<String> progress) throws InterruptedException {
        try (BenchPipeline pipeline = BenchPipeline.start(model, Map.of(), progress)) {
            return new LatencyBenchmark(
                            new LatencyBenchmark.Target(
                                    pipeline.url(),
                                    pipeline.model().baseUrl(),
                                    model,
                                    pipeline.kafka(),
                                    pipeline.topics()),
                            new LatencyBenchmark.Plan(rounds, answers, streams, warmUp, seed),
                            progress)
                    .run();
        }
    }
}
