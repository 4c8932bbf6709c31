package dev.parley.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.openjdk.jmh.Main;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The micro-benchmarks, by JMH, in processes of their own. */
@Command(
        name = "micro",
        description = "Time and allocation of encoding, framing and deciding, by JMH.",
        mixinStandardHelpOptions = true)
final class MicroCommand extends Measurement {

    private static final String ALLOCATED = "gc.alloc.rate.norm";
    private static final int LAST_LINES = 30;
    private static final ObjectMapper MAPPER = new ObjectMapper();

    @Option(names = "--rounds", defaultValue = "7", description = "Iterations each. Default: ${DEFAULT-VALUE}.")
    private int rounds;

    @Option(names = "--warm-up", defaultValue = "4", description = "Iterations before. Default: ${DEFAULT-VALUE}.")
    private int warmUp;

    @Option(names = "--millis", defaultValue = "500", description = "An iteration. Default: ${DEFAULT-VALUE}.")
    private int millis;

    @Option(
            names = "--only",
            defaultValue = "dev\\.parley\\..*",
            paramLabel = "REGEX",
            description = "Which. Default: all.")
    private String only = "";

    @Override
    Report measure(Consumer<String> progress) throws IOException, InterruptedException {
        try (Scratch scratch = Scratch.create()) {
            Path results = scratch.folder().resolve("results.json");
            run(command(results, scratch.folder()), progress);
            return report(MAPPER.readTree(results.toFile()))
                    .with("rounds", rounds)
                    .with("warm-up rounds", warmUp)
                    .with("a round", millis + " ms");
        }
    }

    private List<String> command(Path results, Path temporary) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Djava.io.tmpdir=" + temporary,
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName(),
                only));
        command.addAll(List.of("-f", "1", "-t", "1", "-foe", "true", "-prof", "gc"));
        command.addAll(List.of("-wi", Integer.toString(warmUp), "-w", millis + "ms"));
        command.addAll(List.of("-i", Integer.toString(rounds), "-r", millis + "ms"));
        command.addAll(List.of("-rf", "json", "-rff", results.toString()));
        command.addAll(List.of(
                "-jvmArgs",
                "-Xms256m -Xmx256m -XX:+UseSerialGC --enable-native-access=ALL-UNNAMED"
                        + " --sun-misc-unsafe-memory-access=allow"));
        return command;
    }

    private static void run(List<String> command, Consumer<String> progress) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        Thread hook = new Thread(() -> stop(process), "bench-micro-cleanup");
        Runtime.getRuntime().addShutdownHook(hook);
        Deque<String> last = new ArrayDeque<>();
        try (BufferedReader output =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            String benchmark = "";
            for (String line = output.readLine(); line != null; line = output.readLine()) {
                last.addLast(line);
                if (last.size() > LAST_LINES) {
                    last.removeFirst();
                }
                if (line.startsWith("# Benchmark: ")) {
                    benchmark = line.substring(line.lastIndexOf('.') + 1);
                } else if (line.startsWith("# Run progress: ")) {
                    progress.accept(benchmark + line.substring("# Run progress".length()));
                }
            }
            if (process.waitFor() != 0) {
                throw new IllegalStateException("JMH failed: " + String.join(System.lineSeparator(), last));
            }
        } finally {
            stop(process);
            Runtime.getRuntime().removeShutdownHook(hook);
        }
    }

    /** With the process that JMH measures in. */
    private static void stop(Process process) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
    }

    private static Report report(JsonNode results) {
        Report report = new Report("micro");
        for (JsonNode result : results) {
            String name = name(result);
            JsonNode time = result.path("primaryMetric");
            List<Double> raw = new ArrayList<>();
            time.path("rawData").forEach(fork -> fork.forEach(value -> raw.add(value.asDouble())));
            report.add(
                    new Figure(
                            name,
                            time.path("scoreUnit").asText(),
                            time.path("score").asDouble(),
                            // Too few rounds have none.
                            time.path("scoreError").isNumber()
                                    ? time.path("scoreError").asDouble()
                                    : 0,
                            Optional.empty()),
                    raw);
            JsonNode allocated = result.path("secondaryMetrics").path(ALLOCATED);
            report.add(Figure.of(
                    name + ": allocated", "B/op", allocated.path("score").asDouble()));
        }
        if (results.isEmpty()) {
            throw new CannotMeasureException("there is no such micro-benchmark");
        }
        return report.counted("micro-benchmarks, each in a process of its own", results.size())
                .note("Times are means over rounds, ± half of their 99.9 % confidence interval, as JMH gives them.");
    }

    /** {@code SerdeBenchmark.encodeChunk} becomes {@code encode chunk}. */
    private static String name(JsonNode result) {
        String method = result.path("benchmark").asText();
        String words = method.substring(method.lastIndexOf('.') + 1)
                .replaceAll("([A-Z])", " $1")
                .toLowerCase(Locale.ROOT);
        String parameters = result.path("params").properties().stream()
                .map(parameter -> parameter.getValue().asText() + " " + parameter.getKey() + " before")
                .collect(Collectors.joining(", "));
        return parameters.isEmpty() ? words : words + ", " + parameters;
    }
}
