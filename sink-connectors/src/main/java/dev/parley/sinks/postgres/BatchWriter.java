package dev.parley.sinks.postgres;

import dev.parley.schemas.ErrorCode;
import dev.parley.sinks.postgres.Letters.Letter;
import dev.parley.sinks.postgres.Letters.Reason;
import dev.parley.sinks.postgres.Offsets.Move;
import dev.parley.sinks.postgres.Offsets.Place;
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

    /** The offset that Postgres holds for each partition of this instance whose place is known. */
    private final Map<TopicPartition, Long> positions = new HashMap<>();

    /** Dead letters of records behind that offset which a former instance did not come to write. */
    private final Map<TopicPartition, Map<Long, Reason>> owed = new HashMap<>();

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

    /** The prefix of the installation whose tables these are; the first to ask has them. */
    String installation(String prefix) throws SQLException {
        try (Connection connection = database.connection()) {
            return Offsets.installation(connection, prefix);
        }
    }

    /** Where Postgres stands in some partitions, asked of it anew. */
    Map<TopicPartition, Place> load(Map<TopicPartition, String> topicIds) throws SQLException {
        Map<TopicPartition, Place> places = new HashMap<>();
        Map<TopicPartition, Map<Long, Reason>> letters = new HashMap<>();
        try (Connection connection = database.connection()) {
            for (Map.Entry<TopicPartition, String> entry : topicIds.entrySet()) {
                places.put(entry.getKey(), Offsets.begin(connection, entry.getKey(), entry.getValue()));
                letters.put(entry.getKey(), Letters.of(connection, entry.getKey()));
            }
        }
        places.forEach((partition, place) -> positions.put(partition, place.next()));
        owed.putAll(letters);
        return places;
    }

    /** Has Postgres do what it will be asked, of no row: it may refuse that as well. */
    void ask() throws SQLException {
        try (Connection connection = database.connection()) {
            Offsets.advanceNothing(connection);
        }
    }

    /** From where a partition whose place was loaded is to be read: from the first record that something is left to do about. */
    long start(TopicPartition partition) {
        long position = position(partition);
        return owed.getOrDefault(partition, Map.of()).keySet().stream()
                .mapToLong(Long::longValue)
                .reduce(position, Math::min);
    }

    /** Knows nothing more of a partition. */
    void forget(TopicPartition partition) {
        positions.remove(partition);
        owed.remove(partition);
        moved.remove(partition);
    }

    /** The places that were moved since this was asked for. */
    Map<TopicPartition, Long> takeMoved() {
        Map<TopicPartition, Long> taken = Map.copyOf(moved);
        moved.clear();
        return taken;
    }

    private long position(TopicPartition partition) {
        Long known = positions.get(partition);
        if (known == null) {
            throw new IllegalStateException("the place of " + partition + " is not known");
        }
        return known;
    }

    /**
     * Writes what is not behind its partition's place yet, and moves the places on, all or nothing; then the dead letters of what
     * was passed over.
     *
     * @param held whether this instance still holds a partition and knows its place: one may have been revoked while the batch
     *     waited
     * @throws StaleInstanceException where another instance has moved one
     */
    void write(List<ConsumerRecord<byte[], byte[]>> records, Predicate<TopicPartition> held) throws SQLException {
        Instant began = Instant.now();
        List<ConsumerRecord<byte[], byte[]>> ahead = new ArrayList<>();
        List<Move> moves = new ArrayList<>();
        for (Map.Entry<TopicPartition, List<ConsumerRecord<byte[], byte[]>>> entry :
                byPartition(records).entrySet()) {
            TopicPartition partition = entry.getKey();
            if (!held.test(partition)) {
                continue;
            }
            pay(partition, entry.getValue());
            long from = position(partition);
            long to = entry.getValue().getLast().offset() + 1;
            if (to > from) {
                moves.add(new Move(partition, from, to));
                entry.getValue().stream()
                        .filter(record -> record.offset() >= from)
                        .forEach(ahead::add);
            }
        }
        if (moves.isEmpty()) {
            return;
        }
        Projections.Written written;
        try (Connection connection = database.connection()) {
            connection.setAutoCommit(false);
            Offsets.advance(connection, moves);
            written = projections.write(connection, ahead);
            Letters.keep(connection, lettersOf(written.poison()));
            connection.commit();
        }
        written.fresh()
                .forEach((projection, fresh) -> meters.counter("parley.sink.events", "projection", projection)
                        .increment(fresh));
        haveMoved(moves);
        batches.record(Duration.between(began, Instant.now()));
        setAside(written.poison());
    }

    private void haveMoved(List<Move> moves) {
        moves.forEach(move -> {
            positions.put(move.partition(), move.to());
            moved.put(move.partition(), move.to());
        });
    }

    /** Rows that Postgres will not take: halves the batch until the record stands alone, sets it aside, and goes on. */
    void writeInParts(
            List<ConsumerRecord<byte[], byte[]>> refused, SQLException refusal, Predicate<TopicPartition> held)
            throws SQLException {
        if (refused.size() == 1) {
            ConsumerRecord<byte[], byte[]> record = refused.getFirst();
            if (held.test(partitionOf(record))) {
                Poison poison = new Poison(
                        projections.of(record.topic()),
                        record,
                        new Reason(ErrorCode.INVALID_RECORD, "Postgres refuses it: " + refusal.getSQLState()));
                pass(partitionOf(record), record.offset() + 1, List.of(poison));
                setAside(List.of(poison));
            }
            return;
        }
        int middle = refused.size() / 2;
        for (List<ConsumerRecord<byte[], byte[]>> half :
                List.of(refused.subList(0, middle), refused.subList(middle, refused.size()))) {
            try {
                write(half, held);
            } catch (SQLException e) {
                if (!Database.refusesTheRows(e)) {
                    throw e;
                }
                writeInParts(half, e, held);
            }
        }
    }

    /**
     * Where the last records of a compacted partition are gone, nothing comes, but the place is behind them all the same:
     * whoever asks whether the fold has come so far must not be told no for ever.
     */
    void passCompacted(TopicPartition partition, long position) throws SQLException {
        Long folded = positions.get(partition);
        if (projections.isCompacted(partition.topic()) && folded != null && position > folded) {
            pass(partition, position, List.of());
        }
    }

    private void pass(TopicPartition partition, long to, List<Poison> poison) throws SQLException {
        List<Move> moves = List.of(new Move(partition, position(partition), to));
        try (Connection connection = database.connection()) {
            connection.setAutoCommit(false);
            Offsets.advance(connection, moves);
            Letters.keep(connection, lettersOf(poison));
            connection.commit();
        }
        haveMoved(moves);
    }

    private static List<Letter> lettersOf(List<Poison> poison) {
        return poison.stream()
                .filter(one -> one.projection().setsPoisonAside())
                .map(Poison::letter)
                .toList();
    }

    /** What has been passed over for good: a crash before the letter is written leaves it to whoever comes next. */
    private void setAside(List<Poison> poison) throws SQLException {
        for (Poison one : poison) {
            ConsumerRecord<byte[], byte[]> record = one.record();
            if (one.projection().setsPoisonAside()) {
                deadLetters.add(record, one.reason());
            } else {
                logger.warn(
                        "skipped {}-{}@{}: {}",
                        record.topic(),
                        record.partition(),
                        record.offset(),
                        one.reason().cause());
                meters.counter("parley.records.skipped", "topic", record.topic())
                        .increment();
            }
        }
        drop(lettersOf(poison));
    }

    /** Writes the dead letters that are owed of some records. */
    private void pay(TopicPartition partition, List<ConsumerRecord<byte[], byte[]>> records) throws SQLException {
        Map<Long, Reason> reasons = owed.getOrDefault(partition, Map.of());
        if (reasons.isEmpty()) {
            return;
        }
        List<Letter> written = new ArrayList<>();
        for (ConsumerRecord<byte[], byte[]> record : records) {
            Reason reason = reasons.get(record.offset());
            if (reason != null) {
                deadLetters.add(record, reason);
                written.add(new Letter(partition, record.offset(), reason));
            }
        }
        written.forEach(letter -> reasons.remove(letter.offset()));
        drop(written);
    }

    private void drop(List<Letter> written) throws SQLException {
        if (!written.isEmpty()) {
            try (Connection connection = database.connection()) {
                Letters.drop(connection, written);
            }
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
