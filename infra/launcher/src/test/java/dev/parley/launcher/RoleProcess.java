package dev.parley.launcher;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.concurrent.TimeUnit;

/** Roles in a process of their own, as {@code ./parley run} starts them. */
final class RoleProcess implements AutoCloseable {

    private final Process process;
    private final int metricsPort;

    private RoleProcess(Process process, int metricsPort) {
        this.process = process;
        this.metricsPort = metricsPort;
    }

    /**
     * Starts a process that joins an installation.
     *
     * @param log what it prints
     * @param settings beside those of the installation
     */
    static RoleProcess start(ParleyUnderTest parley, String role, Path log, Map<String, String> settings) {
        int metricsPort = freePort();
        ProcessBuilder builder = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx512m",
                        "-XX:+UseSerialGC",
                        "--sun-misc-unsafe-memory-access=allow",
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        "dev.parley.launcher.Parley",
                        "run",
                        role)
                .redirectErrorStream(true)
                .redirectOutput(new File(log.toString()));
        builder.environment().putAll(parley.environment());
        builder.environment().put("PARLEY_METRICS_PORT", Integer.toString(metricsPort));
        builder.environment().putAll(settings);
        try {
            return new RoleProcess(builder.start(), metricsPort);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static int freePort() {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    boolean isReady() {
        try {
            return new ApiClient("http://127.0.0.1:" + metricsPort)
                            .get("/health/ready")
                            .status()
                    == 200;
        } catch (UncheckedIOException e) {
            return false;
        }
    }

    /** The value of a metric that has no tags; empty where there is none. */
    OptionalDouble metric(String name) {
        return new ApiClient("http://127.0.0.1:" + metricsPort)
                .text("/metrics")
                .lines()
                .filter(line -> line.startsWith(name + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
                .findFirst();
    }

    /** Ends it as {@code kill -9} does. */
    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    /** Ends it as a supervisor does, without waiting. */
    void askToEnd() {
        process.destroy();
    }

    /** Its exit status. */
    int awaitEnd() throws InterruptedException {
        return process.waitFor();
    }

    @Override
    public void close() throws InterruptedException {
        process.destroy();
        if (!process.waitFor(20, TimeUnit.SECONDS)) {
            kill();
        }
    }
}
