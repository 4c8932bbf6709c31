package dev.parley.sinks.postgres;

import dev.parley.schemas.ClientThread;
import dev.parley.schemas.Role;
import dev.parley.schemas.TopicSpec;
import dev.parley.schemas.Topics;
import dev.parley.schemas.settings.KafkaSettings;
import dev.parley.schemas.settings.TopicSettings;
import dev.parley.sinks.postgres.LogIdentity.AnotherLogException;
import io.micrometer.core.instrument.MeterRegistry;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps every {@link Projection} in step with the log, exactly once: rows and offsets move in one transaction, and an offset
 * moves only from where this instance believes it to be, so an instance that has lost its partitions without knowing writes
 * nothing.
 *
 * <p>The offsets in Postgres are the truth; those in Kafka follow them, for operators to see the lag.
 *
 * <p>Postgres being away stops nothing but the sink: it keeps its place in the group, holds its batch, and goes on when
 * Postgres is back. One platform thread owns consumer and connection.
 */
public final class PostgresSink implements Role {

    private static final Logger logger = LoggerFactory.getLogger(PostgresSink.class);

    private static final String STAGE = "sink-postgres";

    /** Enough for what a batch costs by itself to be shared by many; few enough to be written in a second. */
    private static final int BATCH_RECORDS = 10_000;

    /** What may be held of records that are read but not written: one of the largest fits. */
    private static final int BATCH_BYTES = TopicSpec.MAX_MESSAGE_BYTES;

    private static final Duration PAUSE_BEFORE_STARTING_OVER = Duration.ofSeconds(1);

    /** Between looks at a log that is not the tables': somebody has to do something about it. */
    private static final Duration PAUSE_BEFORE_LOOKING_AGAIN = Duration.ofSeconds(5);

    private final Database database;
    private final KafkaSettings kafka;
    private final String group;
    private final Topics topics;
    private final Projections projections;
    private final MeterRegistry meters;
    private final ClientThread thread;
    private volatile Health health = new Health(false, "starting");

    private PostgresSink(
            Database database, KafkaSettings kafka, TopicSettings topicSettings, Topics topics, MeterRegistry meters) {
        this.database = database;
        this.kafka = kafka;
        this.group = topicSettings.groupId(STAGE);
        this.topics = topics;
        this.projections = Projections.of(topics);
        this.meters = meters;
        this.thread = new ClientThread("postgres-sink", this::run);
    }

    public static PostgresSink start(
            PostgresSettings settings,
            KafkaSettings kafka,
            TopicSettings topicSettings,
            Topics topics,
            MeterRegistry meters) {
        PostgresSink sink =
                new PostgresSink(new Database(settings, "parley-sink"), kafka, topicSettings, topics, meters);
        sink.thread.start();
        return sink;
    }

    @Override
    public String name() {
        return "postgres-sink";
    }

    @Override
    public Health health() {
        return health;
    }

    @Override
    public boolean hasDied() {
        return thread.hasDied();
    }

    private void run() {
        migrate();
        @Nullable String refused = null;
        while (!thread.isClosing()) {
            try (KafkaConsumer<byte[], byte[]> consumer = consumer();
                    DeadLetters deadLetters = new DeadLetters(kafka, topics.deadLetters(), STAGE, meters)) {
                BatchWriter writer = new BatchWriter(database, projections, deadLetters, meters);
                LogIdentity log = LogIdentity.of(kafka, projections.topics());
                new SinkSession(consumer, log, writer, thread, new Outage(database, meters), told -> health = told)
                        .follow();
            } catch (AnotherLogException e) {
                String why = String.valueOf(e.getMessage());
                health = new Health(false, why);
                if (!why.equals(refused)) {
                    logger.error("the sink stops: {}", why);
                    refused = why;
                }
                thread.pause(PAUSE_BEFORE_LOOKING_AGAIN);
            } catch (RuntimeException e) {
                // Nothing is lost by starting over: the place is in Postgres.
                if (!thread.isClosing()) {
                    health = new Health(
                            false, "starting over after " + e.getClass().getSimpleName());
                    logger.warn("the sink starts over", e);
                    thread.pause(PAUSE_BEFORE_STARTING_OVER);
                }
            }
        }
    }

    private void migrate() {
        Outage outage = new Outage(database, meters);
        while (!thread.isClosing()) {
            try {
                database.migrate();
                outage.isOver();
                health = new Health(false, "joining its group");
                return;
            } catch (SQLException e) {
                Duration pause = outage.goesOn(e);
                health = new Health(false, outage.reason());
                thread.pause(pause);
            }
        }
    }

    private KafkaConsumer<byte[], byte[]> consumer() {
        return new KafkaConsumer<>(
                kafka.client(
                        "parley-sink-postgres",
                        Map.of(
                                "group.id",
                                group,
                                "enable.auto.commit",
                                false,
                                "auto.offset.reset",
                                "none",
                                "isolation.level",
                                "read_committed",
                                "session.timeout.ms",
                                10_000,
                                "heartbeat.interval.ms",
                                2_000,
                                "max.poll.records",
                                BATCH_RECORDS,
                                "fetch.max.bytes",
                                BATCH_BYTES,
                                "max.partition.fetch.bytes",
                                BATCH_BYTES)),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer());
    }

    /** A batch in flight is finished; a wait for Postgres ends at once, and one for Kafka at its next look. */
    @Override
    public void close() {
        thread.close();
        database.close();
    }
}
