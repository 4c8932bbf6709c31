package dev.parley.bench;

import dev.parley.bench.Rounds.Sample;
import dev.parley.bench.Rounds.Stopwatch;
import dev.parley.chat.v1.Attempt;
import dev.parley.chat.v1.ConversationCreated;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.MessageAccepted;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.OnBusy;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.Timings;
import dev.parley.chat.v1.TurnRouted;
import dev.parley.chat.v1.TurnStarted;
import dev.parley.chat.v1.Usage;
import dev.parley.chat.v1.UsageBasis;
import dev.parley.schemas.Topics;
import dev.parley.schemas.settings.KafkaSettings;
import dev.parley.schemas.settings.Settings;
import dev.parley.schemas.settings.TopicSettings;
import dev.parley.sinks.postgres.PostgresSettings;
import dev.parley.sinks.postgres.PostgresSink;
import dev.parley.stack.EmbeddedKafka;
import dev.parley.stack.EmbeddedPostgres;
import dev.parley.stack.InMemoryRegistry;
import dev.parley.stack.Provisioner;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyManager;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Rows a second of the Postgres sink, from the log into the tables with offsets, against {@code COPY} of the same rows into
 * tables of the same columns, keys and indexes.
 *
 * <p>A round's events become visible to the running sink at once, by the commit of one Kafka transaction; the round is over
 * when the sink's offsets are behind them all. {@code COPY} takes the rows that the sink made of an earlier round, from
 * memory, in Postgres's binary form, in one transaction. Rows count as they stand in the end, however often the sink
 * changed them on the way.
 *
 * <p>Every sample begins after a checkpoint, with files for Postgres's own log at hand, so that none waits for the disk on
 * account of another's pages.
 */
@Command(
        name = "sink",
        description = "Rows a second of the Postgres sink, with offsets, against COPY of the same rows.",
        mixinStandardHelpOptions = true)
final class SinkCommand extends Measurement {

    private static final double REACH = 0.35;
    private static final String SINK = "sink";
    private static final String COPY = "COPY";
    private static final String COPY_AGAIN = "COPY again";
    private static final int PARTITIONS = 6;
    private static final int EVENTS_A_TURN = 4;
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Duration LOOK = Duration.ofMillis(2);
    private static final List<String> TABLES = List.of("events", "conversations", "messages", "generations");

    @Option(names = "--rounds", defaultValue = "7", description = "Interleaved rounds. Default: ${DEFAULT-VALUE}.")
    private int rounds;

    @Option(names = "--warm-up", defaultValue = "3", description = "Rounds before. Default: ${DEFAULT-VALUE}.")
    private int warmUp;

    @Option(names = "--conversations", defaultValue = "4000", description = "A round. Default: ${DEFAULT-VALUE}.")
    private int conversations;

    @Option(names = "--turns", defaultValue = "5", description = "A conversation. Default: ${DEFAULT-VALUE}.")
    private int turns;

    @Option(names = "--seed", defaultValue = "1", description = "Order of the rounds. Default: ${DEFAULT-VALUE}.")
    private long seed;

    /** The rows of one round, as {@code COPY} takes them, by table. */
    private record Dump(Map<String, byte[]> tables) {}

    @Override
    Report measure(Consumer<String> progress) throws IOException, InterruptedException {
        try (Scratch scratch = Scratch.create();
                EmbeddedKafka broker = EmbeddedKafka.start(scratch.folder().resolve("kafka"), 0);
                EmbeddedPostgres postgres =
                        EmbeddedPostgres.start(scratch.folder().resolve("postgres"), 0)) {
            KafkaSettings kafka = KafkaSettings.of(broker.bootstrapServers());
            InMemoryRegistry registry = new InMemoryRegistry();
            TopicSettings topicSettings = new TopicSettings("", PARTITIONS, (short) 1);
            Topics topics = Topics.of(topicSettings, InMemoryRegistry.serdes(registry));
            new Provisioner(kafka, registry).provision(topics);
            PostgresSettings settings =
                    PostgresSettings.from(Settings.of(Map.of(PostgresSettings.URL, postgres.jdbcUrl())));
            SimpleMeterRegistry meters = new SimpleMeterRegistry();
            try (PostgresSink sink = PostgresSink.start(settings, kafka, topicSettings, topics, meters);
                    Producer<byte[], byte[]> producer = producer(kafka);
                    Connection connection = DriverManager.getConnection(postgres.jdbcUrl())) {
                await(() -> sink.health().ready(), "the sink");
                return measure(progress, topics, producer, connection);
            } catch (SQLException e) {
                throw new IOException(e);
            }
        }
    }

    private static Producer<byte[], byte[]> producer(KafkaSettings kafka) {
        return new KafkaProducer<>(
                kafka.client("parley-bench", Map.of("acks", "all", "transactional.id", "parley-bench")),
                new ByteArraySerializer(),
                new ByteArraySerializer());
    }

    private Report measure(
            Consumer<String> progress, Topics topics, Producer<byte[], byte[]> producer, Connection connection)
            throws SQLException, IOException, InterruptedException {
        producer.initTransactions();
        execute(connection, "alter system set min_wal_size = '1GB'");
        execute(connection, "select pg_reload_conf()");
        copyOfTables(connection, "copied");
        copyOfTables(connection, "copied_again");
        Map<Integer, Dump> dumps = new HashMap<>();
        // Round -1 is there for the first COPY to have something to take.
        throughSink(-1, topics, producer, connection);
        dumps.put(-1, dump(-1, connection));
        Rounds run = new Rounds(rounds, warmUp, seed)
                .way(SINK, round -> {
                    Sample sample = throughSink(round, topics, producer, connection);
                    dumps.put(round, dump(round, connection));
                    dumps.remove(round - 2);
                    return sample;
                })
                .way(COPY, round -> copy("copied", dumps.get(round - 1), connection))
                .way(COPY_AGAIN, round -> copy("copied_again", dumps.get(round - 1), connection))
                .run(progress);
        Report report = run.report("sink", "rows", SINK, COPY, COPY_AGAIN, REACH)
                .with("conversations a round", conversations)
                .with("turns a conversation", turns)
                .with("events a round", (long) conversations * (1 + EVENTS_A_TURN * turns))
                .with("rows a round", rowsOfRound());
        for (String schema : List.of("parley", "copied", "copied_again")) {
            long rows = 0;
            for (String table : TABLES) {
                rows += number(connection, "select count(*) from " + schema + "." + table);
            }
            // The last round's rows were copied by nobody.
            long expected = rowsOfRound() * (warmUp + rounds + (schema.equals("parley") ? 1 : 0));
            if (rows != expected) {
                throw new IllegalStateException(schema + " has " + rows + " rows where " + expected + " belong");
            }
            report.counted("rows in " + schema + ", as many as belong there", rows);
        }
        long gaps = number(connection, """
                select count(*) from (
                  select tenant, conversation_id from parley.events group by 1, 2
                  having count(*) <> max(sequence) or min(sequence) <> 1) as holed""");
        if (gaps > 0) {
            throw new IllegalStateException(gaps + " conversations have holes");
        }
        return report.note(
                        "Processor time is this process's: broker and sink, or COPY's client, without Postgres's own.")
                .note("One sink instance; Postgres waits for the disk at each commit, in both ways.");
    }

    private long rowsOfRound() {
        // Events, the conversation, two messages and a generation a turn.
        return (long) conversations * (1 + (long) EVENTS_A_TURN * turns + 1 + 3L * turns);
    }

    /** Tables of the same columns, keys and indexes. */
    private static void copyOfTables(Connection connection, String schema) throws SQLException {
        execute(connection, "create schema " + schema);
        for (String table : TABLES) {
            execute(connection, "create table " + schema + "." + table + " (like parley." + table + " including all)");
        }
    }

    private Sample throughSink(int round, Topics topics, Producer<byte[], byte[]> producer, Connection connection)
            throws SQLException, InterruptedException {
        producer.beginTransaction();
        Map<Integer, Long> ends = new HashMap<>();
        for (Future<RecordMetadata> sent : load(round, topics, producer)) {
            try {
                RecordMetadata place = sent.get();
                ends.merge(place.partition(), place.offset() + 1, Math::max);
            } catch (ExecutionException e) {
                throw new IllegalStateException("the log does not take events", e);
            }
        }
        execute(connection, "checkpoint");
        Stopwatch watch = new Stopwatch();
        producer.commitTransaction();
        await(() -> isBehind(ends, topics.events().name(), connection), "the sink's offsets");
        return watch.stop(rowsOfRound());
    }

    private static boolean isBehind(Map<Integer, Long> ends, String topic, Connection connection) throws SQLException {
        Map<Integer, Long> positions = new HashMap<>();
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(
                        "select log_partition, next_position from parley.sink_offsets where topic = '" + topic + "'")) {
            while (rows.next()) {
                positions.put(rows.getInt(1), rows.getLong(2));
            }
        }
        return ends.entrySet().stream().allMatch(end -> positions.getOrDefault(end.getKey(), 0L) >= end.getValue());
    }

    private List<Future<RecordMetadata>> load(int round, Topics topics, Producer<byte[], byte[]> producer) {
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        for (int conversation = 0; conversation < conversations; conversation++) {
            sent.add(send(
                    round,
                    conversation,
                    1,
                    null,
                    new ConversationCreated(null, "default", Map.of()),
                    topics,
                    producer));
        }
        // As in life: many conversations, each some way into itself.
        for (int turn = 0; turn < turns; turn++) {
            for (int conversation = 0; conversation < conversations; conversation++) {
                String id = "turn_" + "%06d%06d%06d".formatted(round + 1, conversation, turn);
                long sequence = 2 + (long) turn * EVENTS_A_TURN;
                for (ConversationEvent.Body body : exchange(id)) {
                    sent.add(send(round, conversation, sequence, id, body, topics, producer));
                    sequence++;
                }
            }
        }
        return sent;
    }

    private static List<ConversationEvent.Body> exchange(String turn) {
        String question = turn + "-question";
        String answer = turn + "-answer";
        String generation = turn + ".1";
        return List.of(
                MessageAccepted.newBuilder()
                        .setMessageId(question)
                        .setAssistantMessageId(answer)
                        .setRole(Role.USER)
                        .setContent("How long are records of a compacted topic kept, and who decides that? ".repeat(2))
                        .setOnBusy(OnBusy.ENQUEUE)
                        .setFingerprint("fingerprint")
                        .build(),
                new TurnStarted(question, answer, generation, null, null),
                new TurnRouted(answer, "chat", 1.0, "default", "default"),
                MessageCompleted.newBuilder()
                        .setMessageId(answer)
                        .setGenerationId(generation)
                        .setAttempt(new Attempt(turn + "-attempt", 1, "default", "scripted", "worker", ""))
                        .setContent(
                                "The latest record of each key is kept for as long as the topic exists. ".repeat(10))
                        .setFinishReason("stop")
                        .setUsage(new Usage(40, 160, UsageBasis.MEASURED, null))
                        .setTimings(new Timings(1.0, 2.0, 3.0, 4.0))
                        .build());
    }

    private static Future<RecordMetadata> send(
            int round,
            int conversation,
            long sequence,
            @Nullable String turn,
            ConversationEvent.Body body,
            Topics topics,
            Producer<byte[], byte[]> producer) {
        String id = conversationId(round, conversation);
        byte[] value = topics.events()
                .values()
                .serializer()
                .serialize(
                        topics.events().name(),
                        new ConversationEvent("default", id, sequence, Instant.now(), "cause", turn, null, body));
        return producer.send(new ProducerRecord<>(
                topics.events().name(), ("default/" + id).getBytes(StandardCharsets.UTF_8), value));
    }

    private static String conversationId(int round, int conversation) {
        return "round-%03d-%06d".formatted(round + 1, conversation);
    }

    private static Dump dump(int round, Connection connection) throws SQLException, IOException {
        String like = "'round-%03d-%%'".formatted(round + 1);
        Map<String, byte[]> tables = new LinkedHashMap<>();
        for (String table : TABLES) {
            ByteArrayOutputStream rows = new ByteArrayOutputStream();
            String id = table.equals("conversations") ? "id" : "conversation_id";
            copies(connection)
                    .copyOut(
                            "copy (select * from parley." + table + " where " + id + " like " + like
                                    + ") to stdout (format binary)",
                            rows);
            tables.put(table, rows.toByteArray());
        }
        return new Dump(tables);
    }

    private static Sample copy(String schema, @Nullable Dump dump, Connection connection)
            throws SQLException, IOException {
        if (dump == null) {
            throw new IllegalStateException("nothing to copy");
        }
        execute(connection, "checkpoint");
        Stopwatch watch = new Stopwatch();
        long rows = 0;
        connection.setAutoCommit(false);
        for (Map.Entry<String, byte[]> table : dump.tables().entrySet()) {
            rows += copies(connection)
                    .copyIn(
                            "copy " + schema + "." + table.getKey() + " from stdin (format binary)",
                            new ByteArrayInputStream(table.getValue()));
        }
        connection.commit();
        Sample sample = watch.stop(rows);
        connection.setAutoCommit(true);
        return sample;
    }

    private static CopyManager copies(Connection connection) throws SQLException {
        return connection.unwrap(PGConnection.class).getCopyAPI();
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private static long number(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return row.getLong(1);
        }
    }

    private interface Condition {
        boolean holds() throws SQLException;
    }

    private static void await(Condition condition, String what) throws SQLException, InterruptedException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.holds()) {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("waited too long for " + what);
            }
            Thread.sleep(LOOK);
        }
    }
}
