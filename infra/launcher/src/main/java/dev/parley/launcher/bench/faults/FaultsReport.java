package dev.parley.launcher.bench.faults;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** What a run found, for people and for programs. */
final class FaultsReport {

    private final List<FaultsRun.Result> results;
    private final Instant time;

    FaultsReport(List<FaultsRun.Result> results, Instant time) {
        this.results = List.copyOf(results);
        this.time = time.truncatedTo(ChronoUnit.SECONDS);
    }

    private record Row(String scenario, String fault, List<FaultsRun.Result> results) {
        long passed() {
            return results.stream().filter(FaultsRun.Result::passed).count();
        }

        long skipped() {
            return results.stream()
                    .filter(result -> !result.skipped().isEmpty())
                    .count();
        }

        String seeds() {
            return FaultsReport.seeds(
                    results.stream().map(FaultsRun.Result::seed).toList());
        }

        String outcome() {
            if (skipped() == results.size()) {
                return "not played: " + results.getFirst().skipped();
            }
            List<Long> failing = results.stream()
                    .filter(result -> !result.violations().isEmpty())
                    .map(FaultsRun.Result::seed)
                    .toList();
            return failing.isEmpty() ? "holds" : "broken by seeds " + seedList(failing);
        }

        String seconds() {
            List<Long> millis =
                    results.stream().map(FaultsRun.Result::millis).sorted().toList();
            return "%.1f (%.1f–%.1f)"
                    .formatted(millis.get(millis.size() / 2) / 1e3, millis.getFirst() / 1e3, millis.getLast() / 1e3);
        }
    }

    private static String seeds(List<Long> seeds) {
        List<Long> sorted = seeds.stream().sorted().distinct().toList();
        boolean dense = sorted.getLast() - sorted.getFirst() == sorted.size() - 1;
        return dense && sorted.size() > 1 ? sorted.getFirst() + "–" + sorted.getLast() : seedList(sorted);
    }

    private static String seedList(List<Long> seeds) {
        return seeds.stream().map(String::valueOf).collect(Collectors.joining(", "));
    }

    private List<Row> rows() {
        List<Row> rows = new ArrayList<>();
        for (Scenario scenario : Scenario.values()) {
            List<FaultsRun.Result> its = results.stream()
                    .filter(result -> result.scenario().equals(scenario.wire()))
                    .toList();
            if (!its.isEmpty()) {
                rows.add(new Row(scenario.wire(), scenario.fault(), its));
            }
        }
        return rows;
    }

    String text() {
        StringBuilder text = new StringBuilder(
                "%-18s %7s %7s  %-22s %s%n".formatted("scenario", "seeds", "held", "seconds (from–to)", "outcome"));
        for (Row row : rows()) {
            text.append("%-18s %7d %7d  %-22s %s%n"
                    .formatted(row.scenario(), row.results().size(), row.passed(), row.seconds(), row.outcome()));
        }
        return text.toString();
    }

    ObjectNode json() {
        ObjectNode json = ChatUser.MAPPER.createObjectNode();
        json.put("time", time.toString()).put("machine", machine()).put("commit", commit());
        ArrayNode trials = json.putArray("trials");
        for (FaultsRun.Result result : results) {
            ObjectNode trial = trials.addObject();
            trial.put("scenario", result.scenario())
                    .put("seed", result.seed())
                    .put("passed", result.passed())
                    .put("millis", result.millis());
            if (!result.skipped().isEmpty()) {
                trial.put("skipped", result.skipped());
            }
            ArrayNode violations = trial.putArray("violations");
            result.violations().forEach(violations::add);
            ArrayNode notes = trial.putArray("notes");
            result.notes().forEach(notes::add);
        }
        return json;
    }

    String markdown() {
        StringBuilder text = new StringBuilder("""
                # Faults

                What Parley promises, tried on a whole installation of separate processes: a broker, Postgres, the registry, and each
                role twice, with real signals, real restarts, and a proxy that cuts connections. Clients write down every request and
                every frame; afterwards one checker reads the log, the tables and those records, and says what does not fit together.
                The checker itself is tried in the test suite on histories with planted faults.

                    ./parley bench faults --seeds 20                           # all of it, and this page with --report docs/faults.md
                    ./parley bench faults --only worker-killed --seed 7        # one trial again

                A seed decides how many conversations there are, what is said, which process is hit, and how long is waited; the
                machine decides the rest, so the same seed may meet the processes in other moments.

                """);
        text.append("Run on ")
                .append(time)
                .append(" at commit ")
                .append(commit())
                .append(", on ")
                .append(machine());
        text.append(
                ".\n\n| scenario | fault | seeds | held | seconds each: median (from–to) | outcome |\n|---|---|---|---|---|---|\n");
        for (Row row : rows()) {
            text.append("| `%s` | %s | %s (%d) | %d | %s | %s |%n"
                    .formatted(
                            row.scenario(),
                            row.fault(),
                            row.seeds(),
                            row.results().size(),
                            row.passed(),
                            row.seconds(),
                            row.outcome()));
        }
        List<FaultsRun.Result> broken = results.stream()
                .filter(result -> !result.violations().isEmpty())
                .toList();
        if (!broken.isEmpty()) {
            text.append("\n## What broke\n\n");
            for (FaultsRun.Result result : broken) {
                text.append("- `%s --seed %d`: %s%n"
                        .formatted(
                                result.scenario(),
                                result.seed(),
                                result.violations().stream().limit(5).collect(Collectors.joining("; "))));
            }
        }
        text.append("""

                ## What is checked after each trial

                - the events of a conversation are numbered 1, 2, 3 … in log order; a turn is accepted, started, routed, retrieved and
                  ended in this order; one turn runs at a time
                - each accepted message ends once, in a way that is right for it; what was acknowledged is in the log once, what
                  got no answer once or not at all, and nothing else is there
                - a completed text is what one call of the model said (every call says something else), and one attempt's chunks: the
                  attempt that the log chose
                - what each client saw is the log in order, without hole or repeat; its text is at every moment one attempt's; another
                  attempt comes after `message.reset`; in the end it shows what the log says, whatever cuts and nodes lay between
                - tokens are those that the model reported, in one row
                - the tables are what a fold of the log makes, made by the checker's own fold
                - one dead letter for each planted poison, with its bytes; no other
                - no call of the model goes on once all turns are over
                """);
        return text.toString();
    }

    private static String machine() {
        String processor = firstLine(Path.of("/proc/cpuinfo"), "model name")
                .map(line -> line.substring(line.indexOf(':') + 1).strip())
                .orElse(System.getProperty("os.arch"));
        String memory = firstLine(Path.of("/proc/meminfo"), "MemTotal")
                .map(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) / 1024 / 1024 + " GiB")
                .orElse("unknown memory");
        return Runtime.getRuntime().availableProcessors() + " processors (" + processor + "), " + memory + ", "
                + System.getProperty("os.name") + ", Java " + Runtime.version();
    }

    private static Optional<String> firstLine(Path file, String beginning) {
        try (var lines = Files.lines(file)) {
            return lines.filter(line -> line.startsWith(beginning)).findFirst();
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private static String commit() {
        try {
            Process git = new ProcessBuilder("git", "describe", "--always", "--dirty")
                    .directory(Path.of(System.getProperty("parley.home", ".")).toFile())
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            String said = new String(git.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            return said.isEmpty() ? "unknown" : said;
        } catch (IOException e) {
            return "unknown";
        }
    }
}
