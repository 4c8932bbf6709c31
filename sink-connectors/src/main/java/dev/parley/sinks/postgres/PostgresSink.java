package dev.parley.sinks.postgres;

import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.Document;
import dev.parley.schemas.DeadLetter;
import dev.parley.schemas.DocumentKey;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.Role;
import dev.parley.schemas.TopicSpec;
import dev.parley.schemas.Topics;
import dev.parley.schemas.config.KafkaSettings;
import dev.parley.schemas.config.TopicSettings;
import dev.parley.schemas.serde.RegistryUnavailableException;
import dev.parley.schemas.serde.UndecodableRecordException;
import dev.parley.sinks.postgres.RowWriter.Move;
import dev.parley.sinks.postgres.RowWriter.StaleInstanceException;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Folds the log of record and the knowledge of workspaces into Postgres, exactly once: rows and offsets move in one transaction, and the offset moves only
 * from where this instance believes it to be, so an instance that has lost its partitions without knowing writes nothing.
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
    private static final int BATCH_EVENTS = 10_000;

    /** What may be held of events that are read but not written: one of the largest fits. */
    private static final int BATCH_BYTES = TopicSpec.MAX_MESSAGE_BYTES;

    private static final Duration POLL = Duration.ofMillis(500);
    private static final Duration FIRST_PAUSE = Duration.ofMillis(200);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);
    private static final Duration DEAD_LETTER_TIMEOUT = Duration.ofSeconds(30);

    private final Database database;
    private final KafkaSettings kafka;
    private final String group;
    private final Topics topics;
    private final MeterRegistry meters;
    private final Timer batches;
    private final Thread thread;
    private volatile boolean closing;
    private volatile Health health = new Health(false, "starting");

    private PostgresSink(
            Database database, KafkaSettings kafka, TopicSettings topicSettings, Topics topics, MeterRegistry meters) {
        this.database = database;
        this.kafka = kafka;
        this.group = topicSettings.groupId(STAGE);
        this.topics = topics;
        this.meters = meters;
        this.batches = Timer.builder("parley.sink.batch")
                .description("From a batch being read to its transaction being committed")
                .publishPercentileHistogram()
                .register(meters);
        this.thread = Thread.ofPlatform().name("postgres-sink").unstarted(this::run);
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

    private void run() {
        migrate();
        while (!closing) {
            try (KafkaConsumer<byte[], byte[]> consumer = consumer();
                    KafkaProducer<byte[], byte[]> deadLetters = producer()) {
                new Session(consumer, deadLetters).follow();
            } catch (RuntimeException e) {
                // Nothing is lost by starting over: the place is in Postgres.
                if (!closing) {
                    health = new Health(
                            false, "starting over after " + e.getClass().getSimpleName());
                    logger.warn("the sink starts over", e);
                    pause(Duration.ofSeconds(1));
                }
            }
        }
    }

    private void migrate() {
        Duration pause = FIRST_PAUSE;
        while (!closing) {
            try {
                database.migrate();
                health = new Health(false, "joining its group");
                return;
            } catch (SQLException e) {
                health = new Health(false, "Postgres does not answer");
                logger.warn("waiting for Postgres: {}", e.toString());
                pause(pause);
                pause = longer(pause);
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
                                "earliest",
                                "isolation.level",
                                "read_committed",
                                "session.timeout.ms",
                                10_000,
                                "heartbeat.interval.ms",
                                2_000,
                                "max.poll.records",
                                BATCH_EVENTS,
                                "fetch.max.bytes",
                                BATCH_BYTES,
                                "max.partition.fetch.bytes",
                                BATCH_BYTES)),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer());
    }

    private KafkaProducer<byte[], byte[]> producer() {
        return new KafkaProducer<>(
                kafka.client(
                        "parley-sink-postgres-dead-letters",
                        Map.of("acks", "all", "max.request.size", TopicSpec.MAX_MESSAGE_BYTES)),
                new ByteArraySerializer(),
                new ByteArraySerializer());
    }

    /** A record that cannot be folded. */
    private record Poison(ConsumerRecord<byte[], byte[]> record, ErrorCode code, String cause) {}

    /** What was read. */
    private record Batch(List<LoggedEvent> events, DocumentWriter documents, List<Poison> poison) {}

    /** One membership in the group, on the sink's thread. */
    private final class Session implements ConsumerRebalanceListener {
        private final KafkaConsumer<byte[], byte[]> consumer;
        private final KafkaProducer<byte[], byte[]> deadLetters;

        /** The offset that Postgres holds for each partition of this instance. */
        private final Map<TopicPartition, Long> positions = new HashMap<>();

        Session(KafkaConsumer<byte[], byte[]> consumer, KafkaProducer<byte[], byte[]> deadLetters) {
            this.consumer = consumer;
            this.deadLetters = deadLetters;
        }

        void follow() {
            consumer.subscribe(
                    List.of(topics.events().name(), topics.documents().name()), this);
            while (!closing) {
                ConsumerRecords<byte[], byte[]> records = consumer.poll(POLL);
                if (!health.ready() && !consumer.assignment().isEmpty()) {
                    health = new Health(true, "folding");
                } else if (!health.ready() && consumer.groupMetadata().generationId() >= 0) {
                    health = new Health(true, "standing by: other instances have all partitions");
                }
                if (!records.isEmpty()) {
                    handle(inOrder(records));
                } else {
                    passCompacted();
                }
            }
        }

        /**
         * Where the last records of a compacted partition are gone, nothing comes, but the place is behind them all the
         * same: whoever asks whether the fold has come so far must not be told no for ever.
         */
        private void passCompacted() {
            for (TopicPartition partition : consumer.assignment()) {
                @Nullable Long folded = positions.get(partition);
                if (isOfDocuments(partition.topic()) && folded != null) {
                    long position = consumer.position(partition);
                    if (position > folded) {
                        pass(partition, position);
                    }
                }
            }
        }

        private boolean isOfDocuments(String topic) {
            return topic.equals(topics.documents().name());
        }

        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> assigned) {
            for (TopicPartition partition : assigned) {
                try {
                    seek(partition);
                } catch (SQLException e) {
                    // Nothing is read from it before its place is known: see handle().
                    positions.remove(partition);
                    consumer.seekToBeginning(List.of(partition));
                }
            }
        }

        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> revoked) {
            revoked.forEach(positions::remove);
        }

        private void seek(TopicPartition partition) throws SQLException {
            long position = positionInDatabase(partition);
            positions.put(partition, position);
            consumer.seek(partition, position);
        }

        private void handle(List<ConsumerRecord<byte[], byte[]>> records) {
            Duration pause = FIRST_PAUSE;
            Set<TopicPartition> paused = Set.of();
            while (!closing) {
                try {
                    write(records);
                    break;
                } catch (SQLException e) {
                    if (!isOutage(e)) {
                        writeInParts(records, e);
                        break;
                    }
                    health = new Health(false, "Postgres does not answer");
                    meters.counter("parley.sink.outages").increment();
                    logger.warn("waiting for Postgres: {}", e.toString());
                    if (paused.isEmpty()) {
                        paused = Set.copyOf(consumer.assignment());
                        consumer.pause(paused);
                    }
                    pause(pause);
                    pause = longer(pause);
                    // Stays in the group; nothing comes, since all is paused.
                    consumer.poll(Duration.ZERO);
                } catch (StaleInstanceException e) {
                    logger.warn("this instance is stale and starts over: {}", e.getMessage());
                    reload(byPartition(records).keySet());
                    break;
                } catch (RegistryUnavailableException e) {
                    logger.warn("waiting for the schema registry");
                    pause(Duration.ofSeconds(1));
                }
            }
            if (!paused.isEmpty()) {
                consumer.resume(consumer.assignment());
            }
            if (!closing) {
                health = new Health(true, "folding");
            }
        }

        /** Goes back to where Postgres is, for a partition that this instance holds. */
        private void reload(Set<TopicPartition> partitions) {
            for (TopicPartition partition : partitions) {
                if (consumer.assignment().contains(partition)) {
                    try {
                        seek(partition);
                    } catch (SQLException e) {
                        throw new KafkaException("the place of " + partition + " cannot be read", e);
                    }
                }
            }
        }

        /** Writes what is not behind its partition's place yet, and moves the places on, all or nothing. */
        private void write(List<ConsumerRecord<byte[], byte[]>> records) throws SQLException {
            Instant began = Instant.now();
            List<ConsumerRecord<byte[], byte[]>> ahead = new ArrayList<>();
            Map<TopicPartition, Long> ends = new HashMap<>();
            List<Move> moves = new ArrayList<>();
            for (Map.Entry<TopicPartition, List<ConsumerRecord<byte[], byte[]>>> entry :
                    byPartition(records).entrySet()) {
                TopicPartition partition = entry.getKey();
                if (!consumer.assignment().contains(partition)) {
                    continue; // Revoked while the batch waited for Postgres.
                }
                long from = position(partition);
                long to = entry.getValue().getLast().offset() + 1;
                if (to > from) {
                    moves.add(new Move(partition.topic(), partition.partition(), from, to));
                    ends.put(partition, to);
                    entry.getValue().stream()
                            .filter(record -> record.offset() >= from)
                            .forEach(ahead::add);
                }
            }
            if (moves.isEmpty()) {
                return;
            }
            try (Connection connection = database.connection()) {
                connection.setAutoCommit(false);
                RowWriter writer = new RowWriter(connection);
                writer.advance(moves);
                Batch batch = decode(ahead, new DocumentWriter(connection));
                int fresh = writer.write(batch.events());
                batch.documents().write();
                // Last of all, so that a batch that is written again sets nothing aside twice.
                batch.poison().forEach(this::setAside);
                connection.commit();
                meters.counter("parley.sink.events").increment(fresh);
            }
            positions.putAll(ends);
            batches.record(Duration.between(began, Instant.now()));
            Map<TopicPartition, OffsetAndMetadata> committed = new HashMap<>();
            ends.forEach((partition, end) -> committed.put(partition, new OffsetAndMetadata(end)));
            consumer.commitAsync(committed, null);
        }

        private long position(TopicPartition partition) throws SQLException {
            Long known = positions.get(partition);
            if (known == null) {
                known = positionInDatabase(partition);
                positions.put(partition, known);
            }
            return known;
        }

        /** Rows that Postgres will not take: halves the batch until the record stands alone, sets it aside, and goes on. */
        private void writeInParts(List<ConsumerRecord<byte[], byte[]>> refused, SQLException refusal) {
            if (refused.size() == 1) {
                refuse(refused.getFirst(), refusal);
                return;
            }
            int middle = refused.size() / 2;
            for (List<ConsumerRecord<byte[], byte[]>> half :
                    List.of(refused.subList(0, middle), refused.subList(middle, refused.size()))) {
                try {
                    write(half);
                } catch (SQLException e) {
                    if (isOutage(e)) {
                        throw new KafkaException("Postgres went away in between", e);
                    }
                    writeInParts(half, e);
                }
            }
        }

        private void refuse(ConsumerRecord<byte[], byte[]> record, SQLException refusal) {
            String cause = "Postgres refuses it: " + refusal.getSQLState();
            if (isOfDocuments(record.topic())) {
                skip(record, cause);
            } else {
                setAside(new Poison(record, ErrorCode.INVALID_RECORD, cause));
            }
            pass(partitionOf(record), record.offset() + 1);
        }

        private void pass(TopicPartition partition, long to) {
            try (Connection connection = database.connection()) {
                connection.setAutoCommit(false);
                Long from = positions.get(partition);
                if (from != null) {
                    new RowWriter(connection)
                            .advance(List.of(new Move(partition.topic(), partition.partition(), from, to)));
                    connection.commit();
                    positions.put(partition, to);
                }
            } catch (SQLException e) {
                throw new KafkaException("Postgres went away in between", e);
            }
        }

        private Batch decode(List<ConsumerRecord<byte[], byte[]>> records, DocumentWriter documents) {
            Batch batch = new Batch(new ArrayList<>(records.size()), documents, new ArrayList<>());
            for (ConsumerRecord<byte[], byte[]> record : records) {
                if (isOfDocuments(record.topic())) {
                    document(record).ifPresent(documents::add);
                } else {
                    read(record, batch);
                }
            }
            return batch;
        }

        private void read(ConsumerRecord<byte[], byte[]> record, Batch batch) {
            try {
                ConversationEvent event =
                        topics.events().values().deserializer().deserialize(record.topic(), record.value());
                if (event == null || record.key() == null) {
                    throw new UndecodableRecordException("key or value is missing");
                }
                batch.events().add(LoggedEvent.of(event, record.value(), record.partition(), record.offset()));
            } catch (UndecodableRecordException | IllegalArgumentException e) {
                batch.poison().add(new Poison(record, ErrorCode.UNDECODABLE_RECORD, String.valueOf(e.getMessage())));
            }
        }

        /** A document, or its end; empty where the record is poison. */
        private Optional<DocumentWriter.Read> document(ConsumerRecord<byte[], byte[]> record) {
            try {
                if (record.key() == null) {
                    throw new UndecodableRecordException("the key is missing");
                }
                DocumentKey key = DocumentKey.parse(new String(record.key(), StandardCharsets.UTF_8));
                @Nullable
                Document document =
                        topics.documents().values().deserializer().deserialize(record.topic(), record.value());
                if (document != null && !key.equals(keyOf(document))) {
                    throw new UndecodableRecordException("the key is not the document's tenant/workspace/path");
                }
                return Optional.of(new DocumentWriter.Read(key, document));
            } catch (UndecodableRecordException | IllegalArgumentException e) {
                skip(record, String.valueOf(e.getMessage()));
                return Optional.empty();
            }
        }

        /** Documents have another reader, which sets what is poison aside. */
        private void skip(ConsumerRecord<byte[], byte[]> record, String cause) {
            logger.warn("skipped {}-{}@{}: {}", record.topic(), record.partition(), record.offset(), cause);
            meters.counter("parley.records.skipped", "topic", record.topic()).increment();
        }

        /** Writes the dead letter before the offset moves on. A crash in between writes it again, under the same place. */
        private void setAside(Poison poison) {
            ConsumerRecord<byte[], byte[]> record = poison.record();
            logger.warn(
                    "dead letter from {}-{}@{}: {}",
                    record.topic(),
                    record.partition(),
                    record.offset(),
                    poison.cause());
            meters.counter("parley.dead.letters", "stage", STAGE, "topic", record.topic())
                    .increment();
            try {
                deadLetters
                        .send(DeadLetter.of(
                                topics.deadLetters(), record, poison.code(), STAGE, poison.cause(), Instant.now()))
                        .get(DEAD_LETTER_TIMEOUT.toSeconds(), TimeUnit.SECONDS);
            } catch (ExecutionException | TimeoutException e) {
                throw new KafkaException("a dead letter cannot be written", e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new KafkaException("interrupted", e);
            }
        }
    }

    private static List<ConsumerRecord<byte[], byte[]>> inOrder(ConsumerRecords<byte[], byte[]> records) {
        List<ConsumerRecord<byte[], byte[]>> list = new ArrayList<>(records.count());
        records.forEach(list::add);
        return list;
    }

    private static Map<TopicPartition, List<ConsumerRecord<byte[], byte[]>>> byPartition(
            List<ConsumerRecord<byte[], byte[]>> records) {
        return records.stream().collect(Collectors.groupingBy(PostgresSink::partitionOf));
    }

    private static TopicPartition partitionOf(ConsumerRecord<byte[], byte[]> record) {
        return new TopicPartition(record.topic(), record.partition());
    }

    private static DocumentKey keyOf(Document document) {
        return new DocumentKey(document.getTenantId(), document.getWorkspaceId(), document.getPath());
    }

    /** Where the sink stands in a partition; the row is made at the first time. */
    private long positionInDatabase(TopicPartition partition) throws SQLException {
        try (Connection connection = database.connection();
                PreparedStatement insert = connection.prepareStatement(
                        "insert into sink_offsets (topic, log_partition, next_position) values (?, ?, 0) on conflict do nothing");
                PreparedStatement select = connection.prepareStatement(
                        "select next_position from sink_offsets where topic = ? and log_partition = ?")) {
            for (PreparedStatement statement : List.of(insert, select)) {
                statement.setString(1, partition.topic());
                statement.setInt(2, partition.partition());
            }
            insert.executeUpdate();
            try (ResultSet row = select.executeQuery()) {
                row.next();
                return row.getLong(1);
            }
        }
    }

    /** Whether Postgres is away or shutting down (as against refusing what it was given). */
    private static boolean isOutage(@Nullable Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof SQLException sql) {
                String state = sql.getSQLState();
                if (state == null
                        || state.startsWith("08") // connection
                        || state.equals("25P03") // this instance was silent for too long within its transaction
                        || state.startsWith("57") // operator intervention: shutdown, statement cancelled
                        || state.startsWith("53") // resources: too many connections, disk full
                        || state.startsWith("40") // serialisation, deadlock
                        || state.startsWith("55")) { // lock not available
                    return true;
                }
            }
        }
        return false;
    }

    private static Duration longer(Duration pause) {
        Duration doubled = pause.multipliedBy(2);
        return doubled.compareTo(LONGEST_PAUSE) < 0 ? doubled : LONGEST_PAUSE;
    }

    private static void pause(Duration time) {
        try {
            Thread.sleep(time);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        closing = true;
        try {
            // A batch in flight is finished; a wait for Postgres or Kafka ends at its next look.
            if (!thread.join(Duration.ofSeconds(3))) {
                thread.interrupt();
                thread.join(Duration.ofSeconds(2));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        database.close();
    }
}
