package dev.parley.bench;

import dev.parley.launcher.Parley;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

/** Workers of a benchmark's pipeline, as {@code ./parley run llm} starts them. They end with this process. */
final class WorkerProcesses implements WorkersBenchmark.Workers, AutoCloseable {

    private static final long STOP_SECONDS = 15;

    private final Map<String, String> settings;
    private final List<Process> running = new CopyOnWriteArrayList<>();
    private final Thread hook = new Thread(() -> running.forEach(Process::destroyForcibly), "bench-workers-cleanup");

    /** Workers of the installation that {@code settings} name. */
    WorkerProcesses(Map<String, String> settings) {
        this.settings = Map.copyOf(settings);
        Runtime.getRuntime().addShutdownHook(hook);
    }

    @Override
    public void growTo(int count) throws IOException {
        while (running.size() < count) {
            running.add(start());
        }
    }

    private Process start() throws IOException {
        ProcessBuilder builder = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx256m",
                        "-XX:+UseSerialGC",
                        "--enable-native-access=ALL-UNNAMED",
                        "--sun-misc-unsafe-memory-access=allow",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Parley.class.getName(),
                        "run",
                        "llm")
                .redirectErrorStream(true);
        builder.environment().keySet().removeIf(name -> name.startsWith("PARLEY_") || name.startsWith("KAFKA_"));
        builder.environment().putAll(settings);
        Process process = builder.start();
        BufferedReader output =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        for (String line = output.readLine(); ; line = output.readLine()) {
            if (line == null) {
                process.destroyForcibly();
                throw new IOException("a worker process ended before it was ready");
            }
            if (line.contains("Ready: ")) {
                break;
            }
        }
        Thread.ofVirtual().name("bench-worker-output").start(() -> drain(output));
        return process;
    }

    /** Reads on, so that the process is never kept waiting by what it prints. */
    private static void drain(BufferedReader output) {
        try {
            while (output.readLine() != null) {
                // Nobody wants to know.
            }
        } catch (IOException e) {
            // It has ended.
        }
    }

    @Override
    public long cpuNanos() {
        return ProcessHandle.current()
                        .info()
                        .totalCpuDuration()
                        .orElse(Duration.ZERO)
                        .toNanos()
                + running.stream()
                        .map(process -> process.info().totalCpuDuration().orElse(Duration.ZERO))
                        .mapToLong(Duration::toNanos)
                        .sum();
    }

    @Override
    public void close() {
        running.forEach(Process::destroy);
        for (Process process : running) {
            try {
                if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
                    process.destroyForcibly();
                }
            } catch (InterruptedException e) {
                process.destroyForcibly();
                Thread.currentThread().interrupt();
            }
        }
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The hook runs already.
        }
    }
}
