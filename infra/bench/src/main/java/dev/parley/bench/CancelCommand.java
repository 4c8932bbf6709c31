package dev.parley.bench;

import java.util.Map;
import java.util.function.Consumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** How soon a cancelled answer stops costing. */
@Command(
        name = "cancel",
        description = "How soon the model server's connection is closed after a cancel.",
        mixinStandardHelpOptions = true)
final class CancelCommand extends Measurement {

    @Option(names = "--cancels", defaultValue = "200", description = "Default: ${DEFAULT-VALUE}.")
    private int cancels;

    @Option(
            names = "--streams",
            defaultValue = "4",
            description = "Answers at the same time. Default: ${DEFAULT-VALUE}.")
    private int streams;

    @Option(names = "--warm-up", defaultValue = "60", description = "Cancels before. Default: ${DEFAULT-VALUE}.")
    private int warmUp;

    @Option(
            names = "--seed",
            defaultValue = "1",
            description = "At which token it is cancelled. Default: ${DEFAULT-VALUE}.")
    private long seed;

    @Override
    Report measure(Consumer<String> progress) throws InterruptedException {
        try (BenchPipeline pipeline = BenchPipeline.start("scripted-500x20ms", Map.of(), progress)) {
            return new CancelBenchmark(
                            new Api(pipeline.url()),
                            pipeline.model(),
                            new CancelBenchmark.Plan(cancels, streams, warmUp, seed),
                            progress)
                    .run();
        }
    }
}
