package dev.parley.stack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedPostgresIT {

    @TempDir
    Path dir;

    @Test
    void keepsRowsOverRestarts() throws Exception {
        try (EmbeddedPostgres postgres = EmbeddedPostgres.start(dir, 0)) {
            execute(postgres, "create table kept (text text)");
            execute(postgres, "insert into kept values ('größer 😀')");
        }
        try (EmbeddedPostgres postgres = EmbeddedPostgres.start(dir, 0)) {
            assertThat(ask(postgres, "select text from kept")).isEqualTo("größer 😀");
        }
    }

    @Test
    void isSetUpForTheReadModelAndForChangeDataCapture() throws Exception {
        try (EmbeddedPostgres postgres = EmbeddedPostgres.start(dir, 0)) {
            assertThat(ask(postgres, "show wal_level")).isEqualTo("logical");
            assertThat(ask(postgres, "show fsync")).isEqualTo("on");
            assertThat(ask(postgres, "show server_encoding")).isEqualTo("UTF8");
            assertThat(ask(postgres, "show listen_addresses")).isEqualTo("127.0.0.1");
            assertThat(ask(postgres, "select count(*) from pg_database where datname in ('parley', 'registry')"))
                    .isEqualTo("2");
        }
    }

    @Test
    void goesAwayAndComesBackOnTheSamePort() throws Exception {
        try (EmbeddedPostgres postgres = EmbeddedPostgres.start(dir, 0)) {
            execute(postgres, "create table kept (text text)");
            try (Connection open = DriverManager.getConnection(postgres.jdbcUrl())) {
                assertThat(open.isValid(10)).isTrue();
                postgres.stop();
                assertThat(open.isValid(10)).isFalse();
            }
            assertThatThrownBy(() -> ask(postgres, "select 1")).isInstanceOf(SQLException.class);

            postgres.start();

            assertThat(ask(postgres, "select count(*) from kept")).isEqualTo("0");
        }
    }

    @Test
    void namesATakenPort() throws Exception {
        try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertThatThrownBy(() -> EmbeddedPostgres.start(dir, other.getLocalPort()))
                    .isInstanceOf(PortTakenException.class)
                    .hasMessageContaining(Integer.toString(other.getLocalPort()))
                    .hasMessageContaining("Postgres");
        }
        assertThat(dir.resolve("data")).doesNotExist();
    }

    @Test
    void refusesADirectoryInUse() throws Exception {
        try (EmbeddedPostgres postgres = EmbeddedPostgres.start(dir, 0)) {
            assertThatThrownBy(() -> EmbeddedPostgres.start(dir, 0))
                    .isInstanceOf(DataDirInUseException.class)
                    .hasMessageContaining(dir.toString());
            assertThat(ask(postgres, "select 1")).isEqualTo("1");
        }
    }

    private static void execute(EmbeddedPostgres postgres, String sql) throws SQLException {
        try (Connection connection = DriverManager.getConnection(postgres.jdbcUrl());
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private static String ask(EmbeddedPostgres postgres, String sql) throws SQLException {
        try (Connection connection = DriverManager.getConnection(postgres.jdbcUrl());
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return row.getString(1);
        }
    }
}
