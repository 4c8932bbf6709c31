package dev.parley.sinks.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.chat.v1.ConversationCreated;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.MessageAccepted;
import dev.parley.chat.v1.OnBusy;
import dev.parley.chat.v1.Role;
import dev.parley.schemas.Topics;
import dev.parley.schemas.settings.Settings;
import dev.parley.schemas.settings.TopicSettings;
import dev.parley.sinks.postgres.Offsets.Move;
import dev.parley.stack.EmbeddedPostgres;
import dev.parley.stack.InMemoryRegistry;
import dev.parley.stack.LaterVersion;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.postgresql.PGConnection;

class ConversationProjectionIT {

    private static final List<String> TABLES =
            List.of("events", "conversations", "messages", "generations", "feedback");
    private static final int HISTORIES = 20;
    private static final ConversationProjection PROJECTION =
            new ConversationProjection(Topics.of(new TopicSettings("", 1, (short) 1), InMemoryRegistry.serdes()));

    @TempDir
    private static Path dir;

    private static @Nullable EmbeddedPostgres postgres;

    @BeforeAll
    static void start() {
        postgres = EmbeddedPostgres.start(dir, 0);
    }

    @AfterAll
    static void stop() {
        if (postgres != null) {
            postgres.close();
        }
    }

    /** An empty read model of its own. */
    private static Database database(String schema) throws SQLException {
        if (postgres == null) {
            throw new IllegalStateException("Postgres is not there");
        }
        Database database = new Database(
                PostgresSettings.from(
                        Settings.of(Map.of("DATABASE_URL", postgres.jdbcUrl(), "PARLEY_DATABASE_SCHEMA", schema))),
                schema);
        database.migrate();
        return database;
    }

    private static int write(Database database, List<LoggedEvent> batch) throws SQLException {
        try (Connection connection = database.connection()) {
            connection.setAutoCommit(false);
            int fresh = PROJECTION.write(connection, batch);
            connection.commit();
            return fresh;
        }
    }

    /** Every row of every table. */
    private static Map<String, String> contents(Database database) throws SQLException {
        Map<String, String> contents = new LinkedHashMap<>();
        try (Connection connection = database.connection()) {
            for (String table : TABLES) {
                StringWriter rows = new StringWriter();
                connection
                        .unwrap(PGConnection.class)
                        .getCopyAPI()
                        .copyOut("copy (select * from " + table + " order by 1, 2, 3) to stdout", rows);
                contents.put(table, rows.toString());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return contents;
    }

    private static void clear(Database database) throws SQLException {
        try (Connection connection = database.connection();
                var statement = connection.createStatement()) {
            statement.execute("truncate " + String.join(", ", TABLES));
        }
    }

    @Test
    void anyCutIntoBatchesGivesTheTablesThatOneEventAtATimeGives() throws SQLException {
        long seed = Long.getLong("parley.seed", System.nanoTime());
        try (Database singly = database("singly");
                Database batched = database("batched")) {
            for (int i = 0; i < HISTORIES; i++) {
                long drawn = seed + i;
                Random random = new Random(drawn);
                List<LoggedEvent> log = new Histories(random).next();
                clear(singly);
                clear(batched);
                for (LoggedEvent event : log) {
                    write(singly, List.of(event));
                }
                int from = 0;
                while (from < log.size()) {
                    int to = Math.min(log.size(), from + 1 + random.nextInt(random.nextBoolean() ? 5 : log.size()));
                    // Sometimes what was read before is read again, as after a place that was lost.
                    int again = random.nextInt(4) == 0 ? random.nextInt(from + 1) : from;
                    assertThat(write(batched, log.subList(again, to)))
                            .as("new events, seed %d", drawn)
                            .isEqualTo(to - from);
                    from = to;
                }
                assertThat(contents(batched)).as("seed %d", drawn).isEqualTo(contents(singly));
            }
        }
    }

    @Test
    void readingTheWholeLogAgainChangesNothing() throws SQLException {
        try (Database database = database("again")) {
            List<LoggedEvent> log = new Histories(new Random(7)).next();
            assertThat(write(database, log)).isEqualTo(log.size());
            Map<String, String> before = contents(database);

            assertThat(write(database, log)).isZero();
            assertThat(contents(database)).isEqualTo(before);
        }
    }

    private static LoggedEvent event(long sequence, @Nullable String turn, ConversationEvent.Body body) {
        return LoggedEvent.of(
                new ConversationEvent("t", "c", sequence, Instant.EPOCH, "cause", turn, null, body),
                new byte[] {1},
                0,
                sequence);
    }

    @Test
    void aMessageThatIsThereAlreadyIsRefusedWithItsBatch() throws SQLException {
        MessageAccepted accepted = MessageAccepted.newBuilder()
                .setMessageId("user")
                .setAssistantMessageId("answer")
                .setRole(Role.USER)
                .setContent("q")
                .setOnBusy(OnBusy.ENQUEUE)
                .setFingerprint("print")
                .build();
        LoggedEvent created = event(1, null, new ConversationCreated(null, "w", Map.of()));
        try (Database database = database("refusing")) {
            assertThatThrownBy(() ->
                            write(database, List.of(created, event(2, "one", accepted), event(3, "two", accepted))))
                    .isInstanceOfSatisfying(
                            SQLException.class,
                            refusal -> assertThat(refusal.getSQLState()).isEqualTo("23505"));
            assertThat(contents(database).values()).allMatch(String::isEmpty);

            write(database, List.of(created, event(2, "one", accepted)));
            assertThatThrownBy(() -> write(database, List.of(event(3, "two", accepted))))
                    .isInstanceOf(SQLException.class);
        }
    }

    @Test
    void anEventOfALaterVersionCountsAndIsKept() throws SQLException {
        LoggedEvent created = event(1, null, new ConversationCreated(null, "w", Map.of()));
        LoggedEvent later = event(2, null, LaterVersion.body(ConversationEvent.getClassSchema(), "ToolApproved"));
        try (Database database = database("later");
                Connection connection = database.connection()) {
            assertThat(write(database, List.of(created, later))).isEqualTo(2);

            assertThat(new Query("select last_sequence, deleted from conversations")
                            .list(connection, row -> row.getLong(1) + " " + row.getBoolean(2)))
                    .containsExactly("2 false");
            assertThat(new Query("select type from events order by sequence").list(connection, row -> row.getString(1)))
                    .containsExactly("ConversationCreated", "ToolApproved");
        }
    }

    @Test
    void offsetsMoveOnTogetherOrNotAtAll() throws SQLException {
        try (Database database = database("fencing");
                Connection connection = database.connection();
                var statement = connection.createStatement()) {
            statement.execute(
                    "insert into sink_offsets (topic, log_partition, next_position) values ('a', 0, 5), ('a', 1, 7)");
            connection.setAutoCommit(false);
            TopicPartition one = new TopicPartition("a", 0);
            TopicPartition two = new TopicPartition("a", 1);

            Offsets.advance(connection, List.of(new Move(one, 5, 6), new Move(two, 7, 9)));
            connection.commit();

            assertThatThrownBy(() -> Offsets.advance(connection, List.of(new Move(one, 6, 8), new Move(two, 7, 10))))
                    .isInstanceOf(Offsets.StaleInstanceException.class);
            connection.rollback();
            try (var rows = statement.executeQuery("select sum(next_position) from sink_offsets")) {
                rows.next();
                assertThat(rows.getLong(1)).isEqualTo(6 + 9);
            }
        }
    }
}
