package dev.parley.schemas;

import dev.parley.schemas.serde.RegistryUnavailableException;
import dev.parley.schemas.serde.UndecodableRecordException;
import dev.parley.schemas.settings.KafkaSettings;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads all partitions of some topics into one order, in no group, from a start on and then whatever is added: every process
 * that does so reads all of it. One platform thread owns the consumer.
 *
 * <p>What goes wrong outside a record is tried again from the same place. A record that cannot be read is passed over, since
 * it is for one reader of its topic to set it aside, and there are many of these.
 */
public final class LogReader implements AutoCloseable {

    private static final Logger logger = LoggerFactory.getLogger(LogReader.class);

    private static final Duration POLL = Duration.ofMillis(500);
    private static final Duration POLL_UNTIL_CAUGHT_UP = Duration.ofMillis(20);
    private static final Duration PAUSE_AFTER_TROUBLE = Duration.ofSeconds(1);

    /** Where the first record is read. */
    public sealed interface Start {
        /** For what holds until it is said otherwise. */
        record Beginning() implements Start {}

        /** For what is news to those who wait for it, and to nobody else. */
        record End() implements Start {}

        /** At the first record that is no older. */
        record Since(Duration lookback) implements Start {}
    }

    /** Takes records, on the reader's thread. */
    public interface Records {

        /** Where each partition will be read from; called once, before the first record. */
        default void begin(Map<TopicPartition, Long> positions) {}

        /**
         * The next record, which it decodes.
         *
         * @throws RegistryUnavailableException to be given it again in a while
         * @throws UndecodableRecordException to have it skipped, as every other exception has
         */
        void take(ConsumerRecord<byte[], byte[]> record);

        /** Is told of each record that cannot be taken. */
        void skip(ConsumerRecord<byte[], byte[]> record);
    }

    private final List<String> topics;
    private final Start start;
    private final Supplier<Consumer<byte[], byte[]>> clients;
    private final Records records;
    private final Map<TopicPartition, Long> positions = new HashMap<>();
    private final CountDownLatch caughtUp = new CountDownLatch(1);
    private final ClientThread thread;
    private volatile Optional<String> trouble = Optional.empty();

    /**
     * Reads nothing before {@link #start}.
     *
     * @param clientId names the client and its thread
     * @param settings of a consumer, besides the usual
     */
    public LogReader(
            List<? extends Topic<?, ?>> topics,
            Start start,
            KafkaSettings kafka,
            String clientId,
            Map<String, Object> settings,
            Records records) {
        this(
                topics.stream().map(Topic::name).toList(),
                start,
                clientId,
                () -> consumer(kafka, clientId, settings),
                records);
    }

    /** A reader whose consumers come from {@code clients}, one after the other. */
    LogReader(
            List<String> topics,
            Start start,
            String name,
            Supplier<Consumer<byte[], byte[]>> clients,
            Records records) {
        this.topics = topics;
        this.start = start;
        this.clients = clients;
        this.records = records;
        this.thread = new ClientThread(name, this::run);
    }

    private static Consumer<byte[], byte[]> consumer(
            KafkaSettings kafka, String clientId, Map<String, Object> settings) {
        Map<String, Object> all = new HashMap<>(settings);
        all.put("enable.auto.commit", false);
        all.put("auto.offset.reset", "earliest");
        return new KafkaConsumer<>(
                kafka.client(clientId, all), new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    public void start() {
        thread.start();
    }

    /** Waits until all that was there at the start has been read. */
    public void awaitCaughtUp() throws InterruptedException {
        caughtUp.await();
    }

    /** Waits that long, or less; whether all that was there at the start has been read. */
    public boolean awaitCaughtUp(Duration limit) throws InterruptedException {
        return caughtUp.await(limit.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Whether all that was there at the start has been read. */
    public boolean isCaughtUp() {
        return caughtUp.getCount() == 0;
    }

    /** What keeps it from reading on, since it is tried again and again; empty while it reads. */
    public Optional<String> trouble() {
        return trouble;
    }

    /** Whether it will never read on. */
    public boolean hasDied() {
        return thread.hasDied();
    }

    private void run() {
        while (!thread.isClosing()) {
            try (Consumer<byte[], byte[]> consumer = clients.get()) {
                follow(consumer);
            } catch (KafkaException e) {
                if (!thread.isClosing()) {
                    trouble = Optional.of("cannot read: " + e);
                    logger.warn("{} cannot be read, trying again: {}", topics, e.toString());
                    thread.pause(PAUSE_AFTER_TROUBLE);
                }
            }
        }
    }

    private void follow(Consumer<byte[], byte[]> consumer) {
        List<TopicPartition> partitions = partitions(consumer);
        consumer.assign(partitions);
        Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
        if (positions.isEmpty()) {
            Map<TopicPartition, Long> first = startingPositions(consumer, partitions, ends);
            records.begin(Map.copyOf(first));
            positions.putAll(first);
        }
        positions.forEach(consumer::seek);
        while (!thread.isClosing()) {
            if (!isCaughtUp()
                    && ends.entrySet().stream().allMatch(end -> consumer.position(end.getKey()) >= end.getValue())) {
                caughtUp.countDown();
            }
            ConsumerRecords<byte[], byte[]> read = consumer.poll(isCaughtUp() ? POLL : POLL_UNTIL_CAUGHT_UP);
            trouble = Optional.empty();
            for (ConsumerRecord<byte[], byte[]> record : read) {
                take(record);
                positions.put(new TopicPartition(record.topic(), record.partition()), record.offset() + 1);
                if (thread.isClosing()) {
                    return;
                }
            }
        }
    }

    private List<TopicPartition> partitions(Consumer<byte[], byte[]> consumer) {
        List<TopicPartition> partitions = new ArrayList<>();
        for (String topic : topics) {
            var found = consumer.partitionsFor(topic);
            if (found.isEmpty()) {
                throw new KafkaException("topic " + topic + " does not exist yet");
            }
            found.forEach(info -> partitions.add(new TopicPartition(info.topic(), info.partition())));
        }
        return partitions;
    }

    private Map<TopicPartition, Long> startingPositions(
            Consumer<byte[], byte[]> consumer, List<TopicPartition> partitions, Map<TopicPartition, Long> ends) {
        return switch (start) {
            case Start.Beginning() -> consumer.beginningOffsets(partitions);
            case Start.End() -> ends;
            case Start.Since(Duration lookback) -> since(Instant.now().minus(lookback), consumer, ends);
        };
    }

    private static Map<TopicPartition, Long> since(
            Instant time, Consumer<byte[], byte[]> consumer, Map<TopicPartition, Long> ends) {
        Map<TopicPartition, Long> times = new HashMap<>();
        ends.keySet().forEach(partition -> times.put(partition, time.toEpochMilli()));
        Map<TopicPartition, OffsetAndTimestamp> found = consumer.offsetsForTimes(times);
        Map<TopicPartition, Long> positions = new HashMap<>();
        ends.forEach((partition, end) -> {
            OffsetAndTimestamp first = found.get(partition);
            positions.put(partition, first == null ? end : first.offset());
        });
        return positions;
    }

    private void take(ConsumerRecord<byte[], byte[]> record) {
        while (!thread.isClosing()) {
            try {
                records.take(record);
                if (trouble.isPresent()) {
                    trouble = Optional.empty();
                }
                return;
            } catch (UndecodableRecordException e) {
                records.skip(record);
                return;
            } catch (RegistryUnavailableException e) {
                trouble = Optional.of(String.valueOf(e.getMessage()));
                thread.pause(PAUSE_AFTER_TROUBLE);
            } catch (RuntimeException e) {
                // A fault of the reader's own: it goes without one record, rather than without all that follow.
                logger.error("{}-{}@{} cannot be taken", record.topic(), record.partition(), record.offset(), e);
                records.skip(record);
                return;
            }
        }
    }

    @Override
    public void close() {
        thread.close();
    }
}
