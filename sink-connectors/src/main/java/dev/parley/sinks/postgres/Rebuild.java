package dev.parley.sinks.postgres;

import dev.parley.schemas.Role.Health;
import dev.parley.schemas.Topics;
import dev.parley.schemas.settings.KafkaSettings;
import dev.parley.schemas.settings.TopicSettings;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;

/**
 * Makes the tables anew from the log, in a schema beside those in use, and then has the two change places. Those in use are
 * written and read all the while; sinks that run find other places than they believed, and go on from there.
 *
 * <pre>
 *   log ──▶ sinks ───▶ parley        ──rename──▶ parley_before_TIME
 *    └────▶ rebuild ─▶ parley_next   ──rename──▶ parley
 * </pre>
 *
 * <p>One that is broken off goes on from where it was. One thread owns it.
 */
public final class Rebuild implements AutoCloseable {

    private static final long TIMEOUT_SECONDS = 30;

    /** How long the tables in use may wait for the new ones to have all that they have. */
    private static final Duration LAST_WAIT = Duration.ofSeconds(8);

    private static final Duration LAST_PAUSE = Duration.ofMillis(50);

    private static final DateTimeFormatter NAME =
            DateTimeFormatter.ofPattern("yyyyMMddHHmmss").withZone(ZoneOffset.UTC);

    private static final String LOCKED = "select topic, log_partition, next_position from sink_offsets for update";

    /**
     * A sink that waits for such a lock would find its row as it believed, and write the rest of its transaction by name: into
     * the tables that have taken the place of its row's. So none finds its row; the place can be told from what it is now.
     */
    private static final String FENCE = "update sink_offsets set next_position = -1 - next_position";

    private final PostgresSettings settings;
    private final KafkaSettings kafka;
    private final List<String> topics;
    private final Database inUse;
    private final Database next;
    private final PostgresSink sink;

    /**
     * How far it has come.
     *
     * @param folded records, those passed over included
     * @param of as many as there are
     */
    public record Progress(long folded, long of) {
        /** Whether what is left is written while the tables change places. */
        public boolean isNearlyDone() {
            return of - folded <= Math.max(1000, of / 1000);
        }
    }

    private Rebuild(PostgresSettings settings, KafkaSettings kafka, TopicSettings topicSettings, Topics topics) {
        this.settings = settings;
        this.kafka = kafka;
        this.topics = Projections.of(topics).topics();
        PostgresSettings beside = settings.in(settings.schema() + "_next");
        this.inUse = new Database(settings, "parley-rebuild");
        this.next = new Database(beside, "parley-rebuild-next");
        this.sink = PostgresSink.startAgain(beside, kafka, topicSettings, topics);
    }

    /** Begins, or goes on with what was begun before. */
    public static Rebuild start(
            PostgresSettings settings, KafkaSettings kafka, TopicSettings topicSettings, Topics topics) {
        return new Rebuild(settings, kafka, topicSettings, topics);
    }

    /** Whether it folds now, and what keeps it where it does not. */
    public Health health() {
        return sink.health();
    }

    /**
     * Asks Kafka and Postgres.
     *
     * @throws SQLException where Postgres does not say, such as before the first table is there
     */
    public Progress progress() throws SQLException {
        Map<TopicPartition, Long> places;
        try (Connection connection = next.connection()) {
            places = places(connection);
        }
        long folded = 0;
        long of = 0;
        for (Map.Entry<TopicPartition, Long> end : ends().entrySet()) {
            of += end.getValue();
            folded += places.getOrDefault(end.getKey(), 0L);
        }
        return new Progress(folded, of);
    }

    private Map<TopicPartition, Long> places(Connection connection) throws SQLException {
        Map<TopicPartition, Long> places = new HashMap<>();
        for (String topic : topics) {
            Offsets.of(connection, topic)
                    .forEach((partition, place) -> places.put(new TopicPartition(topic, partition), place));
        }
        return places;
    }

    private Map<TopicPartition, Long> ends() {
        try (Admin admin = Admin.create(kafka.client("parley-rebuild", Map.of()))) {
            Map<TopicPartition, OffsetSpec> latest = new HashMap<>();
            admin.describeTopics(topics)
                    .allTopicNames()
                    .get(TIMEOUT_SECONDS, TimeUnit.SECONDS)
                    .forEach((name, topic) -> topic.partitions()
                            .forEach(partition ->
                                    latest.put(new TopicPartition(name, partition.partition()), OffsetSpec.latest())));
            Map<TopicPartition, Long> ends = new HashMap<>();
            admin.listOffsets(latest, new ListOffsetsOptions(IsolationLevel.READ_COMMITTED))
                    .all()
                    .get(TIMEOUT_SECONDS, TimeUnit.SECONDS)
                    .forEach((partition, found) -> ends.put(partition, found.offset()));
            return ends;
        } catch (ExecutionException | TimeoutException e) {
            throw new KafkaException("Kafka does not say where the log ends", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new KafkaException("interrupted", e);
        }
    }

    /**
     * Has the new tables take the place of those in use, once they have all that those have; nothing is folded into those
     * meanwhile. Ends this object's work.
     *
     * @return the name of the schema that has the former tables now
     * @throws SQLException where it cannot be done now: nothing has changed then, and it may be tried again
     */
    public String changePlaces() throws SQLException, InterruptedException {
        String former = settings.schema() + "_before_" + NAME.format(Instant.now());
        try (Connection connection = inUse.connection()) {
            connection.setAutoCommit(false);
            Map<TopicPartition, Long> locked = new HashMap<>();
            try (var statement = connection.createStatement();
                    var rows = statement.executeQuery(LOCKED)) {
                while (rows.next()) {
                    locked.put(new TopicPartition(rows.getString(1), rows.getInt(2)), rows.getLong(3));
                }
            }
            awaitAllOf(locked);
            try (var statement = connection.createStatement()) {
                statement.execute(FENCE);
                statement.execute("alter schema " + settings.schema() + " rename to " + former);
                statement.execute("alter schema " + settings.schema() + "_next rename to " + settings.schema());
            }
            connection.commit();
        }
        sink.close();
        return former;
    }

    /** Places of a log that is no more, or behind the end of this one, are none to wait for. */
    private void awaitAllOf(Map<TopicPartition, Long> locked) throws SQLException, InterruptedException {
        Map<TopicPartition, Long> ends = ends();
        long deadline = System.nanoTime() + LAST_WAIT.toNanos();
        while (true) {
            Map<TopicPartition, Long> places;
            try (Connection connection = next.connection()) {
                places = places(connection);
            }
            boolean all = locked.entrySet().stream()
                    .filter(place -> ends.containsKey(place.getKey()))
                    .filter(place -> place.getValue() <= ends.getOrDefault(place.getKey(), 0L))
                    .allMatch(place -> places.getOrDefault(place.getKey(), 0L) >= place.getValue());
            if (all) {
                return;
            }
            if (System.nanoTime() > deadline) {
                throw new SQLException("the new tables have not all that those in use have yet");
            }
            Thread.sleep(LAST_PAUSE);
        }
    }

    @Override
    public void close() {
        sink.close();
        next.close();
        inUse.close();
    }
}
