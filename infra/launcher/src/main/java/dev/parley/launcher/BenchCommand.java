package dev.parley.launcher;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.launcher.bench.LatencyBenchmark;
import dev.parley.launcher.bench.RetrievalBenchmark;
import dev.parley.launcher.bench.faults.FaultsCommand;
import dev.parley.schemas.config.KafkaSettings;
import dev.parley.schemas.config.RegistrySettings;
import dev.parley.schemas.config.Settings;
import dev.parley.stack.ScriptedModelServer;
import dev.parley.stack.Stack;
import dev.parley.stack.StackSettings;
import dev.parley.topologies.TopologySettings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.apache.kafka.common.utils.Utils;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * Runs a benchmark: of the whole pipeline, against a Parley of its own (a throw-away stack, every role in this process, one
 * replica); of a part, without any of that.
 */
@Command(
        name = "bench",
        subcommands = FaultsCommand.class,
        description = {
            "Measure. NAME:",
            "  latency    what Parley adds to a model server's first token and gaps",
            "  retrieval  how well passages are found, by words, by meaning and by both"
        },
        mixinStandardHelpOptions = true)
final class BenchCommand implements Callable<Integer> {

    /** The benchmarks there are. */
    enum Name {
        LATENCY,
        RETRIEVAL
    }

    @Parameters(
            arity = "0..1",
            paramLabel = "NAME",
            defaultValue = "latency",
            description = "Default: ${DEFAULT-VALUE}.")
    private Name name = Name.LATENCY;

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
    public Integer call() throws InterruptedException, IOException {
        Console console = new Console();
        ObjectNode report = switch (name) {
            case LATENCY -> latency(console);
            case RETRIEVAL -> retrieval(console);
        };
        report.properties()
                .forEach(figure -> System.out.printf("%-34s %s%n", figure.getKey(), cell(figure.getValue())));
        System.out.println();
        System.out.println(report);
        return 0;
    }

    private ObjectNode latency(Console console) throws InterruptedException {
        try (ScriptedModelServer server = ScriptedModelServer.start();
                Stack stack = Stack.start(StackSettings.ephemeral(temporaryFolder()));
                Roles roles =
                        Roles.start(EnumSet.allOf(RoleName.class), settings(stack, server), true, console::progress)) {
            roles.awaitReady();
            return new LatencyBenchmark(
                            new LatencyBenchmark.Target(
                                    URI.create(roles.httpUrl().orElseThrow()), server.baseUrl(), model),
                            new LatencyBenchmark.Plan(rounds, answers, streams, warmUp, seed),
                            console::progress)
                    .run();
        }
    }

    /** With the model and the bounds that this environment gives to the topologies. */
    private static ObjectNode retrieval(Console console) throws IOException {
        Settings settings = Settings.of(System.getenv());
        TopologySettings topologies = TopologySettings.from(settings);
        settings.check();
        Path folder = temporaryFolder();
        try {
            return new RetrievalBenchmark(
                            topologies.indexing().embedder(),
                            topologies.routing().minSimilarity(),
                            console::progress)
                    .run(folder);
        } finally {
            Utils.delete(folder.toFile());
        }
    }

    private static String cell(JsonNode value) {
        if (!value.isObject()) {
            return number(value);
        }
        return value.has("median")
                ? "%.3f ± %.3f"
                        .formatted(
                                value.path("median").asDouble(),
                                value.path("spread").asDouble())
                : value.properties().stream()
                        .map(figure -> figure.getKey() + " " + number(figure.getValue()))
                        .collect(Collectors.joining("  "));
    }

    private static String number(JsonNode value) {
        return value.isDouble() ? "%.3f".formatted(value.asDouble()) : value.asText();
    }

    private static Path temporaryFolder() {
        try {
            return Files.createTempDirectory("parley-bench-");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Settings settings(Stack stack, ScriptedModelServer server) {
        return Settings.of(Map.of(
                KafkaSettings.BOOTSTRAP_SERVERS,
                stack.bootstrapServers(),
                RegistrySettings.URL,
                stack.registryUrl(),
                "DATABASE_URL",
                stack.jdbcUrl(),
                "PARLEY_STATE_DIR",
                stack.dataDir().resolve("streams").toString(),
                "PARLEY_HTTP_PORT",
                "0",
                "PARLEY_LLM_BASE_URL",
                server.baseUrl().toString(),
                "PARLEY_LLM_MODEL",
                model));
    }
}
