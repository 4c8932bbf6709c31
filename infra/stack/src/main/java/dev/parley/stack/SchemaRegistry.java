package dev.parley.stack;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import org.jspecify.annotations.Nullable;

/**
 * Apicurio Registry as a child process, on the loopback address, spoken to through its Confluent-compatible interface.
 *
 * <p>The child ends with this process, however this one ends ({@link ChildMain}); a Ctrl-C in the terminal reaches it
 * only through us. Its output goes to a log file whose tail is part of every error. Starting it costs about 2 s of
 * processor time, mostly class loading: the first one that is closed in peace leaves a class-data archive beside the
 * unpacked registry, which takes a third off every later start.
 */
public final class SchemaRegistry implements AutoCloseable {

    /** Names the directory that the registry was unpacked into. */
    public static final String HOME_PROPERTY = "parley.registry.home";

    private static final Duration START_LIMIT = Duration.ofSeconds(90);
    private static final Duration STOP_LIMIT = Duration.ofSeconds(3);
    private static final Duration ARCHIVE_LIMIT = Duration.ofSeconds(8);
    private static final long POLL_MILLIS = 25;

    private final int port;
    private final Path log;
    private final Process process;
    private final @Nullable Archive unfinished;

    private SchemaRegistry(int port, Path log, Process process, @Nullable Archive unfinished) {
        this.port = port;
        this.log = log;
        this.process = process;
        this.unfinished = unfinished;
    }

    /** Where schemas are kept. */
    public sealed interface Storage {

        /** In the child's memory, gone with it. */
        record Memory() implements Storage {}

        /** In a database of its own. */
        record Postgres(String jdbcUrl, String user) implements Storage {}
    }

    /** A class-data archive that the child writes at its end, and the name it gets when it is whole. */
    private record Archive(Path written, Path finished) {}

    /** Where the registry was unpacked to, as {@value #HOME_PROPERTY} says. */
    static Path home() {
        String home = System.getProperty(HOME_PROPERTY);
        if (home == null) {
            throw new StackStartException("the system property " + HOME_PROPERTY
                    + " does not say where the schema registry was unpacked; run through ./parley or Maven");
        }
        return Path.of(home).toAbsolutePath();
    }

    /** Starts a registry that forgets everything at its end, logging into {@code dir}. */
    public static SchemaRegistry start(Path dir, int port) {
        return start(home(), dir, dir.resolve("registry.log"), port, new Storage.Memory(), false, Progress.silent());
    }

    /**
     * Starts a registry and waits until it answers.
     *
     * @param home where it was unpacked to
     * @param dir its working directory
     * @param log where its output goes
     * @param port 0 for a free one
     * @param archiving whether its end may take some seconds to write the class-data archive, if there is none yet
     * @throws PortTakenException before anything else has happened
     */
    static SchemaRegistry start(
            Path home, Path dir, Path log, int port, Storage storage, boolean archiving, Progress progress) {
        int claimed = Ports.claim(port, "the schema registry");
        Path runner = home.resolve("quarkus-run.jar");
        if (!Files.isRegularFile(runner)) {
            throw new StackStartException(
                    "there is no schema registry in " + home + ": build the project first (./parley does)");
        }
        try {
            Files.createDirectories(dir);
            Files.createDirectories(log.toAbsolutePath().getParent());
            Path shared = sharedDir(home, dir);
            Path archive = shared.resolve("classes-" + javaMark() + ".jsa");
            Archive unfinished = archiving && !Files.exists(archive)
                    ? new Archive(
                            shared.resolve(
                                    "unfinished-" + ProcessHandle.current().pid() + ".jsa"),
                            archive)
                    : null;
            Process process = launch(
                    command(runner, childJar(shared), claimed, archive, unfinished, storage),
                    dir,
                    log.toAbsolutePath());
            SchemaRegistry registry = new SchemaRegistry(claimed, log.toAbsolutePath(), process, unfinished);
            registry.awaitReady(progress);
            return registry;
        } catch (IOException e) {
            throw new UncheckedIOException("cannot start the schema registry", e);
        }
    }

    /** The base of the Confluent-compatible interface. */
    public URI url() {
        return url(port);
    }

    /** The {@link #url} of a registry on a port of this machine, whoever started it. */
    public static URI url(int port) {
        return URI.create("http://" + Ports.LOOPBACK + ":" + port + "/apis/ccompat/v7");
    }

    public int port() {
        return port;
    }

    /** Whether the child runs. */
    public boolean isAlive() {
        return process.isAlive();
    }

    /** Ends the child: politely, and by force when that takes too long. */
    @Override
    public void close() {
        try {
            process.destroy();
            Duration limit = unfinished == null ? STOP_LIMIT : ARCHIVE_LIMIT;
            if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
                process.destroyForcibly().waitFor();
            } else if (unfinished != null) {
                keep(unfinished);
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        } finally {
            if (unfinished != null) {
                unfinished.written().toFile().delete();
            }
        }
    }

    private static void keep(Archive archive) {
        try {
            if (Files.exists(archive.written())) {
                Files.move(archive.written(), archive.finished(), StandardCopyOption.ATOMIC_MOVE);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot keep " + archive.finished(), e);
        }
    }

    private static List<String> command(
            Path runner, Path childJar, int port, Path archive, @Nullable Archive unfinished, Storage storage) {
        List<String> command = new ArrayList<>(List.of(
                // The shell is replaced by java, which then ignores what a terminal sends to the whole group.
                "sh",
                "-c",
                "trap '' INT HUP; exec \"$@\"",
                "parley-registry",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xshare:auto",
                "-Xlog:cds=off,cds+dynamic=off,aot=off",
                "--add-opens=java.base/java.lang=ALL-UNNAMED",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow"));
        if (unfinished != null) {
            command.add("-XX:ArchiveClassesAtExit=" + unfinished.written());
        } else if (Files.exists(archive)) {
            command.add("-XX:SharedArchiveFile=" + archive);
        }
        settings(port, storage).forEach((name, value) -> command.add("-D" + name + "=" + value));
        command.addAll(List.of(
                "-cp",
                runner + System.getProperty("path.separator") + childJar,
                ChildMain.class.getName(),
                "io.quarkus.bootstrap.runner.QuarkusEntryPoint"));
        return command;
    }

    private static Map<String, String> settings(int port, Storage storage) {
        Map<String, String> settings = new TreeMap<>(Map.of(
                "java.util.logging.manager", "org.jboss.logmanager.LogManager",
                "quarkus.http.host", Ports.LOOPBACK,
                "quarkus.http.port", Integer.toString(port),
                "quarkus.management.host", Ports.LOOPBACK,
                "quarkus.management.port", "0",
                "quarkus.http.access-log.enabled", "false",
                "apicurio.datasource.jdbc.initial-size", "1",
                "apicurio.datasource.jdbc.min-size", "1",
                "apicurio.datasource.jdbc.max-size", "8"));
        switch (storage) {
            case Storage.Memory() -> {}
            case Storage.Postgres(String jdbcUrl, String user) -> {
                settings.put("apicurio.storage.sql.kind", "postgresql");
                settings.put("apicurio.datasource.url", jdbcUrl);
                settings.put("apicurio.datasource.username", user);
                settings.put("apicurio.datasource.password", user);
            }
        }
        return settings;
    }

    private static Process launch(List<String> command, Path dir, Path log) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(dir.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile());
        // A registry that runs elsewhere may have left its settings in our environment.
        builder.environment()
                .keySet()
                .removeIf(name -> name.startsWith("QUARKUS_")
                        || name.startsWith("APICURIO_")
                        || name.equals("JAVA_TOOL_OPTIONS"));
        return builder.start();
    }

    private void awaitReady(Progress progress) {
        long start = System.nanoTime();
        long reported = start;
        HttpRequest request = HttpRequest.newBuilder(URI.create(url() + "/subjects"))
                .timeout(Duration.ofSeconds(10))
                .build();
        try (HttpClient client = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(Duration.ofSeconds(2))
                .build()) {
            while (!answers(client, request)) {
                long now = System.nanoTime();
                if (!process.isAlive()) {
                    throw failed("the schema registry ended while starting");
                }
                if (now - start > START_LIMIT.toNanos()) {
                    throw failed("the schema registry is not ready after " + START_LIMIT.toSeconds() + " s");
                }
                if (now - reported > TimeUnit.SECONDS.toNanos(1)) {
                    reported = now;
                    progress.report("registry", "starting, " + TimeUnit.NANOSECONDS.toSeconds(now - start) + " s");
                }
                Thread.sleep(POLL_MILLIS);
            }
        } catch (InterruptedException e) {
            kill();
            Thread.currentThread().interrupt();
            throw new StackStartException("interrupted while the schema registry started", e);
        }
    }

    private void kill() {
        process.destroyForcibly();
        Commands.endsWithin(process, STOP_LIMIT);
    }

    private StackStartException failed(String what) {
        kill();
        return new StackStartException(
                what + "; its log " + log + " ends with" + System.lineSeparator() + Commands.tail(log));
    }

    private static boolean answers(HttpClient client, HttpRequest request) throws InterruptedException {
        try {
            return client.send(request, HttpResponse.BodyHandlers.discarding()).statusCode() == 200;
        } catch (IOException e) {
            return false;
        }
    }

    /** The archive is valid only for the class path it was made with, so the child's jar lies at a fixed place too. */
    private static Path sharedDir(Path home, Path dir) throws IOException {
        if (Files.isWritable(home)) {
            return Files.createDirectories(home.resolve(".parley"));
        }
        return dir;
    }

    private static String javaMark() {
        CRC32 mark = new CRC32();
        mark.update((System.getProperty("java.home") + System.getProperty("java.vm.version"))
                .getBytes(StandardCharsets.UTF_8));
        return Long.toHexString(mark.getValue());
    }

    /** Writes {@link ChildMain} into a jar, unless the very same one is there. */
    private static Path childJar(Path dir) throws IOException {
        String entry = ChildMain.class.getName().replace('.', '/') + ".class";
        byte[] bytes;
        try (InputStream in = ChildMain.class.getResourceAsStream("/" + entry)) {
            if (in == null) {
                throw new IOException(entry + " is not on the class path");
            }
            bytes = in.readAllBytes();
        }
        CRC32 mark = new CRC32();
        mark.update(bytes);
        Path jar = dir.resolve("child-" + Long.toHexString(mark.getValue()) + ".jar");
        if (Files.exists(jar)) {
            return jar;
        }
        Path unfinished = Files.createTempFile(dir, "child-", ".tmp");
        try (OutputStream out = Files.newOutputStream(unfinished);
                JarOutputStream writer = new JarOutputStream(out)) {
            ZipEntry zipped = new JarEntry(entry);
            zipped.setTime(0);
            writer.putNextEntry(zipped);
            writer.write(bytes);
        }
        try {
            Files.move(unfinished, jar);
        } catch (FileAlreadyExistsException e) {
            Files.delete(unfinished);
        }
        return jar;
    }
}
