package dev.parley.sinks.postgres;

import dev.parley.schemas.ClientThread;
import dev.parley.schemas.Role.Health;
import dev.parley.schemas.serde.RegistryUnavailableException;
import dev.parley.sinks.postgres.Offsets.Place;
import dev.parley.sinks.postgres.Offsets.StaleInstanceException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
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
 * before it reads on. A partition whose place cannot be read waits, paused.
 */
final class SinkSession implements ConsumerRebalanceListener {

    private static final Logger logger = LoggerFactory.getLogger(SinkSession.class);

    private static final Duration POLL = Duration.ofMillis(500);
    private static final Duration BETWEEN_LOOKS = Duration.ofSeconds(3);
    private static final Duration PAUSE_FOR_REGISTRY = Duration.ofSeconds(1);
    private static final Health FOLDING = new Health(true, "folding");

    private final KafkaConsumer<byte[], byte[]> consumer;
    private final LogIdentity log;
    private final BatchWriter writer;
    private final ClientThread thread;
    private final Outage outage;
    private final Consumer<Health> onHealth;

    /** Partitions of this instance that are not read yet, since nobody has asked Postgres for their places, or it did not say. */
    private final Set<TopicPartition> unplaced = new HashSet<>();

    private boolean ready;
    private long looked = System.nanoTime();

    /** {@code onHealth} is told of each change. */
    SinkSession(
            KafkaConsumer<byte[], byte[]> consumer,
            LogIdentity log,
            BatchWriter writer,
            ClientThread thread,
            Outage outage,
            Consumer<Health> onHealth) {
        this.consumer = consumer;
        this.log = log;
        this.writer = writer;
        this.thread = thread;
        this.outage = outage;
        this.onHealth = onHealth;
    }

    private void tell(Health health) {
        ready = health.ready();
        onHealth.accept(health);
    }

    /**
     * Until the end is asked for.
     *
     * @throws LogIdentity.AnotherLogException where the tables were not made from this log
     */
    void follow() {
        consumer.subscribe(writer.topics(), this);
        while (!thread.isClosing()) {
            place();
            List<ConsumerRecord<byte[], byte[]>> records = inOrder(consumer.poll(POLL));
            if (!ready && unplaced.isEmpty() && !consumer.assignment().isEmpty()) {
                tell(FOLDING);
            } else if (!ready && unplaced.isEmpty() && consumer.groupMetadata().generationId() >= 0) {
                tell(new Health(true, "standing by: other instances have all partitions"));
            }
            if (!records.isEmpty()) {
                handle(records);
            } else {
                untilPostgresAnswers(this::passCompacted);
                lookAfterPostgres();
            }
            commit();
        }
    }

    /** Asks now and then while there is nothing to write: whether it could be written is what health says. */
    private void lookAfterPostgres() {
        long now = System.nanoTime();
        if (now - looked > BETWEEN_LOOKS.toNanos()) {
            looked = now;
            untilPostgresAnswers(writer::ask);
        }
    }

    private static List<ConsumerRecord<byte[], byte[]>> inOrder(ConsumerRecords<byte[], byte[]> records) {
        List<ConsumerRecord<byte[], byte[]>> list = new ArrayList<>(records.count());
        records.forEach(list::add);
        return list;
    }

    @Override
    public void onPartitionsAssigned(Collection<TopicPartition> assigned) {
        assigned.forEach(this::hold);
    }

    @Override
    public void onPartitionsRevoked(Collection<TopicPartition> revoked) {
        revoked.forEach(writer::forget);
        unplaced.removeAll(revoked);
    }

    /** Nothing is read of a partition until its place is known: not from its beginning, and not from where Kafka has it. */
    private void hold(TopicPartition partition) {
        writer.forget(partition);
        unplaced.add(partition);
        consumer.seek(partition, 0);
        consumer.pause(List.of(partition));
    }

    /** Has every partition read from where the tables stand in it. */
    private void place() {
        if (!unplaced.isEmpty()) {
            untilPostgresAnswers(() -> {
                Map<TopicPartition, String> topicIds = new HashMap<>();
                unplaced.forEach(partition -> topicIds.put(partition, topicId(partition)));
                log.check(writer.installation(log.prefix()));
                Map<TopicPartition, Place> places = writer.load(topicIds);
                Map<TopicPartition, Long> firsts = consumer.beginningOffsets(places.keySet());
                Map<TopicPartition, Long> ends = consumer.endOffsets(places.keySet());
                places.forEach((partition, place) -> {
                    log.check(partition, place, bound(ends, partition));
                    begin(partition, bound(firsts, partition));
                });
            });
        }
    }

    private String topicId(TopicPartition partition) {
        return log.topicId(partition.topic())
                .orElseThrow(() -> new KafkaException(partition.topic() + " came into being in between"));
    }

    private void begin(TopicPartition partition, long first) {
        long start = writer.start(partition);
        if (start < first) {
            logger.warn(
                    "{} begins at {}, and the tables stand at {}: what was between is gone", partition, first, start);
        }
        consumer.seek(partition, Math.max(start, first));
        consumer.resume(List.of(partition));
        unplaced.remove(partition);
    }

    private static long bound(Map<TopicPartition, Long> bounds, TopicPartition partition) {
        return Objects.requireNonNull(bounds.get(partition), "a bound of " + partition);
    }

    private boolean isPlaced(TopicPartition partition) {
        return consumer.assignment().contains(partition) && !unplaced.contains(partition);
    }

    private void handle(List<ConsumerRecord<byte[], byte[]>> records) {
        untilPostgresAnswers(() -> {
            try {
                writer.write(records, this::isPlaced);
            } catch (SQLException e) {
                if (!Database.refusesTheRows(e)) {
                    throw e;
                }
                writer.writeInParts(records, e, this::isPlaced);
            }
        });
    }

    private void passCompacted() throws SQLException {
        for (TopicPartition partition : consumer.assignment()) {
            if (isPlaced(partition)) {
                writer.passCompacted(partition, consumer.position(partition));
            }
        }
    }

    /** What is to be done in Postgres; done again from its beginning as often as it has to be. */
    @FunctionalInterface
    private interface Step {
        void take() throws SQLException;
    }

    private void untilPostgresAnswers(Step step) {
        boolean waited = false;
        while (!thread.isClosing()) {
            try {
                step.take();
                break;
            } catch (SQLException e) {
                Duration pause = outage.goesOn(e);
                waitFor(outage.reason(), pause);
                waited = true;
            } catch (StaleInstanceException e) {
                logger.warn("this instance is stale and starts over: {}", e.getMessage());
                consumer.assignment().forEach(this::hold);
                break;
            } catch (RegistryUnavailableException e) {
                logger.warn("waiting for the schema registry");
                waitFor("the schema registry does not answer", PAUSE_FOR_REGISTRY);
                waited = true;
            }
        }
        if (waited && !thread.isClosing()) {
            outage.isOver();
            consumer.assignment().stream()
                    .filter(partition -> !unplaced.contains(partition))
                    .forEach(partition -> consumer.resume(List.of(partition)));
        }
    }

    /** Stays in the group meanwhile; nothing comes, since all is paused, and so is what is assigned now. */
    private void waitFor(String what, Duration pause) {
        tell(new Health(false, what));
        consumer.pause(consumer.assignment());
        thread.pause(pause);
        consumer.poll(Duration.ZERO);
    }

    /** Has Kafka know, too, where Postgres stands. */
    private void commit() {
        Map<TopicPartition, OffsetAndMetadata> places = new HashMap<>();
        writer.takeMoved().forEach((partition, place) -> places.put(partition, new OffsetAndMetadata(place)));
        if (!places.isEmpty()) {
            consumer.commitAsync(places, null);
        }
    }
}
