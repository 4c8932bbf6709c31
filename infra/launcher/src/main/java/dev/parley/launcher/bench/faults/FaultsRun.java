package dev.parley.launcher.bench.faults;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Plays scenarios under seeds, one after the other, on one cluster for as long as that one heals. One thread. */
public final class FaultsRun implements AutoCloseable {

    private final Cluster.Size size;
    private final boolean brief;
    private final Consumer<String> progress;
    private @Nullable Cluster cluster;

    private FaultsRun(Cluster.Size size, boolean brief, Consumer<String> progress) {
        this.size = size;
        this.brief = brief;
        this.progress = progress;
    }

    /** What came of one trial. {@code skipped} says why it was not played; empty where it was. */
    public record Result(
            String scenario,
            String fault,
            long seed,
            List<String> violations,
            List<String> notes,
            long millis,
            String skipped) {
        public Result {
            violations = List.copyOf(violations);
            notes = List.copyOf(notes);
        }

        public boolean passed() {
            return violations.isEmpty() && skipped.isEmpty();
        }
    }

    /** The whole table's way: all roles twice. */
    static FaultsRun usual(Consumer<String> progress) {
        return new FaultsRun(Cluster.Size.USUAL, false, progress);
    }

    /** A short way for a test suite: fewer processes, shorter waits. */
    public static FaultsRun brief(Consumer<String> progress) {
        return new FaultsRun(Cluster.Size.SMALL, true, progress);
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

    /** Plays every scenario under every seed, seed by seed. */
    List<Result> play(Collection<Scenario> scenarios, Collection<Long> seeds, Consumer<Result> each) {
        List<Result> results = new ArrayList<>();
        for (long seed : seeds) {
            for (Scenario scenario : scenarios) {
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
        long began = System.nanoTime();
        List<Violation> violations = new ArrayList<>();
        List<String> notes = new ArrayList<>();
        String skipped = "";
        // The scenario is part of the seed, so that all do not make the same choices.
        try (Trial trial = new Trial(on, seed * 31 + scenario.wire().hashCode(), brief)) {
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
                scenario.fault(),
                seed,
                violations.stream().map(Violation::toString).toList(),
                notes,
                Duration.ofNanos(System.nanoTime() - began).toMillis(),
                skipped);
    }

    private Cluster cluster() {
        Cluster running = cluster;
        if (running == null) {
            running = Cluster.start(size, brief ? Map.of("PARLEY_WORKER_LEASE", "6s") : Map.of(), progress);
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
