package dev.parley.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import picocli.CommandLine.Option;

/**
 * A benchmark as a command: prints a table and JSON, keeps the JSON for {@code bench report}, and fails where a figure that
 * must be reached is not. A run whose baseline does not agree with itself is kept apart, so that the last one that counts
 * stays.
 */
abstract class Measurement implements Callable<Integer> {

    /** Exit status of a run that missed what must be reached. */
    static final int MISSED = 1;

    /** Exit status of a run that says nothing, whatever its figures are. */
    static final int THROWN_AWAY = 3;

    /** Beside the results, and no result itself. */
    static final String THROWN_AWAY_FOLDER = "thrown-away";

    private static final ObjectMapper MAPPER = new ObjectMapper();

    @Option(
            names = "--out",
            defaultValue = ".parley/bench",
            paramLabel = "FOLDER",
            description = "Where the JSON is kept, one file a benchmark. Default: ${DEFAULT-VALUE}.")
    private Path out = Path.of(".parley/bench");

    /** Measures. What it has to say on the way goes to {@code progress}. */
    abstract Report measure(Consumer<String> progress) throws IOException, InterruptedException;

    @Override
    public Integer call() throws IOException, InterruptedException {
        long started = System.nanoTime();
        Report report;
        try {
            report = measure(line -> System.err.printf("[%5.1fs] %s%n", (System.nanoTime() - started) / 1e9, line));
        } catch (CannotMeasureException e) {
            System.err.println("parley: " + e.getMessage());
            return MISSED;
        }
        JsonNode json = report.json();
        System.out.print(report.table());
        System.out.println();
        System.out.println(json);
        keep(json, report.isValid() ? out : out.resolve(THROWN_AWAY_FOLDER));
        if (!report.isValid()) {
            return THROWN_AWAY;
        }
        return report.isReached() ? 0 : MISSED;
    }

    private static void keep(JsonNode json, Path folder) throws IOException {
        Files.createDirectories(folder);
        Files.writeString(
                folder.resolve(json.path("benchmark").asText() + ".json"),
                MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(json) + "\n");
    }
}
