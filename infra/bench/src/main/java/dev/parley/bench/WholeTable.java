package dev.parley.bench;

import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Every benchmark that has figures to reach, one after the other, each in a process of its own: what one has warmed up or
 * left behind moves no other.
 */
final class WholeTable {

    /** Not among them: the faults, the stops, and the soak of 20 minutes. */
    static final List<String> BENCHMARKS = List.of(
            "latency",
            "cancel",
            "resume",
            "chunks",
            "fanout",
            "connections",
            "conversation",
            "sink",
            "takeover",
            "startup",
            "load",
            "growth",
            "micro");

    /** A run that is thrown away is tried again, so often in all. */
    private static final int TRIES = 3;

    private WholeTable() {}

    /** Runs them all, by the command line {@code main}; returns 0 where each reached what it must, else the last status that was none. */
    static int run(Class<?> main) throws IOException, InterruptedException {
        Map<String, Integer> outcomes = new LinkedHashMap<>();
        for (String benchmark : BENCHMARKS) {
            System.err.printf("%n%s (%d of %d)%n", benchmark, outcomes.size() + 1, BENCHMARKS.size());
            int status = Measurement.THROWN_AWAY;
            for (int tries = 0; status == Measurement.THROWN_AWAY && tries < TRIES; tries++) {
                status = run(main, benchmark);
            }
            outcomes.put(benchmark, status);
        }
        System.out.println();
        outcomes.forEach((benchmark, status) -> System.out.printf("%-14s %s%n", benchmark, words(status)));
        return outcomes.values().stream().filter(status -> status != 0).reduce(0, (before, status) -> status);
    }

    private static String words(int status) {
        return switch (status) {
            case 0 -> "reached";
            case Measurement.THROWN_AWAY -> "thrown away " + TRIES + " times: the machine is too noisy";
            case Measurement.MISSED -> "NOT REACHED";
            default -> "ended with status " + status;
        };
    }

    private static int run(Class<?> main, String benchmark) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(System.getProperty("java.home") + File.separator + "bin" + File.separator + "java");
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName(), benchmark));
        Process process = new ProcessBuilder(command).inheritIO().start();
        Thread hook = new Thread(process::destroy, "bench-cleanup");
        Runtime.getRuntime().addShutdownHook(hook);
        int status = process.waitFor();
        Runtime.getRuntime().removeShutdownHook(hook);
        return status;
    }
}
