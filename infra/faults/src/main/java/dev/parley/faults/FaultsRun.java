package dev.parley.faults;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Plays scenarios under seeds, one after the other, on one cluster for as long as that one heals. One thread. */
public final class FaultsRun implements AutoCloseable {

    private final Trial.Mode mode;
    private final Consumer<String> progress;
    private final Machine machine = Machine.here();
    private @Nullable Cluster cluster;

    private FaultsRun(Trial.Mode mode, Consumer<String> progress) {
        this.mode = mode;
        this.progress = progress;
    }

    /**
     * What came of one trial.
     *
     * @param time at which it began
     * @param brief whether its waits were short
     * @param counts of what was done, and of what it met
     * @param worst the largest of values that were measured
     * @param skipped why it was not played; empty where it was
     */
    public record Result(
            String scenario,
            long seed,
            String time,
            String commit,
            String machine,
            boolean brief,
            List<String> violations,
            List<String> notes,
            Map<String, Long> counts,
            Map<String, Long> worst,
            long millis,
            String skipped) {
        public Result {
            violations = List.copyOf(violations);
            notes = List.copyOf(notes);
            counts = new TreeMap<>(counts);
            worst = new TreeMap<>(worst);
        }

        public boolean holds() {
            return violations.isEmpty() && skipped.isEmpty();
        }

        public boolean broke() {
            return !violations.isEmpty();
        }
    }

    /** The whole table's way: all roles twice, within bounds of time. */
    static FaultsRun usual(Consumer<String> progress) {
        return new FaultsRun(new Trial.Mode(false, true), progress);
    }

    /** A short way: fewer processes, shorter waits. */
    static FaultsRun shorter(Consumer<String> progress) {
        return new FaultsRun(new Trial.Mode(true, true), progress);
    }

    /** A short way for a test suite, on a machine that does other things as well. */
    public static FaultsRun forTests(Consumer<String> progress) {
        return new FaultsRun(new Trial.Mode(true, false), progress);
    }

    /** The scenarios that are cheap enough for a test suite, by name. */
    public static List<String> cheap() {
        List<String> cheap = new ArrayList<>();
        for (Scenario scenario : Scenario.values()) {
            if (scenario.cheap()) {
                cheap.add(scenario.wire());
            }
        }
        return cheap;
    }

    /** Plays every scenario under every seed, scenario by scenario: what one needs beside the others is started once. */
    List<Result> play(Collection<Scenario> scenarios, Collection<Long> seeds, Consumer<Result> each) {
        List<Result> results = new ArrayList<>();
        for (Scenario scenario : scenarios) {
            for (long seed : seeds) {
                Result result = play(scenario, seed);
                results.add(result);
                each.accept(result);
            }
        }
        return results;
    }

    /** Plays one scenario, by the name it has on the command line. */
    public Result play(String scenario, long seed) {
        for (Scenario known : Scenario.values()) {
            if (known.wire().equals(scenario)) {
                return play(known, seed);
            }
        }
        throw new IllegalArgumentException("there is no scenario " + scenario);
    }

    private Result play(Scenario scenario, long seed) {
        Cluster on = cluster();
        if (scenario != Scenario.CLOCK_JUMP) {
            on.usualClocks();
        }
        Instant time = Instant.now().truncatedTo(ChronoUnit.SECONDS);
        long began = System.nanoTime();
        List<Violation> violations = new ArrayList<>();
        List<String> notes = new ArrayList<>();
        Map<String, Long> counts = new TreeMap<>();
        Map<String, Long> worst = new TreeMap<>();
        String skipped = "";
        // The scenario is part of the seed, so that all do not make the same choices.
        try (Trial trial = new Trial(on, seed * 31 + scenario.wire().hashCode(), mode)) {
            try {
                scenario.play(trial);
            } catch (ClockFaults.SkippedException e) {
                skipped = String.valueOf(e.getMessage());
            } catch (RuntimeException e) {
                trial.fail("trial", e.toString());
            }
            if (skipped.isEmpty()) {
                violations.addAll(trial.conclude());
                notes.addAll(trial.notes());
                counts.putAll(trial.counts());
                worst.putAll(trial.worst());
            }
        } catch (RuntimeException e) {
            violations.add(new Violation("trial", e.toString()));
            discard();
        }
        if (!violations.isEmpty()) {
            on.keepLogs();
        }
        return new Result(
                scenario.wire(),
                seed,
                time.toString(),
                machine.commit(),
                words(machine),
                mode.brief(),
                violations.stream().map(Violation::toString).toList(),
                notes,
                counts,
                worst,
                Duration.ofNanos(System.nanoTime() - began).toMillis(),
                skipped);
    }

    private static String words(Machine machine) {
        return machine.processors() + " processors (" + machine.processor() + "), " + (machine.memoryBytes() >> 30)
                + " GiB, " + System.getProperty("os.name") + ", Java " + machine.java();
    }

    private Cluster cluster() {
        Cluster running = cluster;
        if (running == null) {
            running = mode.brief()
                    ? Cluster.start(Cluster.Size.SMALL, Map.of("PARLEY_WORKER_LEASE", "6s"), progress)
                    : Cluster.start(Cluster.Size.USUAL, Map.of(), progress);
            cluster = running;
        }
        return running;
    }

    private void discard() {
        Cluster broken = cluster;
        if (broken != null) {
            cluster = null;
            broken.keepLogs();
            broken.close();
        }
    }

    @Override
    public void close() {
        Cluster running = cluster;
        if (running != null) {
            cluster = null;
            running.close();
        }
    }
}
