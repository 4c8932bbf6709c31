package dev.parley.launcher;

import dev.parley.launcher.bench.Api;
import dev.parley.launcher.bench.GrowthBenchmark;
import dev.parley.launcher.bench.Measurement;
import dev.parley.launcher.bench.Report;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** What grows as the work does. */
@Command(
        name = "growth",
        description = "What a turn costs as its conversation grows, and a list as conversations grow in number.",
        mixinStandardHelpOptions = true)
final class GrowthCommand extends Measurement {

    @Option(
            names = "--messages",
            split = ",",
            defaultValue = "10,100,1000",
            description = "Lengths of the conversation, ascending. Default: ${DEFAULT-VALUE}.")
    private List<Integer> messages = new ArrayList<>();

    @Option(
            names = "--stored",
            split = ",",
            defaultValue = "10,1000",
            description = "Numbers of conversations, ascending, such as 1000,100000. Default: ${DEFAULT-VALUE}.")
    private List<Integer> stored = new ArrayList<>();

    @Option(names = "--samples", defaultValue = "15", description = "At each size. Default: ${DEFAULT-VALUE}.")
    private int samples;

    @Option(names = "--warm-up", defaultValue = "60", description = "Turns before. Default: ${DEFAULT-VALUE}.")
    private int warmUp;

    @Override
    protected Report measure(Consumer<String> progress) throws IOException, InterruptedException {
        try (BenchPipeline pipeline = BenchPipeline.start("scripted-16x0ms", Map.of(), progress)) {
            return new GrowthBenchmark(
                            new Api(pipeline.url()),
                            new GrowthBenchmark.Plan(messages, stored, samples, warmUp),
                            progress)
                    .run();
        }
    }
}
