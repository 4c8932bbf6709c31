package dev.parley.sinks.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.parley.chat.v1.ConversationCreated;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.ConversationRenamed;
import dev.parley.schemas.DeadLetter;
import dev.parley.schemas.Topics;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.schemas.settings.KafkaSettings;
import dev.parley.schemas.settings.Settings;
import dev.parley.schemas.settings.TopicSettings;
import dev.parley.stack.InMemoryRegistry;
import dev.parley.stack.Provisioner;
import dev.parley.stack.TestStack;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A database and a log that are not as they should be: nothing of it makes a dead letter, or has the sink go on regardless. */
class SinkOutagesIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
    private static final ConversationKey KEY = new ConversationKey("t", "c");

    private final String name = "o" + UUID.randomUUID().toString().substring(0, 8);

    /** Whom the sink is at its database: its owner, and no superuser. */
    private final String user = name + "_folder";

    private final String database = name + "_tables";

    private final KafkaSettings kafka = KafkaSettings.of(TestStack.shared().bootstrapServers());
    private final TopicSettings topicSettings = new TopicSettings(name + ".", 1, (short) 1);
    private final InMemoryRegistry registry = new InMemoryRegistry();
    private final Topics topics = Topics.of(topicSettings, InMemoryRegistry.serdes(registry));
    private KafkaProducer<byte[], byte[]> producer;
    private PostgresSink sink;
    private long sequence;

    @BeforeEach
    void start() throws SQLException {
        new Provisioner(kafka, registry).provision(topics);
        producer = new KafkaProducer<>(
                kafka.client("test", Map.of("acks", "all")), new ByteArraySerializer(), new ByteArraySerializer());
        inDatabase("postgres", "create role " + user + " login", "create database " + database + " owner " + user);
        sink = startSink();
    }

    private PostgresSink startSink() {
        return startSink(topicSettings, topics);
    }

    private PostgresSettings settings() {
        return PostgresSettings.from(
                Settings.of(Map.of("DATABASE_URL", url(database).replaceAll("user=[^&]*", "user=" + user))));
    }

    private PostgresSink startSink(TopicSettings topicSettings, Topics topics) {
        return PostgresSink.start(settings(), kafka, topicSettings, topics, new SimpleMeterRegistry());
    }

    @AfterEach
    void stop() {
        sink.close();
        producer.close();
    }

    private static String url(String database) {
        return TestStack.shared().jdbcUrl().replaceFirst("/[^/?]*[?]", "/" + database + "?");
    }

    private static void inDatabase(String database, String... statements) throws SQLException {
        try (Connection connection = DriverManager.getConnection(url(database));
                var statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        }
    }

    private long number(String sql) {
        try (Connection connection = DriverManager.getConnection(url(database));
                var statement = connection.createStatement();
                var rows = statement.executeQuery(sql)) {
            rows.next();
            return rows.getLong(1);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private void log(ConversationEvent.Body body) {
        ConversationEvent event = new ConversationEvent(
                KEY.tenant(), KEY.conversation(), ++sequence, NOW.plusSeconds(sequence), "cause", null, null, body);
        send(topics.events().values().serializer().serialize(topics.events().name(), event));
    }

    private void send(byte[] value) {
        var _ = producer.send(
                new ProducerRecord<>(topics.events().name(), KEY.toString().getBytes(StandardCharsets.UTF_8), value));
        producer.flush();
    }

    private void logSome() {
        if (sequence == 0) {
            log(new ConversationCreated(null, "w", Map.of()));
        }
        for (int i = 0; i < 20; i++) {
            log(new ConversationRenamed("title " + sequence));
        }
    }

    private void awaitFolded() {
        await().atMost(PATIENCE).until(() -> sink.health().ready());
        await().atMost(PATIENCE)
                .ignoreExceptions()
                .until(() -> number("select last_sequence from parley.conversations") == sequence);
        assertThat(number("select count(*) from parley.events")).isEqualTo(sequence);
    }

    private void awaitUnready(String why) {
        await().atMost(PATIENCE)
                .until(() -> !sink.health().ready() && sink.health().detail().contains(why));
    }

    private List<ConsumerRecord<byte[], byte[]>> deadLetters() {
        TopicPartition only = new TopicPartition(topics.deadLetters().name(), 0);
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(
                kafka.client("test-dead-letters", Map.of()),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer())) {
            consumer.assign(List.of(only));
            consumer.seekToBeginning(List.of(only));
            long end = consumer.endOffsets(List.of(only)).getOrDefault(only, 0L);
            List<ConsumerRecord<byte[], byte[]>> letters = new ArrayList<>();
            while (letters.size() < end) {
                consumer.poll(Duration.ofMillis(100)).forEach(letters::add);
            }
            return letters;
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    25006 | postgres | alter database DB set default_transaction_read_only = on | alter database DB reset default_transaction_read_only
                    28000 | postgres | alter role ROLE nologin                                  | alter role ROLE login
                    3D000 | postgres | alter database DB rename to DB_elsewhere                 | alter database DB_elsewhere rename to DB
                    42501 | DB       | revoke insert, update on parley.sink_offsets from ROLE    | grant insert, update on parley.sink_offsets to ROLE
                    """)
    void whatSomebodyHasToMendIsWaitedFor(String state, String where, String breaks, String mends) throws SQLException {
        logSome();
        awaitFolded();

        // While it folds, and has nothing to write.
        breakIt(where, breaks);
        awaitUnready(state);
        logSome();
        run(where, mends);
        awaitFolded();

        // Where it begins, with a log that it has read before.
        sink.close();
        breakIt(where, breaks);
        logSome();
        sink = startSink();
        awaitUnready(state);
        run(where, mends);
        awaitFolded();

        assertThat(deadLetters()).isEmpty();
    }

    /** For connections that are there as well, which come back as fast as they are ended. */
    private void breakIt(String where, String sql) {
        await().atMost(PATIENCE).ignoreExceptions().until(() -> {
            String end = "select pg_terminate_backend(pid) from pg_stat_activity where usename = '" + user + "'";
            inDatabase("postgres", end);
            run(where, sql);
            inDatabase("postgres", end);
            return true;
        });
    }

    private void run(String where, String sql) throws SQLException {
        inDatabase(where.replace("DB", database), sql.replace("DB", database).replace("ROLE", user));
    }

    @Test
    void aLogThatWasMadeAnewUnderTheTablesIsNotFoldedIntoThem() throws Exception {
        logSome();
        awaitFolded();
        long folded = sequence;
        sink.close();
        String events = topics.events().name();
        try (Admin admin = Admin.create(kafka.client("test-admin", Map.of()))) {
            admin.deleteTopics(List.of(events)).all().get();
            await().atMost(PATIENCE)
                    .until(() -> !admin.listTopics().names().get().contains(events));
        }
        await().atMost(PATIENCE).ignoreExceptions().until(() -> {
            new Provisioner(kafka, registry).provision(topics);
            return true;
        });
        sequence = 0;
        logSome();
        logSome();

        sink = startSink();
        awaitUnready("was made anew");

        assertThat(sink.health().detail()).contains(events).contains("./parley rebuild");
        assertThat(number("select count(*) from parley.events")).isEqualTo(folded);
        inDatabase(database, "drop schema parley cascade");
        sink.close();
        sink = startSink();
        awaitFolded();
        assertThat(deadLetters()).isEmpty();
    }

    @Test
    void aLogThatEndsBeforeTheTablesDoIsNotGoneOnWith() throws SQLException {
        logSome();
        awaitFolded();
        sink.close();
        inDatabase(
                database,
                "update parley.sink_offsets set next_position = 500 where topic = '"
                        + topics.events().name() + "'");

        sink = startSink();
        awaitUnready("which ends at " + sequence);
        logSome();
        inDatabase(
                database,
                "update parley.sink_offsets set next_position = " + (sequence - 20) + " where topic = '"
                        + topics.events().name() + "'");

        // Looked at again without being started anew.
        awaitFolded();
        assertThat(deadLetters()).isEmpty();
    }

    /** Two prefixes in one schema would fold two logs into the same rows. */
    @Test
    void anotherInstallationIsToldThatTheTablesAreNotItsOwn() throws SQLException {
        logSome();
        awaitFolded();
        sink.close();
        TopicSettings others = new TopicSettings("another.", 1, (short) 1);
        Topics elsewhere = Topics.of(others, InMemoryRegistry.serdes(registry));
        new Provisioner(kafka, registry).provision(elsewhere);

        sink = startSink(others, elsewhere);
        awaitUnready("PARLEY_DATABASE_SCHEMA");

        assertThat(sink.health().detail())
                .contains("'" + topicSettings.prefix() + "'")
                .contains("'another.'");
        assertThat(number("select count(*) from parley.events")).isEqualTo(sequence);
        sink.close();
        sink = startSink();
        logSome();
        awaitFolded();
    }

    /** Tables of the time before they said whose they are. */
    @Test
    void tablesOfAVersionBeforeAreTheirs() throws SQLException {
        logSome();
        awaitFolded();
        sink.close();
        inDatabase(
                database,
                "drop table parley.sink_installation",
                "delete from parley.flyway_schema_history where version = '10'");

        sink = startSink();
        logSome();
        awaitFolded();

        assertThat(number("select count(*) from parley.sink_installation where prefix = '" + topicSettings.prefix()
                        + "'"))
                .isEqualTo(1);
    }

    /** Rows that are wrong, whatever made them so, while the log goes on and its poison lies in it. */
    @Test
    void tablesAreMadeAnewWhileThoseInUseAreWritten() throws Exception {
        logSome();
        send(new byte[] {1, 2, 3});
        logSome();
        awaitFolded();
        inDatabase(
                database,
                "delete from parley.events where sequence = 3",
                "update parley.conversations set title = 'somebody else''s'");
        long wrong = number("select count(*) from parley.events");
        AtomicBoolean going = new AtomicBoolean(true);
        Thread talking = Thread.ofPlatform().start(() -> {
            while (going.get()) {
                logSome();
            }
        });

        String former;
        try (Rebuild rebuild = Rebuild.start(settings(), kafka, topicSettings, topics)) {
            former = await().atMost(PATIENCE)
                    .ignoreException(SQLException.class)
                    .until(
                            () -> rebuild.health().ready() && rebuild.progress().isNearlyDone()
                                    ? Optional.of(rebuild.changePlaces())
                                    : Optional.<String>empty(),
                            Optional::isPresent)
                    .orElseThrow();
        }
        going.set(false);
        talking.join();
        logSome();

        awaitFolded();
        assertThat(number("select count(*) from parley.conversations where title = 'title " + (sequence - 1) + "'"))
                .isEqualTo(1);
        assertThat(number("select count(*) from " + former + ".events")).isGreaterThanOrEqualTo(wrong);
        assertThat(number("select max(next_position) from " + former + ".sink_offsets"))
                .isNegative();
        assertThat(deadLetters())
                .as("one from the first fold, none from the second")
                .hasSize(1);
        assertThat(number("select count(*) from pg_namespace where nspname = 'parley_next'"))
                .isZero();
    }

    @Test
    void aLetterThatWasNotWrittenBeforeACrashIsWrittenOnceByWhoComesNext() throws SQLException {
        logSome();
        send(new byte[] {1, 2, 3});
        logSome();
        awaitFolded();
        assertThat(deadLetters()).hasSize(1);
        assertThat(number("select count(*) from parley.sink_letters")).isZero();
        sink.close();

        // As a crash between the two leaves it.
        inDatabase(
                database,
                "insert into parley.sink_letters values ('" + topics.events().name()
                        + "', 0, 21, 'undecodable_record', 'no version in front')");
        sink = startSink();
        await().atMost(PATIENCE).until(() -> number("select count(*) from parley.sink_letters") == 0);
        logSome();
        awaitFolded();

        assertThat(deadLetters()).hasSize(2).allSatisfy(letter -> {
            assertThat(letter.value()).isEqualTo(new byte[] {1, 2, 3});
            assertThat(new String(letter.headers().lastHeader(DeadLetter.OFFSET).value(), StandardCharsets.UTF_8))
                    .isEqualTo("21");
        });
    }
}
