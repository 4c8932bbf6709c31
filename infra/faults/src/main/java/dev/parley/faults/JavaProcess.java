package dev.parley.faults;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A Java program in a process that can be signalled, and started again under the same name with the same settings. It ends
 * with this process, however this one ends, since it holds the other end of a pipe. Used by one thread at a time.
 */
public final class JavaProcess {

    /** Ends the child when its standard input ends. */
    private static final String CHILD_MAIN = "dev.parley.stack.ChildMain";

    private static final Duration POLITE = Duration.ofSeconds(15);

    private final String name;
    private final List<String> options;
    private final List<String> program;
    private final Map<String, String> environment;
    private final Path log;
    private Build build;
    private List<String> through = List.of();
    private @Nullable Process process;
    private boolean stopped;

    /**
     * A process that does not run yet.
     *
     * @param build whose program it is
     * @param options of the virtual machine
     * @param program class and arguments
     */
    JavaProcess(
            String name,
            Build build,
            List<String> options,
            List<String> program,
            Map<String, String> environment,
            Path logs) {
        this.name = name;
        this.build = build;
        this.options = List.copyOf(options);
        this.program = List.copyOf(program);
        this.environment = new TreeMap<>(environment);
        this.log = logs.resolve(name + ".log");
    }

    public String name() {
        return name;
    }

    /** Has the next start see {@code value}; null removes the setting. */
    void set(String key, @Nullable String value) {
        if (value == null) {
            environment.remove(key);
        } else {
            environment.put(key, value);
        }
    }

    /** Has the next start run the program as another build has it. */
    void runFrom(Build other) {
        build = other;
    }

    /** Has the next start run a program, with arguments, that runs this one; none: runs this one itself. */
    void runThrough(List<String> program) {
        through = List.copyOf(program);
    }

    void start() {
        if (isAlive()) {
            return;
        }
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xlog:cds=off,cds+dynamic=off,aot=off",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow"));
        command.addAll(build.options());
        command.addAll(options);
        command.addAll(List.of("-cp", build.classPath(), CHILD_MAIN));
        command.addAll(through);
        command.addAll(program);
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(new File(log.toString())));
        builder.environment().keySet().removeIf(key -> key.startsWith("PARLEY_") || key.startsWith("KAFKA_"));
        builder.environment().putAll(environment);
        try {
            process = builder.start();
            stopped = false;
        } catch (IOException e) {
            throw new UncheckedIOException("cannot start " + name, e);
        }
    }

    boolean isAlive() {
        return process != null && process.isAlive();
    }

    boolean isStopped() {
        return stopped;
    }

    /** {@code kill -9}; returns when the process is gone. */
    public void kill() {
        Process killed = process;
        if (killed != null) {
            awaitEnd(killed.destroyForcibly());
        }
    }

    /** SIGSTOP: the process holds still, with its connections open. */
    void stop() {
        signal("STOP");
        stopped = true;
    }

    /** SIGCONT. */
    void resume() {
        signal("CONT");
        stopped = false;
    }

    /** SIGTERM, and SIGKILL where that takes too long. */
    void end() {
        Process ending = process;
        if (ending == null) {
            return;
        }
        if (stopped) {
            resume();
        }
        ending.destroy();
        try {
            if (!ending.waitFor(POLITE.toMillis(), TimeUnit.MILLISECONDS)) {
                kill();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            kill();
        }
    }

    /**
     * Waits for the program's own end; returns its exit status.
     *
     * @throws IllegalStateException if it goes on for longer, in which case it is killed
     */
    int awaitEnd(Duration limit) {
        Process running = process;
        try {
            if (running != null && running.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
                return running.exitValue();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        kill();
        throw new IllegalStateException(name + " does not end within " + limit.toSeconds() + " s");
    }

    /** What the program has printed, in all its lives. */
    String printed() {
        try {
            return Files.readString(log);
        } catch (IOException e) {
            return "";
        }
    }

    /**
     * Bytes of the heap that are in use once garbage is collected.
     *
     * @throws IllegalStateException if the virtual machine does not tell
     */
    long liveHeapBytes() {
        Process running = process;
        if (running == null) {
            throw new IllegalStateException(name + " does not run");
        }
        try {
            Process jcmd = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "jcmd")
                                    .toString(),
                            Long.toString(running.pid()),
                            "GC.class_histogram")
                    .redirectErrorStream(true)
                    .start();
            String told = new String(jcmd.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            awaitEnd(jcmd);
            return told.lines()
                    .filter(line -> line.startsWith("Total"))
                    .mapToLong(line -> Long.parseLong(line.strip().split("\\s+", -1)[2]))
                    .findFirst()
                    .orElseThrow(() -> new IllegalStateException(name + " does not tell its heap"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Resident memory in KiB; 0 where the system does not tell. */
    long residentKib() {
        Process running = process;
        if (running == null) {
            return 0;
        }
        try (var lines = Files.lines(Path.of("/proc", Long.toString(running.pid()), "status"))) {
            return lines.filter(line -> line.startsWith("VmRSS:"))
                    .map(line -> line.replaceAll("[^0-9]", ""))
                    .mapToLong(Long::parseLong)
                    .findFirst()
                    .orElse(0);
        } catch (IOException | UncheckedIOException e) {
            return 0;
        }
    }

    private void signal(String signal) {
        Process running = process;
        if (running == null || !running.isAlive()) {
            return;
        }
        try {
            awaitEnd(new ProcessBuilder("kill", "-" + signal, Long.toString(running.pid()))
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start());
        } catch (IOException e) {
            throw new UncheckedIOException("cannot signal " + name, e);
        }
    }

    private static void awaitEnd(Process process) {
        try {
            process.waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public String toString() {
        return name;
    }
}
