package dev.parley.stack;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;

/**
 * Servers for integration tests: one of each kind for the whole JVM, started when first asked for, on free ports, in a
 * temporary directory, gone when the JVM ends. Where {@code KAFKA_BOOTSTRAP_SERVERS}, {@code DATABASE_URL} (a JDBC URL)
 * or {@code SCHEMA_REGISTRY_URL} is set, that server is used instead, so tests must choose names of their own for
 * topics, groups, subjects and databases ({@link #freshDatabase}).
 *
 * <p>Tests that stop a server start one for themselves, with {@link EmbeddedKafka#start} or
 * {@link EmbeddedPostgres#start}: this one is shared.
 */
public final class TestStack {

    private static final TestStack SHARED = new TestStack();

    private final Lazy<Path> dir = new Lazy<>(TestStack::temporaryDir);
    private final Lazy<EmbeddedKafka> kafka = new Lazy<>(() -> EmbeddedKafka.start(part("kafka"), 0));
    private final Lazy<EmbeddedPostgres> postgres = new Lazy<>(() -> EmbeddedPostgres.start(
            part("postgres"), part("logs").resolve("postgres.log"), 0, false, Progress.silent()));
    private final Lazy<SchemaRegistry> registry = new Lazy<>(() -> SchemaRegistry.start(part("registry"), 0));

    private TestStack() {
        Runtime.getRuntime().addShutdownHook(new Thread(this::close, "test-stack-close"));
    }

    /** The JVM's one; starts nothing by itself. */
    public static TestStack shared() {
        return SHARED;
    }

    /** Kafka's {@code bootstrap.servers}. */
    public String bootstrapServers() {
        return given("KAFKA_BOOTSTRAP_SERVERS").orElseGet(() -> kafka.get().bootstrapServers());
    }

    /** The JDBC URL of a database that tests share. */
    public String jdbcUrl() {
        return given("DATABASE_URL").orElseGet(() -> postgres.get().jdbcUrl());
    }

    /** The registry's Confluent-compatible base URL. */
    public String registryUrl() {
        return given("SCHEMA_REGISTRY_URL").orElseGet(() -> registry.get().url().toString());
    }

    /** The JDBC URL of a new, empty database on the same server as {@link #jdbcUrl}. */
    public String freshDatabase() {
        String shared = jdbcUrl();
        String name = "test_" + UUID.randomUUID().toString().replace('-', '_');
        try (Connection connection = DriverManager.getConnection(shared);
                Statement statement = connection.createStatement()) {
            statement.execute("create database " + name);
        } catch (SQLException e) {
            throw new StackStartException("cannot create a database for a test", e);
        }
        int parameters = shared.indexOf('?');
        String address = parameters < 0 ? shared : shared.substring(0, parameters);
        return address.substring(0, address.lastIndexOf('/') + 1)
                + name
                + (parameters < 0 ? "" : shared.substring(parameters));
    }

    private static Optional<String> given(String variable) {
        return Optional.ofNullable(System.getenv(variable)).filter(value -> !value.isBlank());
    }

    private Path part(String name) {
        return dir.get().resolve(name);
    }

    private static Path temporaryDir() {
        try {
            return Files.createTempDirectory("parley-test-");
        } catch (IOException e) {
            throw new UncheckedIOException("no temporary directory", e);
        }
    }

    private void close() {
        try {
            registry.close();
            kafka.close();
            postgres.close();
        } finally {
            dir.started().ifPresent(Folders::delete);
        }
    }

    /** A value made on first use; failure is not remembered. */
    private static final class Lazy<T> {

        private final Supplier<T> supplier;
        private Optional<T> value = Optional.empty();

        Lazy(Supplier<T> supplier) {
            this.supplier = supplier;
        }

        synchronized T get() {
            T made = value.orElseGet(supplier);
            value = Optional.of(made);
            return made;
        }

        synchronized Optional<T> started() {
            return value;
        }

        void close() {
            try {
                if (started().orElse(null) instanceof AutoCloseable closeable) {
                    closeable.close();
                }
            } catch (Exception e) {
                throw new IllegalStateException("a server of the test stack did not close", e);
            }
        }
    }
}
