package dev.parley.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Writes the page of all benchmarks out of what their last runs kept. */
@Command(
        name = "report",
        description = "Write the page of benchmarks from what the last runs kept.",
        mixinStandardHelpOptions = true)
final class ReportCommand implements Callable<Integer> {

    private static final ObjectMapper MAPPER = new ObjectMapper();

    @Option(
            names = "--from",
            defaultValue = ".parley/bench",
            paramLabel = "FOLDER",
            description = "Where the runs kept their JSON. Default: ${DEFAULT-VALUE}.")
    private Path from = Path.of(".parley/bench");

    @Option(
            names = "--to",
            defaultValue = "docs/benchmarks.md",
            paramLabel = "FILE",
            description = "Default: ${DEFAULT-VALUE}.")
    private Path to = Path.of("docs/benchmarks.md");

    @Override
    public Integer call() throws IOException {
        if (!Files.isDirectory(from)) {
            System.err.println("parley: nothing was kept in " + from + ": run ./parley bench NAME first");
            return 1;
        }
        List<JsonNode> reports = read(from);
        Files.writeString(to, page(reports, read(from.resolve(Measurement.THROWN_AWAY_FOLDER))));
        System.out.println(reports.size() + " benchmarks written to " + to);
        return 0;
    }

    private static List<JsonNode> read(Path folder) throws IOException {
        List<JsonNode> reports = new ArrayList<>();
        if (Files.isDirectory(folder)) {
            try (Stream<Path> files = Files.list(folder)) {
                for (Path file : files.filter(path -> path.toString().endsWith(".json"))
                        .sorted()
                        .toList()) {
                    reports.add(MAPPER.readTree(file.toFile()));
                }
            }
        }
        return reports;
    }

    /**
     * The page.
     *
     * @param thrownAway runs that do not count; told of where no later one of the same benchmark does
     */
    static String page(List<JsonNode> reports, List<JsonNode> thrownAway) {
        StringBuilder page = new StringBuilder("""
                # Benchmarks

                Written by `./parley bench report` from the last run of each `./parley bench NAME`; not by hand. Figures are
                medians over rounds, ± half the distance between the best and the worst round. Ratios and differences are
                between two ways measured in the same run, on the machine that is named; absolute times are that machine's.
                A run counts only if its baseline, measured twice, agrees with itself within 5 % (A/A).

                """);
        for (JsonNode report : reports) {
            section(page, report);
            thrownAway.stream().filter(later -> isLater(later, report)).forEach(later -> thrownAway(page, later));
        }
        thrownAway.stream()
                .filter(alone -> reports.stream().noneMatch(report -> isSame(alone, report)))
                .forEach(alone -> {
                    page.append("## ").append(alone.path("benchmark").asText()).append("\n\n");
                    thrownAway(page, alone);
                });
        return page.toString();
    }

    private static boolean isSame(JsonNode one, JsonNode other) {
        return one.path("benchmark").asText().equals(other.path("benchmark").asText());
    }

    private static boolean isLater(JsonNode thrownAway, JsonNode report) {
        return isSame(thrownAway, report)
                && Instant.parse(thrownAway.path("time").asText())
                        .isAfter(Instant.parse(report.path("time").asText()));
    }

    private static void thrownAway(StringBuilder page, JsonNode report) {
        page.append("**Thrown away**: the run of ")
                .append(report.path("time").asText())
                .append(". ");
        appendAgreements(page, report);
    }

    private static void appendAgreements(StringBuilder page, JsonNode report) {
        report.path("agreements")
                .forEach(agreement -> page.append(agreement.path("holds").asBoolean() ? "Valid: " : "Not valid: ")
                        .append(agreement.path("text").asText())
                        .append(". "));
        if (!report.path("agreements").isEmpty()) {
            page.append("\n\n");
        }
    }

    private static void section(StringBuilder page, JsonNode report) {
        JsonNode machine = report.path("machine");
        page.append("## ").append(report.path("benchmark").asText()).append("\n\n");
        page.append(report.path("time").asText())
                .append(", commit ")
                .append(machine.path("commit").asText())
                .append(", ")
                .append(machine.path("processors").asInt())
                .append(" × ")
                .append(machine.path("processor").asText())
                .append(", ")
                .append(Report.number(machine.path("memoryBytes").asDouble() / (1L << 30)))
                .append(" GiB, Java ")
                .append(machine.path("java").asText())
                .append(", load ")
                .append(Report.number(machine.path("load").asDouble()))
                .append(" at the start.");
        String settings = report.path("settings").properties().stream()
                .map(setting -> setting.getKey() + " " + setting.getValue().asText())
                .collect(Collectors.joining(", "));
        page.append(settings.isEmpty() ? "\n\n" : " " + settings + ".\n\n");
        page.append("| | | must be |\n|---|---|---|\n");
        for (JsonNode figure : report.path("figures")) {
            double spread = figure.path("spread").asDouble();
            page.append("| ")
                    .append(figure.path("name").asText())
                    .append(" | ")
                    .append(Report.number(figure.path("value").asDouble()))
                    .append(spread == 0 ? "" : " ± " + Report.number(spread))
                    .append(
                            figure.path("unit").asText().isEmpty()
                                    ? ""
                                    : " " + figure.path("unit").asText())
                    .append(" | ")
                    .append(figure.path("reach").asText())
                    .append(figure.has("reached") && !figure.path("reached").asBoolean() ? " **not reached**" : "")
                    .append(" |\n");
        }
        String counts = report.path("counts").properties().stream()
                .map(count -> Report.number(count.getValue().asDouble()) + " " + count.getKey())
                .collect(Collectors.joining(", "));
        page.append(counts.isEmpty() ? "\n" : "\nChecked: " + counts + ".\n\n");
        appendAgreements(page, report);
        report.path("notes").forEach(note -> page.append(note.asText()).append("\n\n"));
    }
}
