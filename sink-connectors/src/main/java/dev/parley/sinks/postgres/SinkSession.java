package dev.parley.sinks.postgres;

import dev.parley.schemas.ClientThread;
import dev.parley.schemas.Role.Health;
import dev.parley.schemas.serde.RegistryUnavailableException;
import dev.parley.sinks.postgres.Offsets.StaleInstanceException;
import io.micrometer.core.instrument.MeterRegistry;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One membership in the sinks' group, on the sink's thread: reads batches from where Postgres stands, and has each written
 * before it reads on.
 */
final class SinkSession implements ConsumerRebalanceListener {

    private static final Logger logger = LoggerFactory.getLogger(SinkSession.class);

    private static final Duration POLL = Duration.ofMillis(500);
    private static final Duration PAUSE_FOR_REGISTRY = Duration.ofSeconds(1);
    private static final Health FOLDING = new Health(true, "folding");

    private final KafkaConsumer<byte[], byte[]> consumer;
    private final BatchWriter writer;
    private final ClientThread thread;
    private final MeterRegistry meters;
    private final Consumer<Health> onHealth;
    private boolean ready;

    /** {@code onHealth} is told of each change. */
    SinkSession(
            KafkaConsumer<byte[], byte[]> consumer,
            BatchWriter writer,
            ClientThread thread,
            MeterRegistry meters,
            Consumer<Health> onHealth) {
        this.consumer = consumer;
        this.writer = writer;
        this.thread = thread;
        this.meters = meters;
        this.onHealth = onHealth;
    }

    private void tell(Health health) {
        ready = health.ready();
        onHealth.accept(health);
    }

    /** Until the end is asked for. */
    void follow() {
        consumer.subscribe(writer.topics(), this);
        while (!thread.isClosing()) {
            ConsumerRecords<byte[], byte[]> records = consumer.poll(POLL);
            if (!ready && !consumer.assignment().isEmpty()) {
                tell(FOLDING);
            } else if (!ready && consumer.groupMetadata().generationId() >= 0) {
                tell(new Health(true, "standing by: other instances have all partitions"));
            }
            if (!records.isEmpty()) {
                handle(inOrder(records));
            } else {
                consumer.assignment()
                        .forEach(partition -> writer.passCompacted(partition, consumer.position(partition)));
                commit();
            }
        }
    }

    private static List<ConsumerRecord<byte[], byte[]>> inOrder(ConsumerRecords<byte[], byte[]> records) {
        List<ConsumerRecord<byte[], byte[]>> list = new ArrayList<>(records.count());
        records.forEach(list::add);
        return list;
    }

    @Override
    public void onPartitionsAssigned(Collection<TopicPartition> assigned) {
        for (TopicPartition partition : assigned) {
            try {
                seek(partition);
            } catch (SQLException e) {
                // Read from the beginning, and left out as far as it is behind the place, once that is known.
                writer.forget(partition);
                consumer.seekToBeginning(List.of(partition));
            }
        }
    }

    @Override
    public void onPartitionsRevoked(Collection<TopicPartition> revoked) {
        revoked.forEach(writer::forget);
    }

    private void seek(TopicPartition partition) throws SQLException {
        consumer.seek(partition, writer.load(partition));
    }

    private boolean holds(TopicPartition partition) {
        return consumer.assignment().contains(partition);
    }

    private void handle(List<ConsumerRecord<byte[], byte[]>> records) {
        Backoff backoff = new Backoff();
        Set<TopicPartition> paused = Set.of();
        while (!thread.isClosing()) {
            try {
                writer.write(records, this::holds);
                break;
            } catch (SQLException e) {
                if (!Database.isOutage(e)) {
                    writer.writeInParts(records, e, this::holds);
                    break;
                }
                tell(new Health(false, "Postgres does not answer"));
                meters.counter("parley.sink.outages").increment();
                logger.warn("waiting for Postgres: {}", e.toString());
                if (paused.isEmpty()) {
                    paused = Set.copyOf(consumer.assignment());
                    consumer.pause(paused);
                }
                thread.pause(backoff.next());
                // Stays in the group; nothing comes, since all is paused.
                consumer.poll(Duration.ZERO);
            } catch (StaleInstanceException e) {
                logger.warn("this instance is stale and starts over: {}", e.getMessage());
                reload(BatchWriter.byPartition(records).keySet());
                break;
            } catch (RegistryUnavailableException e) {
                logger.warn("waiting for the schema registry");
                thread.pause(PAUSE_FOR_REGISTRY);
            }
        }
        if (!paused.isEmpty()) {
            consumer.resume(consumer.assignment());
        }
        commit();
        if (!thread.isClosing()) {
            tell(FOLDING);
        }
    }

    /** Has Kafka know, too, where Postgres stands. */
    private void commit() {
        Map<TopicPartition, OffsetAndMetadata> places = new HashMap<>();
        writer.takeMoved().forEach((partition, place) -> places.put(partition, new OffsetAndMetadata(place)));
        if (!places.isEmpty()) {
            consumer.commitAsync(places, null);
        }
    }

    /** Goes back to where Postgres is, in those partitions that this instance holds. */
    private void reload(Set<TopicPartition> partitions) {
        for (TopicPartition partition : partitions) {
            if (holds(partition)) {
                try {
                    seek(partition);
                } catch (SQLException e) {
                    throw new KafkaException("the place of " + partition + " cannot be read", e);
                }
            }
        }
    }
}
