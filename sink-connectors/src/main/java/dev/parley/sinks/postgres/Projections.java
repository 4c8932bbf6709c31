package dev.parley.sinks.postgres;

import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.TopicSpec.Retention;
import dev.parley.schemas.Topics;
import dev.parley.schemas.serde.UndecodableRecordException;
import dev.parley.sinks.postgres.Letters.Reason;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** The read models of a sink, by topic: each gets the records of a batch that are its own. */
final class Projections {

    private final Map<String, Projection<?>> byTopic = new LinkedHashMap<>();

    Projections(List<Projection<?>> projections) {
        for (Projection<?> projection : projections) {
            if (byTopic.put(projection.topic().name(), projection) != null) {
                throw new IllegalArgumentException(
                        "two read models of " + projection.topic().name() + " would share their places in it");
            }
        }
    }

    /** Every read model. */
    static Projections of(Topics topics) {
        return new Projections(List.of(new ConversationProjection(topics), new DocumentProjection(topics)));
    }

    List<String> topics() {
        return List.copyOf(byTopic.keySet());
    }

    Projection<?> of(String topic) {
        Projection<?> projection = byTopic.get(topic);
        if (projection == null) {
            throw new IllegalArgumentException("nothing is folded of " + topic);
        }
        return projection;
    }

    boolean isCompacted(String topic) {
        return of(topic).topic().spec().retention() instanceof Retention.Compacted;
    }

    /**
     * What a batch has come to.
     *
     * @param fresh how many records were new, by the name of their read model
     */
    record Written(Map<String, Integer> fresh, List<Poison> poison) {}

    /** Writes what can be written of a batch, in the caller's transaction. */
    Written write(Connection connection, List<ConsumerRecord<byte[], byte[]>> batch) throws SQLException {
        Map<String, List<ConsumerRecord<byte[], byte[]>>> records =
                batch.stream().collect(Collectors.groupingBy(ConsumerRecord::topic));
        Written written = new Written(new LinkedHashMap<>(), new ArrayList<>());
        for (Map.Entry<String, Projection<?>> entry : byTopic.entrySet()) {
            write(entry.getValue(), connection, records.getOrDefault(entry.getKey(), List.of()), written);
        }
        return written;
    }

    private static <R> void write(
            Projection<R> projection,
            Connection connection,
            List<ConsumerRecord<byte[], byte[]>> records,
            Written written)
            throws SQLException {
        List<R> batch = new ArrayList<>(records.size());
        for (ConsumerRecord<byte[], byte[]> record : records) {
            try {
                batch.add(projection.read(record));
            } catch (UndecodableRecordException | IllegalArgumentException e) {
                written.poison()
                        .add(new Poison(
                                projection,
                                record,
                                new Reason(ErrorCode.UNDECODABLE_RECORD, String.valueOf(e.getMessage()))));
            }
        }
        if (!batch.isEmpty()) {
            written.fresh().put(projection.name(), projection.write(connection, batch));
        }
    }
}
