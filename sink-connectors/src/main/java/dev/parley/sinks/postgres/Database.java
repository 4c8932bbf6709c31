package dev.parley.sinks.postgres;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.parley.schemas.settings.Secret;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.function.Function;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.jspecify.annotations.Nullable;

/**
 * Connections to the read model's database. Comes into being whether Postgres is there or not; whoever asks for a connection
 * learns within seconds that it is not.
 */
public final class Database implements AutoCloseable {

    private static final Duration CONNECTION_TIMEOUT = Duration.ofSeconds(2);
    private static final Duration STATEMENT_TIMEOUT = Duration.ofSeconds(30);

    /** An instance that falls silent within a transaction would keep its rows, and thereby its heir, locked for ever. */
    private static final Duration IDLE_TRANSACTION_TIMEOUT = Duration.ofSeconds(10);

    private final HikariDataSource pool;
    private final String schema;

    public Database(PostgresSettings settings, String poolName) {
        this.schema = settings.schema();
        HikariConfig config = new HikariConfig();
        config.setPoolName(poolName);
        config.setJdbcUrl(settings.jdbcUrl());
        settings.user().ifPresent(config::setUsername);
        settings.password().map(Secret::reveal).ifPresent(config::setPassword);
        config.setMaximumPoolSize(settings.connections());
        config.setMinimumIdle(1);
        config.setConnectionTimeout(CONNECTION_TIMEOUT.toMillis());
        config.setValidationTimeout(Duration.ofSeconds(1).toMillis());
        config.setInitializationFailTimeout(-1);
        config.setSchema(schema);
        config.addDataSourceProperty("ApplicationName", poolName);
        config.addDataSourceProperty("connectTimeout", "2");
        config.addDataSourceProperty("socketTimeout", Long.toString(STATEMENT_TIMEOUT.toSeconds() + 5));
        config.addDataSourceProperty("tcpKeepAlive", "true");
        config.addDataSourceProperty(
                "options",
                "-c statement_timeout=" + STATEMENT_TIMEOUT.toMillis() + " -c idle_in_transaction_session_timeout="
                        + IDLE_TRANSACTION_TIMEOUT.toMillis());
        this.pool = new HikariDataSource(config);
    }

    Connection connection() throws SQLException {
        return pool.getConnection();
    }

    /**
     * Has whoever asks next get a new connection: an old one may belong to a server, or to a session's settings, that are no
     * more, such as those of a database that was read-only.
     */
    void reconnect() {
        pool.getHikariPoolMXBean().softEvictConnections();
    }

    /** A question to the database. */
    @FunctionalInterface
    interface Question<T> {
        T ask(Connection connection) throws SQLException;
    }

    /** The answer to a question; where there is none, what {@code unavailable} makes of it is thrown. */
    <T> T ask(Question<T> question, Function<SQLException, RuntimeException> unavailable) {
        try (Connection connection = connection()) {
            return question.ask(connection);
        } catch (SQLException e) {
            throw unavailable.apply(e);
        }
    }

    /**
     * Brings the tables to this version.
     *
     * @throws SQLException where the database cannot be reached or changed now
     */
    void migrate() throws SQLException {
        try {
            Flyway.configure()
                    .dataSource(pool)
                    .schemas(schema)
                    .locations("classpath:db/migration")
                    .load()
                    .migrate();
        } catch (FlywayException e) {
            throw new SQLException("the tables cannot be brought to this version", e);
        }
    }

    /**
     * Whether what was to be written is what Postgres will not take, so that it never will: a value that its column cannot hold
     * (SQLSTATE class 22), or a constraint (23). All else may pass, be it that somebody has to mend it: a connection, a
     * password, a privilege, a disk.
     */
    static boolean refusesTheRows(SQLException failure) {
        String state = failure.getSQLState();
        return state != null && (state.startsWith("22") || state.startsWith("23"));
    }

    /** What is the matter, for an operator; never asked of rows that were refused, whose values it would quote. */
    static String reason(SQLException failure) {
        Throwable first = failure;
        @Nullable String state = failure.getSQLState();
        while (first.getCause() != null) {
            first = first.getCause();
            if (first instanceof SQLException sql) {
                state = sql.getSQLState();
            }
        }
        return String.valueOf(first.getMessage()).lines().findFirst().orElse("")
                + (state == null ? "" : " (SQLSTATE " + state + ")");
    }

    @Override
    public void close() {
        pool.close();
    }
}
