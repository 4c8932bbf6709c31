package dev.parley.faults;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What trials found, for people and for programs. Of a scenario and seed that was played again the last time counts. */
final class FaultsReport {

    private final List<TrialResult> played;
    private final List<TrialResult> results;

    /** {@code played}: in the order in which they were. */
    FaultsReport(List<TrialResult> played) {
        this.played = List.copyOf(played);
        Map<String, TrialResult> latest = new LinkedHashMap<>();
        for (TrialResult result : played) {
            latest.put(key(result), result);
        }
        this.results = List.copyOf(latest.values());
    }

    private static String key(TrialResult result) {
        return result.draw().scenario() + " --seed " + result.draw().seed();
    }

    private record Row(String scenario, String fault, List<TrialResult> results) {
        long held() {
            return results.stream().filter(result -> result.outcome().holds()).count();
        }

        String seeds() {
            return FaultsReport.seeds(
                    results.stream().map(result -> result.draw().seed()).toList());
        }

        String mode() {
            long brief =
                    results.stream().filter(result -> result.draw().brief()).count();
            return brief == 0
                    ? "usual"
                    : brief == results.size() ? "brief" : brief + " brief, " + (results.size() - brief) + " usual";
        }

        String outcome() {
            List<Long> failing = results.stream()
                    .filter(result -> result.outcome().broke())
                    .map(result -> result.draw().seed())
                    .toList();
            if (!failing.isEmpty()) {
                return "broken by seeds " + seedList(failing);
            }
            List<TrialResult> skipped = results.stream()
                    .filter(result -> !result.outcome().skipped().isEmpty())
                    .toList();
            return skipped.isEmpty()
                    ? "holds"
                    : skipped.size() + " not played: "
                            + skipped.getFirst().outcome().skipped();
        }

        String happened() {
            Map<String, Long> counts = new TreeMap<>();
            Map<String, Long> worst = new TreeMap<>();
            for (TrialResult result : results) {
                result.outcome().counts().forEach((what, times) -> counts.merge(what, times, Long::sum));
                result.outcome().worst().forEach((what, value) -> worst.merge(what, value, Math::max));
            }
            return words(counts, worst, List.of());
        }

        String seconds() {
            List<Long> millis = results.stream()
                    .map(result -> result.circumstances().millis())
                    .sorted()
                    .toList();
            return "%.1f (%.1f–%.1f)"
                    .formatted(millis.get(millis.size() / 2) / 1e3, millis.getFirst() / 1e3, millis.getLast() / 1e3);
        }
    }

    /** What was done and met, in words; what every trial has comes last. */
    static String words(Map<String, Long> counts, Map<String, Long> worst, List<String> notes) {
        Comparator<String> order =
                Comparator.<String>comparingInt(Trial.OF_ALL::indexOf).thenComparing(Comparator.naturalOrder());
        return Stream.of(
                        counts.keySet().stream()
                                .sorted(order)
                                .filter(what -> counts.getOrDefault(what, 0L) > 0)
                                .map(what -> counts.get(what) + " " + what),
                        worst.entrySet().stream().map(entry -> "at most " + entry.getValue() + " " + entry.getKey()),
                        notes.stream())
                .flatMap(words -> words)
                .collect(Collectors.joining("; "));
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
            List<TrialResult> its = results.stream()
                    .filter(result -> result.draw().scenario().equals(scenario.wire()))
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
                    .formatted(row.scenario(), row.results().size(), row.held(), row.seconds(), row.outcome()));
        }
        return text.toString();
    }

    ObjectNode json() {
        ObjectNode json = ChatUser.MAPPER.createObjectNode();
        ArrayNode trials = json.putArray("trials");
        results.forEach(result -> trials.add(ChatUser.MAPPER.<ObjectNode>valueToTree(result)));
        return json;
    }

    String markdown() {
        StringBuilder text = new StringBuilder("""
                # Faults

                What Parley promises, tried on a whole installation of separate processes: a broker, Postgres, the registry, and each
                role twice, with real signals, real restarts, and a proxy that cuts connections. Clients write down every request and
                every frame; afterwards one checker reads the log, the tables and those records, and says what does not fit together.
                The checker itself is tried in the test suite on histories with planted faults.

                    ./parley bench faults --seeds 20                           # all of it
                    ./parley bench faults --only worker-killed --seed 7        # one trial again
                    ./parley bench faults --seeds 0 --report docs/faults.md    # this page, from all trials that are kept

                A seed decides how many conversations there are, what is said, which process is hit, and how long is waited; the
                machine decides the rest, so the same seed may meet the processes in other moments.

                """);
        run(text);
        text.append("| scenario | fault | seeds | held | outcome | seconds each: median (from–to) | mode |\n")
                .append("|---|---|---|---|---|---|---|\n");
        for (Row row : rows()) {
            text.append("| `%s` | %s | %s (%d) | %d | %s | %s | %s |%n"
                    .formatted(
                            row.scenario(),
                            row.fault(),
                            row.seeds(),
                            row.results().size(),
                            row.held(),
                            row.outcome(),
                            row.seconds(),
                            row.mode()));
        }
        text.append("\n## What was played\n\nSums over the seeds of each row.\n\n");
        for (Row row : rows()) {
            text.append("- `%s`: %s%n".formatted(row.scenario(), row.happened()));
        }
        broken(text);
        text.append("""

                ## What is checked after each trial

                - the events of a conversation are numbered 1, 2, 3 … in log order; a turn is accepted, started, routed, retrieved and
                  ended in this order; one turn runs at a time
                - each accepted message ends once, in a way that is right for it; what was acknowledged is in the log once, what
                  got no answer once or not at all, and nothing else is there; no conversation is deleted, since nobody asks for it
                - a completed text is what one call of the model said (every call says something else), and one attempt's chunks: the
                  attempt that the log chose
                - what each client saw is the log in order, without hole or repeat; its text is at every moment one attempt's; another
                  attempt comes after `message.reset`; in the end it shows what the log says, whatever cuts and nodes lay between
                - tokens are those that the model reported, in one row
                - the tables are what a fold of the log makes, made by the checker's own fold
                - one dead letter for each planted poison, with its bytes; no other
                - with a rude model, in peace: no turn asks more often than its budget, and none asks again after an answer that was sent whole
                - no call of the model goes on once all turns are over
                """);
        return text.toString();
    }

    private void run(StringBuilder text) {
        if (results.isEmpty()) {
            text.append("No trial is kept.\n\n");
            return;
        }
        TreeSet<String> times = results.stream()
                .map(result -> result.circumstances().time())
                .collect(Collectors.toCollection(TreeSet::new));
        text.append("%d trials, played from %s to %s, on %s, at %s.%n%n"
                .formatted(
                        results.size(),
                        times.first(),
                        times.last(),
                        distinct(results.stream()
                                .map(result -> result.circumstances().machine())),
                        distinct(results.stream()
                                .map(result ->
                                        "commit " + result.circumstances().commit()))));
        text.append("""
                *Brief* trials have one process of `topologies` instead of two, a lease of 6 s instead of 10 s, Postgres away for 8 s
                instead of 60 s, the broker for 5 s at most instead of 15 s, and 30 connections of each kind cut instead of 70; all else
                is the same.

                """);
    }

    private static String distinct(Stream<String> words) {
        return words.distinct().collect(Collectors.joining(" and "));
    }

    /** What is broken, and what was and holds since. */
    private void broken(StringBuilder text) {
        List<TrialResult> ever =
                played.stream().filter(result -> result.outcome().broke()).toList();
        text.append("\n## What broke\n\n");
        if (ever.isEmpty()) {
            text.append("Nothing.\n");
            return;
        }
        for (TrialResult result : ever) {
            TrialResult last = results.stream()
                    .filter(any -> key(any).equals(key(result)))
                    .findFirst()
                    .orElse(result);
            text.append("- `%s%s` at commit %s: %s%s%n"
                    .formatted(
                            result.draw().brief() ? "--brief --only " : "--only ",
                            key(result),
                            result.circumstances().commit(),
                            result.outcome().violations().stream().limit(3).collect(Collectors.joining("; ")),
                            last.outcome().holds()
                                    ? ". Held when it was played again, at commit "
                                            + last.circumstances().commit()
                                    : ""));
        }
    }
}
