package dev.parley.stack;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * Kafka, Postgres and the schema registry under one data directory, started side by side.
 *
 * <pre>
 *   Kafka ─────────────────────────────┐
 *   Postgres ──▶ registry (keeps its   ├──▶ started
 *                schemas in Postgres) ─┘
 * </pre>
 *
 * It starts as a whole or not at all: when one part fails, those that came up are closed and the exception names every
 * failure. No shutdown hook is registered; the owner calls {@link #close}.
 */
public final class Stack implements AutoCloseable {

    private final StackSettings settings;
    private final DataDirLock lock;
    private final EmbeddedKafka kafka;
    private final EmbeddedPostgres postgres;
    private final SchemaRegistry registry;

    private Stack(
            StackSettings settings,
            DataDirLock lock,
            EmbeddedKafka kafka,
            EmbeddedPostgres postgres,
            SchemaRegistry registry) {
        this.settings = settings;
        this.lock = lock;
        this.kafka = kafka;
        this.postgres = postgres;
        this.registry = registry;
    }

    /**
     * Starts everything.
     *
     * @throws DataDirInUseException if another live process has the directory
     * @throws PortTakenException if that is the only thing in the way
     * @throws StackStartException naming all that failed
     */
    public static Stack start(StackSettings settings) {
        DataDirLock lock = DataDirLock.take(settings.dataDir());
        try {
            return start(settings, lock);
        } catch (RuntimeException | Error e) {
            lock.close();
            throw e;
        }
    }

    // Each part is closed by the stack, or here when the stack does not come to be.
    private static Stack start(StackSettings settings, DataDirLock lock) {
        try (ExecutorService starters = Executors.newThreadPerTaskExecutor(
                Thread.ofPlatform().name("stack-start-", 0).factory())) {
            Future<EmbeddedKafka> kafka = starters.submit(() -> timed(settings, "kafka", () -> startKafka(settings)));
            Future<EmbeddedPostgres> postgres =
                    starters.submit(() -> timed(settings, "postgres", () -> startPostgres(settings)));
            Future<SchemaRegistry> registry =
                    starters.submit(() -> timed(settings, "registry", () -> startRegistry(settings, postgres)));
            List<Throwable> failures = new ArrayList<>();
            EmbeddedKafka startedKafka = outcome(kafka, failures);
            EmbeddedPostgres startedPostgres = outcome(postgres, failures);
            SchemaRegistry startedRegistry = outcome(registry, failures);
            if (startedKafka != null && startedPostgres != null && startedRegistry != null) {
                return new Stack(settings, lock, startedKafka, startedPostgres, startedRegistry);
            }
            closeAll(startedRegistry, startedKafka, startedPostgres);
            if (failures.size() == 1 && failures.getFirst() instanceof PortTakenException taken) {
                throw taken;
            }
            throw StackStartException.all(failures);
        }
    }

    /** Kafka's {@code bootstrap.servers}. */
    public String bootstrapServers() {
        return kafka.bootstrapServers();
    }

    /** The read model's JDBC URL. */
    public String jdbcUrl() {
        return postgres.jdbcUrl();
    }

    /** The registry's Confluent-compatible base URL. */
    public String registryUrl() {
        return registry.url().toString();
    }

    public EmbeddedKafka kafka() {
        return kafka;
    }

    public EmbeddedPostgres postgres() {
        return postgres;
    }

    public SchemaRegistry registry() {
        return registry;
    }

    public Path dataDir() {
        return settings.dataDir();
    }

    /** Stops all: first those who use Postgres, then Postgres. */
    @Override
    public void close() {
        try {
            closeAll(registry, kafka, postgres);
            if (settings.ephemeral()) {
                Commands.deleteRecursively(settings.dataDir());
            }
        } finally {
            lock.close();
        }
    }

    private static EmbeddedKafka startKafka(StackSettings settings) {
        return EmbeddedKafka.start(settings.dataDir().resolve("kafka"), settings.kafkaPort());
    }

    private static EmbeddedPostgres startPostgres(StackSettings settings) {
        return EmbeddedPostgres.start(
                settings.dataDir().resolve("postgres"),
                logs(settings).resolve("postgres.log"),
                settings.postgresPort(),
                !settings.ephemeral(),
                settings.progress());
    }

    private static SchemaRegistry startRegistry(StackSettings settings, Future<EmbeddedPostgres> postgres)
            throws InterruptedException {
        SchemaRegistry.Storage storage = new SchemaRegistry.Storage.Memory();
        if (!settings.ephemeral()) {
            int port = Ports.claim(settings.registryPort(), "the schema registry");
            try {
                storage = new SchemaRegistry.Storage.Postgres(
                        postgres.get().jdbcUrl(EmbeddedPostgres.REGISTRY), EmbeddedPostgres.USER);
            } catch (ExecutionException e) {
                throw new NotStartedException("the schema registry on port " + port + " waits for Postgres", e);
            }
        }
        return SchemaRegistry.start(
                SchemaRegistry.home(),
                settings.dataDir().resolve("registry"),
                logs(settings).resolve("registry.log"),
                settings.registryPort(),
                storage,
                !settings.ephemeral(),
                settings.progress());
    }

    private static Path logs(StackSettings settings) {
        return settings.dataDir().resolve("logs");
    }

    /** A part was not started because another one failed: a consequence, not worth a line of its own. */
    private static final class NotStartedException extends RuntimeException {

        private static final long serialVersionUID = 1L;

        NotStartedException(String message, Throwable cause) {
            super(message, cause);
        }
    }

    private interface Starter<T> {
        T start() throws InterruptedException;
    }

    private static <T> T timed(StackSettings settings, String part, Starter<T> starter) throws InterruptedException {
        long start = System.nanoTime();
        settings.progress().report(part, "starting");
        T started = starter.start();
        Duration took = Duration.ofNanos(System.nanoTime() - start);
        settings.progress().report(part, "ready after " + took.toMillis() + " ms");
        return started;
    }

    private static <T> @Nullable T outcome(Future<T> future, List<Throwable> failures) {
        try {
            return future.get();
        } catch (ExecutionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            if (!(cause instanceof NotStartedException)) {
                failures.add(cause);
            }
            return null;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            future.cancel(true);
            failures.add(new StackStartException("interrupted while starting", e));
            return null;
        }
    }

    private static void closeAll(
            @Nullable SchemaRegistry registry, @Nullable EmbeddedKafka kafka, @Nullable EmbeddedPostgres postgres) {
        try (ExecutorService closers = Executors.newThreadPerTaskExecutor(
                Thread.ofPlatform().name("stack-close-", 0).factory())) {
            List<Throwable> failures = new ArrayList<>();
            List<Future<?>> users = new ArrayList<>();
            for (AutoCloseable user : new AutoCloseable[] {registry, kafka}) {
                if (user != null) {
                    users.add(closers.submit(() -> {
                        user.close();
                        return null;
                    }));
                }
            }
            users.forEach(user -> outcome(user, failures));
            if (postgres != null) {
                outcome(closers.submit(postgres::close), failures);
            }
            closers.shutdown();
            if (!failures.isEmpty()) {
                throw new IllegalStateException("the stack did not stop cleanly", failures.getFirst());
            }
        }
    }
}
