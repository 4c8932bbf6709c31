package dev.parley.sinks.postgres;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.parley.schemas.config.Secret;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;

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

    @Override
    public void close() {
        pool.close();
    }
}
