package dev.parley.bench;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.Consumer;

/**
 * The same work done in several ways, in interleaved rounds of shuffled order. Ways are compared within a round, so that
 * what else the machine does meets all of them alike.
 *
 * <p>Not thread-safe.
 */
final class Rounds {

    private static final double MICROS = 1e6;

    private final int rounds;
    private final int warmUp;
    private final long seed;
    private final Map<String, Work> ways = new LinkedHashMap<>();
    private final Map<String, List<Sample>> samples = new HashMap<>();

    /** One way of doing the work. */
    @FunctionalInterface
    interface Work {
        /** Does it once; rounds count from 0, warm-up included. */
        Sample run(int round) throws Exception;
    }

    /**
     * What one way did in one round.
     *
     * @param cpuSeconds of this process
     */
    record Sample(long items, double seconds, double cpuSeconds) {
        double perSecond() {
            return items / seconds;
        }
    }

    /** Times one sample: wall clock, and the processor time of this process. */
    static final class Stopwatch {
        private final long began = System.nanoTime();
        private final long cpuBegan = cpuNanos();

        Sample stop(long items) {
            return new Sample(items, (System.nanoTime() - began) / 1e9, (cpuNanos() - cpuBegan) / 1e9);
        }

        private static long cpuNanos() {
            return ManagementFactory.getPlatformMXBean(com.sun.management.OperatingSystemMXBean.class)
                    .getProcessCpuTime();
        }
    }

    Rounds(int rounds, int warmUp, long seed) {
        this.rounds = rounds;
        this.warmUp = warmUp;
        this.seed = seed;
    }

    Rounds way(String name, Work work) {
        ways.put(name, work);
        samples.put(name, new ArrayList<>());
        return this;
    }

    Rounds run(Consumer<String> progress) throws IOException, InterruptedException {
        Random random = new Random(seed);
        for (int round = 0; round < warmUp + rounds; round++) {
            List<String> order = new ArrayList<>(ways.keySet());
            Collections.shuffle(order, random);
            StringBuilder line = new StringBuilder(round < warmUp ? "warm-up" : "round " + (round - warmUp + 1));
            for (String way : order) {
                Sample sample = sample(way, round);
                line.append(", ").append(way).append(' ').append(Report.number(sample.perSecond()));
                if (round >= warmUp) {
                    of(way).add(sample);
                }
            }
            progress.accept(line + " /s");
        }
        return this;
    }

    private Sample sample(String way, int round) throws IOException, InterruptedException {
        Work work = ways.get(way);
        if (work == null) {
            throw new IllegalArgumentException("no way " + way);
        }
        try {
            return work.run(round);
        } catch (IOException | InterruptedException | RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException(way + " failed", e);
        }
    }

    private List<Sample> of(String way) {
        List<Sample> found = samples.get(way);
        if (found == null) {
            throw new IllegalArgumentException("no way " + way);
        }
        return found;
    }

    /** By round, how fast {@code way} was as a part of {@code baseline}. */
    List<Double> ratios(String way, String baseline) {
        List<Double> ratios = new ArrayList<>();
        for (int i = 0; i < rounds; i++) {
            ratios.add(of(way).get(i).perSecond() / of(baseline).get(i).perSecond());
        }
        return ratios;
    }

    /** A report of the way against the baseline, with the baseline against itself and the raw rates. */
    Report report(String benchmark, String items, String way, String baseline, String again, double reach) {
        Report report =
                new Report(benchmark).with("seed", seed).with("rounds", rounds).with("warm-up rounds", warmUp);
        List<Double> ratios = ratios(way, baseline);
        report.add(
                Figure.of(items + " a second, " + way + " against " + baseline, "ratio", ratios)
                        .atLeast(reach),
                ratios);
        List<Double> itself = ratios(again, baseline);
        report.add(Figure.of(baseline + " against itself (A/A)", "ratio", itself), itself);
        ways.keySet().forEach(each -> {
            List<Double> rates = of(each).stream().map(Sample::perSecond).toList();
            report.add(Figure.of(items + ", " + each, "/s", rates), rates);
        });
        ways.keySet()
                .forEach(each -> report.add(Figure.of(
                        "processor time, " + each,
                        "µs each",
                        of(each).stream()
                                .map(sample -> sample.cpuSeconds() * MICROS / sample.items())
                                .toList())));
        peakMemory().ifPresent(bytes -> report.add(Figure.of("peak memory of this process", "MiB", bytes / 1048576.0)));
        return report.agreed(Agreement.ofRatios(baseline, itself));
    }

    /** In bytes; empty where the system does not tell. */
    private static Optional<Double> peakMemory() {
        try {
            return Files.readAllLines(Path.of("/proc/self/status")).stream()
                    .filter(line -> line.startsWith("VmHWM:"))
                    .map(line -> Double.parseDouble(line.replaceAll("[^0-9]", "")) * 1024)
                    .findFirst();
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}
