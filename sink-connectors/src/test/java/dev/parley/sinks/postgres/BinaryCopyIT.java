package dev.parley.sinks.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.stack.EmbeddedPostgres;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BinaryCopyIT {

    private static final String COLUMNS = "words text, json jsonb, bytes bytea, yes bool, small int4, large int8, "
            + "fraction float8, time timestamptz";

    @TempDir
    private Path dir;

    /** A row of every type that there is. */
    private record Row(
            @Nullable String words,
            @Nullable String json,
            @Nullable ByteBuffer bytes,
            @Nullable Boolean yes,
            @Nullable Integer small,
            @Nullable Long large,
            @Nullable Double fraction,
            @Nullable Instant time) {}

    private static final Columns<Row> ROW = Columns.<Row>none()
            .text("words", Row::words)
            .jsonb("json", Row::json)
            .bytea("bytes", row -> row.bytes() == null ? null : row.bytes().array())
            .bool("yes", Row::yes)
            .int4("small", Row::small)
            .int8("large", Row::large)
            .float8("fraction", Row::fraction)
            .timestamptz("time", Row::time);

    private static ByteBuffer bytes(int length) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) (i * 7);
        }
        return ByteBuffer.wrap(bytes);
    }

    private static final List<Row> ROWS = List.of(
            new Row(null, null, null, null, null, null, null, null),
            new Row("", "{}", bytes(0), false, 0, 0L, 0.0, Instant.EPOCH),
            new Row(
                    "\uD83D\uDE00 \u2028 {\"\\N\"} NULL",
                    "{\"k\": [1, \"\u00e4\", null]}",
                    bytes(300),
                    true,
                    Integer.MIN_VALUE,
                    Long.MAX_VALUE,
                    -1.0e-300,
                    Instant.parse("1969-12-31T23:59:59.999999Z")),
            new Row(
                    "long ".repeat(50_000),
                    "\"" + "j".repeat(100_000) + "\"",
                    bytes(65_536),
                    true,
                    Integer.MAX_VALUE,
                    Long.MIN_VALUE,
                    Double.POSITIVE_INFINITY,
                    Instant.parse("9999-12-31T00:00:00.000001Z")),
            new Row("just", "1", bytes(65_537), false, 1, 2L, Double.NaN, Instant.parse("2000-01-01T00:00:00Z")));

    private static List<Row> read(Connection connection, String table) throws SQLException {
        List<Row> rows = new ArrayList<>();
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("select * from " + table)) {
            while (row.next()) {
                byte[] bytes = row.getBytes("bytes");
                OffsetDateTime time = row.getObject("time", OffsetDateTime.class);
                rows.add(new Row(
                        row.getString("words"),
                        row.getString("json"),
                        bytes == null ? null : ByteBuffer.wrap(bytes),
                        row.getObject("yes", Boolean.class),
                        row.getObject("small", Integer.class),
                        row.getObject("large", Long.class),
                        row.getObject("fraction", Double.class),
                        time == null ? null : time.toInstant()));
            }
        }
        return rows;
    }

    private static void create(Connection connection, String table) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("create table " + table + " (" + COLUMNS + ")");
        }
    }

    @Test
    void whatGoesInComesOut() throws SQLException {
        try (EmbeddedPostgres postgres = EmbeddedPostgres.start(dir, 0);
                Connection connection = DriverManager.getConnection(postgres.jdbcUrl())) {
            create(connection, "copied");
            create(connection, "unnested");

            ROW.copy(connection, "copied", ROWS);
            ROW.run(connection, "insert into unnested select * from " + ROW.unnestedAs("given"), ROWS);

            assertThat(read(connection, "copied")).isEqualTo(ROWS);
            assertThat(read(connection, "unnested")).isEqualTo(ROWS);

            List<Row> many = new ArrayList<>();
            for (int i = 0; i < 3_000; i++) {
                many.add(new Row("row " + i, null, bytes(i), null, i, null, null, null));
            }
            create(connection, "many");
            ROW.copy(connection, "many", many);
            // Not in order: smaller rows fill gaps that larger ones left.
            assertThat(Set.copyOf(read(connection, "many"))).isEqualTo(Set.copyOf(many));

            // Postgres refuses U+0000, and the connection is good for more.
            Row refused = new Row("a\u0000b", null, null, null, null, null, null, null);
            assertThatThrownBy(() -> ROW.copy(connection, "many", List.of(refused)))
                    .isInstanceOf(SQLException.class);
            assertThat(read(connection, "many")).hasSize(3_000);
        }
    }
}
