package dev.parley.bench;

import java.util.Map;
import java.util.function.Consumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** How soon, and how exactly, a client that was cut off reads on. */
@Command(
        name = "resume",
        description = "How soon a client that was cut off reads on, and whether it misses or repeats anything.",
        mixinStandardHelpOptions = true)
final class ResumeCommand extends Measurement {

    @Option(names = "--answers", defaultValue = "100", description = "Answers to cut. Default: ${DEFAULT-VALUE}.")
    private int answers;

    @Option(names = "--cuts", defaultValue = "3", description = "Cuts of an answer. Default: ${DEFAULT-VALUE}.")
    private int cuts;

    @Option(
            names = "--streams",
            defaultValue = "6",
            description = "Answers at the same time. Default: ${DEFAULT-VALUE}.")
    private int streams;

    @Option(names = "--warm-up", defaultValue = "36", description = "Answers before. Default: ${DEFAULT-VALUE}.")
    private int warmUp;

    @Option(names = "--seed", defaultValue = "1", description = "Where it is cut. Default: ${DEFAULT-VALUE}.")
    private long seed;

    @Override
    Report measure(Consumer<String> progress) throws InterruptedException {
        try (BenchPipeline pipeline = BenchPipeline.start("scripted-64x20ms-after200ms", Map.of(), progress)) {
            return new ResumeBenchmark(
                            new Api(pipeline.url()),
                            new ResumeBenchmark.Plan(answers, cuts, streams, warmUp, seed),
                            progress)
                    .run();
        }
    }
}
