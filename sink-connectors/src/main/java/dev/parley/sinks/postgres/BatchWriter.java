package dev.parley.sinks.postgres;

import dev.parley.schemas.ErrorCode;
import dev.parley.sinks.postgres.Offsets.Move;
import dev.parley.sinks.postgres.Offsets.StaleInstanceException;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes batches of records, each with the offsets behind it in one transaction, and knows where that has brought each
 * partition. Used by the sink's thread alone.
 */
final class BatchWriter {

    private static final Logger logger = LoggerFactory.getLogger(BatchWriter.class);

    private final Database database;
    private final Projections projections;
    private final DeadLetters deadLetters;
    private final MeterRegistry meters;
    private final Timer batches;

    /** The offset that Postgres holds for each partition of this instance. */
    private final Map<TopicPartition, Long> positions = new HashMap<>();

    private final Map<TopicPartition, Long> moved = new HashMap<>();

    BatchWriter(Database database, Projections projections, DeadLetters deadLetters, MeterRegistry meters) {
        this.database = database;
        this.projections = projections;
        this.deadLetters = deadLetters;
        this.meters = meters;
        this.batches = Timer.builder("parley.sink.batch")
                .description("From a batch being read to its transaction being committed")
                .publishPercentileHistogram()
                .register(meters);
    }

    List<String> topics() {
        return projections.topics();
    }

    /** Where Postgres stands in a partition, asked of it anew. */
    long load(TopicPartition partition) throws SQLException {
        try (Connection connection = database.connection()) {
            long position = Offsets.begin(connection, partition);
            positions.put(partition, position);
            return position;
        }
    }

    /** Knows nothing more of a partition. */
    void forget(TopicPartition partition) {
        positions.remove(partition);
        moved.remove(partition);
    }

    /** The places that were moved since this was asked for. */
    Map<TopicPartition, Long> takeMoved() {
        Map<TopicPartition, Long> taken = Map.copyOf(moved);
        moved.clear();
        return taken;
    }

    private long position(TopicPartition partition) throws SQLException {
        Long known = positions.get(partition);
        return known == null ? load(partition) : known;
    }

    /**
     * Writes what is not behind its partition's place yet, and moves the places on, all or nothing.
     *
     * @param held whether this instance still holds a partition: one may have been revoked while the batch waited
     * @throws StaleInstanceException where another instance has moved one
     */
    void write(List<ConsumerRecord<byte[], byte[]>> records, Predicate<TopicPartition> held) throws SQLException {
        Instant began = Instant.now();
        List<ConsumerRecord<byte[], byte[]>> ahead = new ArrayList<>();
        Map<TopicPartition, Long> ends = new HashMap<>();
        List<Move> moves = new ArrayList<>();
        for (Map.Entry<TopicPartition, List<ConsumerRecord<byte[], byte[]>>> entry :
                byPartition(records).entrySet()) {
            TopicPartition partition = entry.getKey();
            if (!held.test(partition)) {
                continue;
            }
            long from = position(partition);
            long to = entry.getValue().getLast().offset() + 1;
            if (to > from) {
                moves.add(new Move(partition, from, to));
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
            Offsets.advance(connection, moves);
            Projections.Written written = projections.write(connection, ahead);
            // Last of all, so that a batch that is written again sets nothing aside twice.
            written.poison().forEach(this::setAside);
            connection.commit();
            written.fresh()
                    .forEach((projection, fresh) -> meters.counter("parley.sink.events", "projection", projection)
                            .increment(fresh));
        }
        positions.putAll(ends);
        moved.putAll(ends);
        batches.record(Duration.between(began, Instant.now()));
    }

    /** Rows that Postgres will not take: halves the batch until the record stands alone, sets it aside, and goes on. */
    void writeInParts(
            List<ConsumerRecord<byte[], byte[]>> refused, SQLException refusal, Predicate<TopicPartition> held) {
        if (refused.size() == 1) {
            ConsumerRecord<byte[], byte[]> record = refused.getFirst();
            setAside(new Poison(
                    projections.of(record.topic()),
                    record,
                    ErrorCode.INVALID_RECORD,
                    "Postgres refuses it: " + refusal.getSQLState()));
            pass(partitionOf(record), record.offset() + 1);
            return;
        }
        int middle = refused.size() / 2;
        for (List<ConsumerRecord<byte[], byte[]>> half :
                List.of(refused.subList(0, middle), refused.subList(middle, refused.size()))) {
            try {
                write(half, held);
            } catch (SQLException e) {
                if (Database.isOutage(e)) {
                    throw wentAway(e);
                }
                writeInParts(half, e, held);
            }
        }
    }

    /**
     * Where the last records of a compacted partition are gone, nothing comes, but the place is behind them all the same:
     * whoever asks whether the fold has come so far must not be told no for ever.
     */
    void passCompacted(TopicPartition partition, long position) {
        Long folded = positions.get(partition);
        if (projections.isCompacted(partition.topic()) && folded != null && position > folded) {
            pass(partition, position);
        }
    }

    private void pass(TopicPartition partition, long to) {
        Long from = positions.get(partition);
        if (from == null) {
            return;
        }
        try (Connection connection = database.connection()) {
            connection.setAutoCommit(false);
            Offsets.advance(connection, List.of(new Move(partition, from, to)));
            connection.commit();
            positions.put(partition, to);
            moved.put(partition, to);
        } catch (SQLException e) {
            throw wentAway(e);
        }
    }

    private static KafkaException wentAway(SQLException e) {
        return new KafkaException("Postgres went away in between", e);
    }

    /** Before the offset moves on: a crash in between sets it aside again, under the same place. */
    private void setAside(Poison poison) {
        ConsumerRecord<byte[], byte[]> record = poison.record();
        if (poison.projection().setsPoisonAside()) {
            deadLetters.add(record, poison.code(), poison.cause());
        } else {
            logger.warn("skipped {}-{}@{}: {}", record.topic(), record.partition(), record.offset(), poison.cause());
            meters.counter("parley.records.skipped", "topic", record.topic()).increment();
        }
    }

    static Map<TopicPartition, List<ConsumerRecord<byte[], byte[]>>> byPartition(
            List<ConsumerRecord<byte[], byte[]>> records) {
        return records.stream().collect(Collectors.groupingBy(BatchWriter::partitionOf));
    }

    private static TopicPartition partitionOf(ConsumerRecord<byte[], byte[]> record) {
        return new TopicPartition(record.topic(), record.partition());
    }
}
