package dev.parley.faults;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A whole {@code parley up} in a process of its own that is told to end at a moment of its start, or soon after. Then there must
 * be nothing left of it: no process that it started, no folder, and no file that tells of a crash.
 */
public final class StoppedStart {

    /** What the process promises, and some more for a machine that is busy. */
    private static final Duration ENDS_WITHIN = Duration.ofSeconds(75);

    private static final Duration STAGE_LIMIT = Duration.ofMinutes(3);
    private static final Duration CHILDREN_LIMIT = Duration.ofSeconds(20);
    private static final Duration LOOK = Duration.ofMillis(50);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(4);
    private static final String ARCHIVE = "-XX:SharedArchiveFile=";
    private static final int CRASH_LINES = 60;
    private static final int TERMINATED = 128 + 15;
    private static final int KILLED = 128 + 9;

    /** How far the start has come, known by what the process prints. */
    public enum Stage {
        BEGUN(""),
        /** Kafka, Postgres and the registry are starting. */
        SERVICES("kafka: starting"),
        /** The roles are starting. */
        ROLES("registry: ready"),
        /** It serves; the documentation is put into its workspace, for which the model is loaded. */
        READY("Web page and API");

        private final String told;

        Stage(String told) {
            this.told = told;
        }
    }

    /**
     * What is done to it.
     *
     * @param pause from the stage on
     * @param kill whether by SIGKILL, after which the folder stays, and nothing else; else by SIGTERM
     */
    public record Plan(Stage stage, Duration pause, boolean kill) {

        /** Any of them, one in five a kill. */
        public static Plan random(Random random) {
            List<Stage> stages = List.of(Stage.values());
            return new Plan(
                    stages.get(random.nextInt(stages.size())),
                    Duration.ofMillis(random.nextLong(LONGEST_PAUSE.toMillis())),
                    random.nextInt(5) == 0);
        }

        @Override
        public String toString() {
            return (kill ? "killed " : "stopped ") + pause.toMillis() + " ms after "
                    + stage.name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * What came of it.
     *
     * @param took from the signal to the end of the process
     * @param violations what was left, in words; empty where all is well
     */
    public record Outcome(Plan plan, Duration took, List<String> violations) {}

    private final Path folder;
    private final Path temporary;
    private final Path output;
    private final Process process;
    private final Set<ProcessHandle> children = ConcurrentHashMap.newKeySet();

    private StoppedStart(Path folder) throws IOException {
        this.folder = folder;
        this.temporary = Files.createDirectory(folder.resolve("tmp"));
        this.output = folder.resolve("output");
        this.process = launch();
    }

    /**
     * Plays {@code plan}.
     *
     * @param folder empty; its working directory, which keeps what it printed
     */
    public static Outcome play(Plan plan, Path folder) throws InterruptedException {
        try {
            StoppedStart start = new StoppedStart(folder.toRealPath());
            Thread hook = new Thread(start::destroy, "stopped-start-cleanup");
            Runtime.getRuntime().addShutdownHook(hook);
            try {
                return start.play(plan);
            } finally {
                start.process.destroyForcibly();
                Runtime.getRuntime().removeShutdownHook(hook);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** With what it has started, since nobody is left to see to that once its folder is gone. */
    private void destroy() {
        List<ProcessHandle> descendants = process.descendants().toList();
        process.destroyForcibly();
        descendants.forEach(ProcessHandle::destroyForcibly);
    }

    private Process launch() throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(argument -> argument.startsWith(ARCHIVE))
                .forEach(command::add);
        command.addAll(List.of(
                "-Xlog:cds=off,cds+dynamic=off,aot=off",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-Djava.io.tmpdir=" + temporary,
                "-Dparley.home=" + folder,
                "-Dparley.registry.home=" + System.getProperty("parley.registry.home"),
                "-cp",
                System.getProperty("java.class.path"),
                "dev.parley.launcher.Parley",
                "up",
                "--ephemeral"));
        for (String port : List.of("--http-port", "--kafka-port", "--postgres-port", "--registry-port")) {
            command.addAll(List.of(port, "0"));
        }
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(new File(output.toString()));
        builder.environment().keySet().removeIf(key -> key.startsWith("PARLEY_") || key.startsWith("KAFKA_"));
        return builder.start();
    }

    private Outcome play(Plan plan) throws IOException, InterruptedException {
        List<String> violations = new ArrayList<>();
        if (!await(STAGE_LIMIT, () -> printed().contains(plan.stage.told) || !process.isAlive())
                || !process.isAlive()) {
            violations.add("it did not get that far: " + printed());
        }
        await(plan.pause, () -> false);
        long signalled = System.nanoTime();
        if (plan.kill) {
            process.destroyForcibly();
        } else {
            process.destroy();
        }
        if (!await(ENDS_WITHIN, () -> !process.isAlive())) {
            violations.add("it did not end within " + ENDS_WITHIN.toSeconds() + " s");
            process.destroyForcibly();
        }
        int status = process.waitFor();
        Duration took = Duration.ofNanos(System.nanoTime() - signalled);
        if (status != (plan.kill ? KILLED : TERMINATED)) {
            violations.add("it ended with status " + status);
        }
        if (!await(CHILDREN_LIMIT, () -> left().isEmpty())) {
            for (ProcessHandle child : left()) {
                violations.add("a process is left: " + child.pid() + " "
                        + child.info().commandLine().orElse(""));
                child.destroyForcibly();
            }
        }
        for (Path crash : files(folder, "hs_err*")) {
            violations.add("it crashed: "
                    + Files.readString(crash).lines().limit(CRASH_LINES).collect(Collectors.joining("\n")));
        }
        if (!plan.kill) {
            files(temporary, "parley-*").forEach(left -> violations.add("a folder is left: " + left));
        }
        printed()
                .lines()
                .filter(line -> line.contains("cleanly") || line.contains("in the middle of"))
                .forEach(violations::add);
        return new Outcome(plan, took, List.copyOf(violations));
    }

    /** Waits up to {@code limit}, and gets to know the children meanwhile; whether {@code condition} came true. */
    private boolean await(Duration limit, BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + limit.toNanos();
        while (!condition.getAsBoolean()) {
            process.descendants().forEach(children::add);
            long left = deadline - System.nanoTime();
            if (left <= 0) {
                return false;
            }
            TimeUnit.NANOSECONDS.sleep(Math.min(left, LOOK.toNanos()));
        }
        return true;
    }

    /** Those that were its children, and those that got away from it, as Postgres does, and work in its folder. */
    private List<ProcessHandle> left() {
        return Stream.concat(
                        children.stream(),
                        ProcessHandle.allProcesses()
                                .filter(other ->
                                        other.info().commandLine().orElse("").contains(temporary.toString())))
                .filter(ProcessHandle::isAlive)
                .distinct()
                .toList();
    }

    private static List<Path> files(Path folder, String pattern) throws IOException {
        List<Path> files = new ArrayList<>();
        try (var found = Files.newDirectoryStream(folder, pattern)) {
            found.forEach(files::add);
        }
        return files;
    }

    private String printed() {
        try {
            return Files.readString(output, StandardCharsets.UTF_8);
        } catch (IOException e) {
            return "";
        }
    }
}
