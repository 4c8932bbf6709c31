package dev.parley.launcher;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.launcher.bench.LatencyBenchmark;
import dev.parley.launcher.bench.faults.FaultsCommand;
import dev.parley.schemas.config.KafkaSettings;
import dev.parley.schemas.config.RegistrySettings;
import dev.parley.schemas.config.Settings;
import dev.parley.stack.ScriptedModelServer;
import dev.parley.stack.Stack;
import dev.parley.stack.StackSettings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Runs a benchmark against a Parley of its own: a throw-away stack, every role in this process, one replica. */
@Command(
        name = "bench",
        subcommands = FaultsCommand.class,
        description = "Measure. NAME: latency (what Parley adds to a model server's first token and gaps).",
        mixinStandardHelpOptions = true)
final class BenchCommand implements Callable<Integer> {

    /** The benchmarks there are. */
    enum Name {
        LATENCY
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

    @Option(names = "--seed", defaultValue = "1", description = "Order of the rounds. Default: ${DEFAULT-VALUE}.")
    private long seed;

    @Option(
            names = "--model",
            defaultValue = "scripted-64x20ms-after200ms",
            description = "What the scripted model server plays. Default: ${DEFAULT-VALUE}.")
    private String model = "";

    @Override
    public Integer call() throws InterruptedException {
        Console console = new Console();
        try (ScriptedModelServer server = ScriptedModelServer.start();
                Stack stack = Stack.start(StackSettings.ephemeral(temporaryFolder()));
                Roles roles =
                        Roles.start(EnumSet.allOf(RoleName.class), settings(stack, server), true, console::progress)) {
            roles.awaitReady();
            ObjectNode report = switch (name) {
                case LATENCY ->
                    new LatencyBenchmark(
                                    new LatencyBenchmark.Target(
                                            URI.create(roles.httpUrl().orElseThrow()), server.baseUrl(), model),
                                    new LatencyBenchmark.Plan(rounds, answers, streams, answers, seed),
                                    console::progress)
                            .run();
            };
            report.properties()
                    .forEach(figure -> System.out.printf("%-34s %s%n", figure.getKey(), cell(figure.getValue())));
            System.out.println();
            System.out.println(report);
            return 0;
        }
    }

    private static String cell(JsonNode value) {
        return value.isObject()
                ? "%.3f ± %.3f"
                        .formatted(
                                value.path("median").asDouble(),
                                value.path("spread").asDouble())
                : value.asText();
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
