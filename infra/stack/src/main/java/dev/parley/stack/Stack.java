package dev.parley.stack;

import dev.parley.schemas.settings.KafkaSettings;
import dev.parley.schemas.settings.RegistrySettings;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
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
        DataDirLock lock = locked(settings);
        try {
            return start(settings, lock);
        } catch (RuntimeException | Error e) {
            lock.close();
            throw e;
        }
    }

    /** A directory that is removed at the end is removed as well where it does not come to a beginning. */
    private static DataDirLock locked(StackSettings settings) {
        if (!settings.ephemeral()) {
            return DataDirLock.take(settings.dataDir());
        }
        try {
            Folders.createForOwner(settings.dataDir());
            return DataDirLock.take(settings.dataDir());
        } catch (UncheckedIOException e) {
            Folders.delete(settings.dataDir());
            throw e;
        }
    }

    // Each part is closed by the stack, or here when the stack does not come to be.
    private static Stack start(StackSettings settings, DataDirLock lock) {
        Starting<EmbeddedKafka> kafka = new Starting<>(settings, "kafka", () -> startKafka(settings));
        Starting<EmbeddedPostgres> postgres = new Starting<>(settings, "postgres", () -> startPostgres(settings));
        Starting<SchemaRegistry> registry =
                new Starting<>(settings, "registry", () -> startRegistry(settings, postgres));
        // Kafka starts within this process, in steps that were not made to be interrupted: it is waited for.
        boolean interrupted = awaitAll(List.of(kafka, postgres, registry), List.of(postgres, registry));
        List<Throwable> failures = new ArrayList<>();
        EmbeddedKafka startedKafka = kafka.outcome(failures);
        EmbeddedPostgres startedPostgres = postgres.outcome(failures);
        SchemaRegistry startedRegistry = registry.outcome(failures);
        if (!interrupted && startedKafka != null && startedPostgres != null && startedRegistry != null) {
            return new Stack(settings, lock, startedKafka, startedPostgres, startedRegistry);
        }
        close(settings, startedRegistry, startedKafka, startedPostgres);
        if (interrupted) {
            Thread.currentThread().interrupt();
            throw new StackStartException("interrupted while starting");
        }
        if (failures.size() == 1 && failures.getFirst() instanceof PortTakenException taken) {
            throw taken;
        }
        throw StackStartException.all(failures);
    }

    /**
     * Waits until all have started or failed. Where this thread is interrupted, {@code waiting} are interrupted too, and waited
     * for all the same: what comes up nevertheless has to be closed.
     *
     * @return whether this thread was interrupted, which it is no more then
     */
    private static boolean awaitAll(List<Starting<?>> all, List<Starting<?>> waiting) {
        boolean interrupted = false;
        for (Starting<?> part : all) {
            while (true) {
                try {
                    part.thread.join();
                    break;
                } catch (InterruptedException e) {
                    interrupted = true;
                    waiting.forEach(other -> other.thread.interrupt());
                }
            }
        }
        return interrupted;
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

    /** Where its services are, in the words of the environment that the roles read. */
    public Map<String, String> environment() {
        return Map.of(
                KafkaSettings.BOOTSTRAP_SERVERS,
                bootstrapServers(),
                RegistrySettings.URL,
                registryUrl(),
                "DATABASE_URL",
                jdbcUrl(),
                "PARLEY_STATE_DIR",
                dataDir().resolve("streams").toString());
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
            close(settings, registry, kafka, postgres);
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

    private static SchemaRegistry startRegistry(StackSettings settings, Starting<EmbeddedPostgres> postgres)
            throws InterruptedException {
        SchemaRegistry.Storage storage = new SchemaRegistry.Storage.Memory();
        if (!settings.ephemeral()) {
            int port = Ports.claim(settings.registryPort(), "the schema registry");
            try {
                storage = new SchemaRegistry.Storage.Postgres(
                        postgres.await().jdbcUrl(EmbeddedPostgres.REGISTRY), EmbeddedPostgres.USER);
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

    /** A part on its way, on a thread of its own. */
    private static final class Starting<T> {

        private final FutureTask<T> task;
        private final Thread thread;

        Starting(StackSettings settings, String part, Starter<T> starter) {
            this.task = new FutureTask<>(() -> timed(settings, part, starter));
            this.thread = Thread.ofPlatform().name("stack-start-" + part).start(task);
        }

        T await() throws InterruptedException, ExecutionException {
            return task.get();
        }

        /** What came of it, once its thread has ended; null where that is a failure. */
        @Nullable
        T outcome(List<Throwable> failures) {
            return switch (task.state()) {
                case SUCCESS -> task.resultNow();
                case FAILED -> {
                    Throwable failure = task.exceptionNow();
                    if (!(failure instanceof NotStartedException)) {
                        failures.add(failure);
                    }
                    yield null;
                }
                case RUNNING, CANCELLED -> throw new IllegalStateException("it has ended, and nobody cancels it");
            };
        }
    }

    private static <T> T timed(StackSettings settings, String part, Starter<T> starter) throws InterruptedException {
        long start = System.nanoTime();
        settings.progress().report(part, "starting");
        T started = starter.start();
        Duration took = Duration.ofNanos(System.nanoTime() - start);
        settings.progress().report(part, "ready after " + took.toMillis() + " ms");
        return started;
    }

    private static void close(
            StackSettings settings,
            @Nullable SchemaRegistry registry,
            @Nullable EmbeddedKafka kafka,
            @Nullable EmbeddedPostgres postgres) {
        try {
            closeAll(registry, kafka, postgres);
        } finally {
            if (settings.ephemeral()) {
                Folders.delete(settings.dataDir());
            }
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
            users.forEach(user -> closed(user, failures));
            if (postgres != null) {
                closed(closers.submit(postgres::close), failures);
            }
            closers.shutdown();
            if (!failures.isEmpty()) {
                throw new IllegalStateException("the stack did not stop cleanly", failures.getFirst());
            }
        }
    }

    private static void closed(Future<?> closing, List<Throwable> failures) {
        try {
            closing.get();
        } catch (ExecutionException e) {
            failures.add(e.getCause() == null ? e : e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            closing.cancel(true);
            failures.add(new StackStartException("interrupted while stopping", e));
        }
    }
}
