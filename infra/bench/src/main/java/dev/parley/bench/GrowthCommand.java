package dev.parley.bench;

import dev.parley.launcher.RoleName;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** What grows as the work does. */
@Command(
        name = "growth",
        description = "What turns, snapshots and lists cost as messages, conversations and workers grow in number.",
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
            defaultValue = "1000,100000",
            description = "Numbers of conversations, ascending. Default: ${DEFAULT-VALUE}.")
    private List<Integer> stored = new ArrayList<>();

    @Option(names = "--samples", defaultValue = "15", description = "At each size. Default: ${DEFAULT-VALUE}.")
    private int samples;

    @Option(names = "--warm-up", defaultValue = "60", description = "Turns before. Default: ${DEFAULT-VALUE}.")
    private int warmUp;

    @Option(
            names = "--workers",
            split = ",",
            defaultValue = "1,2,4",
            description = "Numbers of worker processes, ascending. Default: ${DEFAULT-VALUE}.")
    private List<Integer> workers = new ArrayList<>();

    @Option(
            names = "--concurrency",
            defaultValue = "8",
            description = "Answers at the same time of one worker process. Default: ${DEFAULT-VALUE}.")
    private int concurrency;

    @Option(
            names = "--waves",
            defaultValue = "4",
            description = "Answers one after the other in each of these places. Default: ${DEFAULT-VALUE}.")
    private int waves;

    @Option(names = "--seed", defaultValue = "1", description = "Order of the samples. Default: ${DEFAULT-VALUE}.")
    private long seed;

    @Override
    Report measure(Consumer<String> progress) throws IOException, InterruptedException {
        Report report = new Report("growth");
        try (BenchPipeline pipeline = BenchPipeline.start("scripted-16x0ms", Map.of(), progress)) {
            new GrowthBenchmark(
                            new Api(pipeline.url()),
                            new StoredConversations(
                                    pipeline.kafka(),
                                    pipeline.topics(),
                                    pipeline.stack().jdbcUrl()),
                            new GrowthBenchmark.Plan(messages, stored, samples, warmUp, seed),
                            progress)
                    .run(report);
        }
        Map<String, String> settings = Map.of("PARLEY_LLM_CONCURRENCY", Integer.toString(concurrency));
        try (BenchPipeline pipeline = BenchPipeline.start(
                        "scripted-32x100ms-after200ms",
                        EnumSet.complementOf(EnumSet.of(RoleName.LLM)),
                        settings,
                        progress);
                WorkerProcesses processes = new WorkerProcesses(pipeline.settings())) {
            new WorkersBenchmark(
                            new Api(pipeline.url()),
                            processes,
                            new WorkersBenchmark.Plan(workers, concurrency, waves),
                            progress)
                    .run(report);
        }
        return report;
    }
}
