package dev.parley.stack;

import com.sun.security.auth.module.UnixSystem;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A Postgres server of our own on the loopback address, with the databases {@code parley} and {@code registry}.
 *
 * <p>The directory holds {@code data} (Postgres' own) and {@code lock}, and is kept. The server runs in a session of
 * its own (so a Ctrl-C in the terminal does not reach it before its users are done), watched by a small shell that
 * holds a pipe from this process: when this process is gone, however it went, the watcher shuts the server down. Should
 * the watcher have been killed as well, the next start finds the left-over server by its pid file and stops it first.
 *
 * <p>Anyone who may open a loopback connection may log in as {@code postgres}: it is meant for a developer's machine.
 * {@link #stop} and {@link #start()} may alternate (same port) until {@link #close}. Not for use by several threads at
 * once.
 */
public final class EmbeddedPostgres implements AutoCloseable {

    /** Parley's read model. */
    public static final String PARLEY = "parley";

    /** The schema registry's tables. */
    public static final String REGISTRY = "registry";

    public static final String USER = "postgres";

    private static final Duration START_LIMIT = Duration.ofSeconds(60);
    private static final Duration STOP_LIMIT = Duration.ofSeconds(15);
    private static final long POLL_MILLIS = 10;

    private final Path dir;
    private final Path log;
    private final int port;
    private final boolean durable;
    private final Progress progress;
    private final Path programs;
    private final DataDirLock lock;
    private @Nullable Process watcher;

    private EmbeddedPostgres(
            Path dir, Path log, int port, boolean durable, Progress progress, Path programs, DataDirLock lock) {
        this.dir = dir;
        this.log = log;
        this.port = port;
        this.durable = durable;
        this.progress = progress;
        this.programs = programs;
        this.lock = lock;
    }

    /** Starts a server on {@code dir} that logs beside it, into {@code postgres.log}. */
    public static EmbeddedPostgres start(Path dir, int port) {
        return start(dir, dir.resolve("postgres.log"), port, true, Progress.silent());
    }

    /**
     * Starts a server on {@code dir}.
     *
     * @param log where the server's log is appended to
     * @param port 0 for a free one
     * @param durable whether a commit waits for the disk; without it a crash of the machine may lose everything
     * @throws PortTakenException before anything else has happened
     * @throws DataDirInUseException if a live process has the directory
     */
    static EmbeddedPostgres start(Path dir, Path log, int port, boolean durable, Progress progress) {
        Path home = dir.toAbsolutePath().normalize();
        DataDirLock lock = DataDirLock.take(home);
        try {
            // A left-over server of an earlier life may be what holds the port.
            stopLeftOver(home.resolve("data"), progress);
            int claimed = Ports.claim(port, "Postgres");
            EmbeddedPostgres postgres = new EmbeddedPostgres(
                    home,
                    log.toAbsolutePath(),
                    claimed,
                    durable,
                    progress,
                    PostgresBinaries.home(progress).resolve("bin"),
                    lock);
            postgres.start();
            return postgres;
        } catch (RuntimeException | Error e) {
            lock.close();
            throw e;
        }
    }

    /** The folder of Postgres' programs for this platform, unpacked where they are not yet; its name says which they are. */
    public static Path programs(Progress progress) {
        return PostgresBinaries.home(progress);
    }

    public int port() {
        return port;
    }

    /** Where {@code database} is, for JDBC, user included. */
    public String jdbcUrl(String database) {
        return "jdbc:postgresql://" + Ports.LOOPBACK + ":" + port + "/" + database + "?user=" + USER;
    }

    /** The read model's {@link #jdbcUrl}. */
    public String jdbcUrl() {
        return jdbcUrl(PARLEY);
    }

    /** Starts again after {@link #stop}, on the same port and directory. */
    public void start() {
        if (watcher != null) {
            return;
        }
        Ports.claim(port, "Postgres");
        try {
            Files.createDirectories(log.getParent());
            if (!Files.exists(data().resolve("PG_VERSION"))) {
                initialise();
            }
            launch();
            watcher = watch(pid().orElseThrow(() -> new StackStartException("Postgres left no pid file")));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot start Postgres on " + dir, e);
        }
        try {
            createDatabase(PARLEY);
            createDatabase(REGISTRY);
        } catch (RuntimeException e) {
            // Closing waits, which an interrupted thread does not.
            boolean interrupted = Thread.interrupted();
            stop();
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
            throw e;
        }
    }

    /** Disconnects everyone, shuts the server down cleanly and returns when it has ended. */
    public void stop() {
        Process watching = watcher;
        if (watching == null) {
            return;
        }
        watcher = null;
        pid().ifPresent(pid -> shutDown(data(), pid));
        try {
            watching.getOutputStream().close();
            watching.waitFor(1, TimeUnit.SECONDS);
        } catch (IOException e) {
            watching.destroyForcibly();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        try {
            stop();
        } finally {
            lock.close();
        }
    }

    private Path data() {
        return dir.resolve("data");
    }

    /**
     * Lays out a new data directory. It becomes {@code data} only when whole, for {@code initdb} that was killed leaves
     * one that cannot be started.
     */
    private void initialise() throws IOException {
        progress.report("postgres", "creating the database");
        Path unfinished = dir.resolve("data-unfinished");
        if (Files.exists(unfinished)) {
            Folders.delete(unfinished);
        }
        Path output = dir.resolve("initdb.log");
        List<String> command = new ArrayList<>(List.of(
                programs.resolve("initdb").toString(),
                "--pgdata=" + unfinished,
                "--username=" + USER,
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8"));
        if (!durable) {
            command.add("--no-sync");
        }
        Commands.Outcome outcome = Commands.run(asPlainUser(command), output, START_LIMIT);
        if (!outcome.succeeded()) {
            throw new StackStartException("Postgres could not create its data directory: " + outcome.output());
        }
        Files.move(unfinished, data());
        Files.delete(output);
    }

    private void launch() throws IOException {
        List<String> settings = List.of(
                "listen_addresses=" + Ports.LOOPBACK,
                "port=" + port,
                "unix_socket_directories=",
                "wal_level=logical",
                "max_connections=200",
                "shared_buffers=64MB",
                "fsync=" + (durable ? "on" : "off"),
                "logging_collector=off",
                // Statements and the details of errors may hold message content: neither is logged.
                "log_min_error_statement=panic",
                "log_error_verbosity=terse",
                "log_statement=none");
        StringBuilder options = new StringBuilder();
        for (String setting : settings) {
            options.append(" -c '").append(setting).append('\'');
        }
        Path output = dir.resolve("pg_ctl.log");
        // The server that it starts is on its own from the first moment; only its end says which process that is.
        Commands.Outcome outcome = Commands.runUninterrupted(
                asPlainUser(List.of(
                        programs.resolve("pg_ctl").toString(),
                        "start",
                        "--wait",
                        "--timeout=" + START_LIMIT.toSeconds(),
                        "--pgdata=" + data(),
                        "--log=" + log,
                        "--options=" + options)),
                output,
                START_LIMIT.plusSeconds(5));
        if (!outcome.succeeded()) {
            throw new StackStartException("Postgres did not start on " + data() + ": " + outcome.output()
                    + System.lineSeparator() + Commands.tail(log));
        }
        Files.delete(output);
    }

    /** Postgres refuses to run as root; inside a user namespace root is nobody, and still owns the files. */
    private static List<String> asPlainUser(List<String> command) {
        if (new UnixSystem().getUid() != 0) {
            return command;
        }
        List<String> wrapped = new ArrayList<>(List.of("unshare", "--user"));
        wrapped.addAll(command);
        return wrapped;
    }

    private Process watch(long pid) throws IOException {
        String script = """
                trap '' INT HUP
                cat >/dev/null
                [ "$(head -n 1 "$1/postmaster.pid" 2>/dev/null)" = "$2" ] && kill -INT "$2"
                exit 0
                """;
        return new ProcessBuilder("sh", "-c", script, "parley-postgres-watcher", data().toString(), Long.toString(pid))
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
    }

    private Optional<Long> pid() {
        return pid(data());
    }

    private static Optional<Long> pid(Path data) {
        try {
            return Files.readAllLines(data.resolve("postmaster.pid")).stream()
                    .findFirst()
                    .map(line -> Long.parseLong(line.strip()));
        } catch (IOException | NumberFormatException e) {
            return Optional.empty();
        }
    }

    private static void stopLeftOver(Path data, Progress progress) {
        Optional<Long> pid = pid(data).filter(found -> isPostgresOn(data, found));
        if (pid.isPresent()) {
            progress.report("postgres", "stopping the server that an earlier run left behind");
            shutDown(data, pid.get());
        }
    }

    /** A pid may have been given to another program since; only a postgres with our directory on its command line. */
    private static boolean isPostgresOn(Path data, long pid) {
        ProcessHandle.Info info = ProcessHandle.of(pid).map(ProcessHandle::info).orElse(null);
        if (info == null) {
            return false;
        }
        boolean postgres = info.command()
                .map(command -> command.toLowerCase(Locale.ROOT).endsWith("postgres"))
                .orElse(false);
        return postgres
                && info.arguments()
                        .map(arguments -> Arrays.asList(arguments).contains(data.toString()))
                        .orElse(true);
    }

    /** Fast shutdown; after the limit immediate, which Postgres recovers from at its next start. */
    private static void shutDown(Path data, long pid) {
        for (String signal : List.of("INT", "QUIT", "KILL")) {
            signal(signal, pid);
            if (awaitEnd(data, pid)) {
                return;
            }
        }
        throw new StackStartException("Postgres (process " + pid + ") does not end");
    }

    private static void signal(String signal, long pid) {
        try {
            new ProcessBuilder("kill", "-" + signal, Long.toString(pid))
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start()
                    .waitFor();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot signal Postgres", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** The pid file goes last; a process alone may linger as a zombie where nobody reaps it. */
    private static boolean awaitEnd(Path data, long pid) {
        long deadline = System.nanoTime() + STOP_LIMIT.toNanos();
        while (System.nanoTime() < deadline) {
            boolean alive = ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false);
            if (!alive || !Files.exists(data.resolve("postmaster.pid"))) {
                return true;
            }
            try {
                Thread.sleep(POLL_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return false;
            }
        }
        return false;
    }

    /** Creates {@code name} (of our own choosing: it is not escaped) when it does not exist. */
    void createDatabase(String name) {
        try (Connection connection = DriverManager.getConnection(jdbcUrl("postgres"));
                PreparedStatement exists = connection.prepareStatement("select 1 from pg_database where datname = ?")) {
            exists.setString(1, name);
            try (ResultSet found = exists.executeQuery()) {
                if (!found.next()) {
                    try (Statement create = connection.createStatement()) {
                        create.execute("create database \"" + name + "\"");
                    }
                }
            }
        } catch (SQLException e) {
            throw new StackStartException("cannot create the database " + name, e);
        }
    }
}
