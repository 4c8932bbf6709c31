package dev.parley.faults;

import dev.parley.faults.TrialResult.Outcome;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Plays scenarios under seeds, one after the other, on one cluster for as long as that one heals; those of several versions each
 * on an installation of its own. One thread.
 */
final class FaultsRun implements AutoCloseable {

    private final Trial.Mode mode;
    private final Consumer<String> progress;
    private final Machine machine = Machine.here();
    private @Nullable Cluster cluster;

    private FaultsRun(Trial.Mode mode, Consumer<String> progress) {
        this.mode = mode;
        this.progress = progress;
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
    static FaultsRun forTests(Consumer<String> progress) {
        return new FaultsRun(new Trial.Mode(true, false), progress);
    }

    /** The scenarios that are cheap enough for a test suite, by name. */
    static List<String> cheap() {
        return Stream.of(Scenario.values())
                .filter(Scenario::cheap)
                .map(Scenario::wire)
                .toList();
    }

    /** The scenarios that need the last release's build, by name. */
    static List<String> ofVersions() {
        return Stream.of(Scenario.values())
                .filter(scenario -> scenario.place() != Scenario.Place.CLUSTER)
                .map(Scenario::wire)
                .toList();
    }

    /** Plays every scenario under every seed, scenario by scenario: what one needs beside the others is started once. */
    List<TrialResult> play(Collection<Scenario> scenarios, Collection<Long> seeds, Consumer<TrialResult> each) {
        List<TrialResult> results = new ArrayList<>();
        for (Scenario scenario : scenarios) {
            for (long seed : seeds) {
                TrialResult result = play(scenario, seed);
                results.add(result);
                each.accept(result);
            }
        }
        return results;
    }

    /** Plays one scenario, by the name it has on the command line. */
    TrialResult play(String scenario, long seed) {
        for (Scenario known : Scenario.values()) {
            if (known.wire().equals(scenario)) {
                return play(known, seed);
            }
        }
        throw new IllegalArgumentException("there is no scenario " + scenario);
    }

    private TrialResult play(Scenario scenario, long seed) {
        Instant time = Instant.now().truncatedTo(ChronoUnit.SECONDS);
        long began = System.nanoTime();
        Outcome outcome;
        try {
            outcome = playOn(installation(scenario), scenario, seed);
        } catch (SkippedException e) {
            outcome = Outcome.notPlayed(e);
        }
        long millis = Duration.ofNanos(System.nanoTime() - began).toMillis();
        return new TrialResult(
                new TrialResult.Draw(scenario.wire(), seed, mode.brief()),
                new TrialResult.Circumstances(time.toString(), millis, machine.commit(), words(machine)),
                outcome);
    }

    private Outcome playOn(Installation on, Scenario scenario, long seed) {
        Outcome outcome;
        // The scenario is part of the seed, so that all do not make the same choices.
        try (Trial trial = new Trial(on, seed * 31 + scenario.wire().hashCode(), mode)) {
            outcome = outcome(trial, scenario);
        } catch (SkippedException e) {
            outcome = Outcome.notPlayed(e);
        } catch (RuntimeException e) {
            outcome = Outcome.broken(e);
            discard();
        }
        if (outcome.broke()) {
            on.keepLogs();
        }
        if (scenario.place() != Scenario.Place.CLUSTER) {
            on.close();
        }
        return outcome;
    }

    private static Outcome outcome(Trial trial, Scenario scenario) {
        try {
            scenario.play(trial);
        } catch (SkippedException e) {
            throw e;
        } catch (RuntimeException e) {
            trial.fail("trial", e.toString());
        }
        return Outcome.of(trial.conclude(), trial);
    }

    /** What a scenario is played on: the cluster that is there, or one of its own, beside which there is no other. */
    private Installation installation(Scenario scenario) {
        return switch (scenario.place()) {
            case CLUSTER -> {
                Cluster shared = cluster();
                if (scenario != Scenario.CLOCK_JUMP) {
                    shared.usualClocks();
                }
                yield shared;
            }
            case CLUSTER_OF_THE_RELEASE -> {
                Build release = Release.build();
                close();
                yield Cluster.start(Cluster.Size.SINGLE, settings(), release, progress);
            }
            case STANDALONE_OF_THE_RELEASE -> {
                Build release = Release.build();
                close();
                yield Standalone.start(release, settings(), progress);
            }
        };
    }

    private Map<String, String> settings() {
        return mode.brief() ? Map.of("PARLEY_WORKER_LEASE", "6s") : Map.of();
    }

    private static String words(Machine machine) {
        return machine.processors() + " processors (" + machine.processor() + "), " + (machine.memoryBytes() >> 30)
                + " GiB, " + System.getProperty("os.name") + ", Java " + machine.java();
    }

    private Cluster cluster() {
        Cluster running = cluster;
        if (running == null) {
            running = Cluster.start(mode.brief() ? Cluster.Size.SMALL : Cluster.Size.USUAL, settings(), progress);
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
