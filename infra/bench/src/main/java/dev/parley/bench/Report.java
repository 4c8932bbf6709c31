package dev.parley.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.faults.Machine;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What a benchmark found: figures, how it was run, and counts that prove that nothing was dropped. Not thread-safe. */
final class Report {

    private static final ObjectMapper MAPPER = new ObjectMapper();

    private final String benchmark;
    private final Instant time = Instant.now().truncatedTo(ChronoUnit.SECONDS);
    private final Machine machine = Machine.here();
    private final Map<String, Object> settings = new LinkedHashMap<>();
    private final List<Figure> figures = new ArrayList<>();
    private final Map<String, Long> counts = new LinkedHashMap<>();
    private final Map<String, List<Double>> rounds = new LinkedHashMap<>();
    private final List<Agreement> agreements = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();

    /** A report of the benchmark of that name, begun now. */
    Report(String benchmark) {
        this.benchmark = benchmark;
    }

    /** How it was run: a number or a text. */
    Report with(String setting, Object value) {
        settings.put(setting, value);
        return this;
    }

    Report add(Figure figure) {
        figures.add(figure);
        return this;
    }

    /** A figure of several rounds, whose raw values are kept. */
    Report add(Figure figure, List<Double> raw) {
        rounds.put(figure.name(), List.copyOf(raw));
        return add(figure);
    }

    /** A count of what was checked. */
    Report counted(String what, long count) {
        counts.put(what, count);
        return this;
    }

    /** What must hold for the figures to mean anything: where it does not, the run is thrown away. */
    Report agreed(Agreement agreement) {
        agreements.add(agreement);
        return this;
    }

    /** A sentence that a reader of the figures needs. */
    Report note(String sentence) {
        notes.add(sentence);
        return this;
    }

    /** Whether each figure that must be reached is. */
    boolean isReached() {
        return figures.stream().allMatch(Figure::isReached);
    }

    /** Whether the run counts; if not, the machine was too restless for it, and its figures say nothing. */
    boolean isValid() {
        return agreements.stream().allMatch(Agreement::holds);
    }

    /** The report as a table for a terminal. */
    String table() {
        StringBuilder table = new StringBuilder();
        int width = figures.stream()
                .mapToInt(figure -> figure.name().length())
                .max()
                .orElse(0);
        for (Figure figure : figures) {
            String value = number(figure.value()) + (figure.spread() == 0 ? "" : " ± " + number(figure.spread()));
            String reach = figure.reach()
                    .map(bound -> "  must be " + bound + (figure.isReached() ? "" : ": NOT REACHED"))
                    .orElse("");
            table.append("%-".concat(width + "s  %20s %-6s%s%n").formatted(figure.name(), value, figure.unit(), reach));
        }
        counts.forEach((what, count) ->
                table.append("checked: ").append(count).append(' ').append(what).append('\n'));
        agreements.forEach(agreement -> table.append(agreement)
                .append(agreement.holds() ? "" : ": TOO FAR")
                .append('\n'));
        notes.forEach(note -> table.append(note).append('\n'));
        if (!isValid()) {
            table.append(
                    "THROWN AWAY: the baseline does not agree with itself. Measure again when the machine is quieter.\n");
        }
        return table.toString();
    }

    ObjectNode json() {
        ObjectNode json = MAPPER.createObjectNode().put("benchmark", benchmark).put("time", time.toString());
        json.set("machine", MAPPER.valueToTree(machine));
        json.set("settings", MAPPER.valueToTree(settings));
        ArrayNode all = json.putArray("figures");
        for (Figure figure : figures) {
            ObjectNode entry = all.addObject()
                    .put("name", figure.name())
                    .put("unit", figure.unit())
                    .put("value", figure.value())
                    .put("spread", figure.spread());
            figure.reach()
                    .ifPresent(bound -> entry.put("reach", bound.toString()).put("reached", figure.isReached()));
            if (rounds.containsKey(figure.name())) {
                entry.set("rounds", MAPPER.valueToTree(rounds.get(figure.name())));
            }
        }
        json.set("counts", MAPPER.valueToTree(counts));
        json.put("valid", isValid());
        ArrayNode checks = json.putArray("agreements");
        agreements.forEach(agreement -> checks.addObject()
                .put("what", agreement.what())
                .put("median", agreement.median())
                .put("typical", agreement.typical())
                .put("holds", agreement.holds())
                .put("text", agreement.toString()));
        json.set("notes", MAPPER.valueToTree(notes));
        return json;
    }

    /** Three digits that count, and no more. */
    static String number(double value) {
        double size = Math.abs(value);
        if (size >= 100 || value == Math.rint(value)) {
            return String.format(Locale.ROOT, "%,d", Math.round(value));
        }
        return String.format(Locale.ROOT, size >= 10 ? "%.1f" : size >= 1 ? "%.2f" : "%.3f", value);
    }
}
