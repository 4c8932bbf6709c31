package dev.parley.sinks.feed;

import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.GenerationChunk;
import dev.parley.schemas.ConversationKey;
import dev.parley.schemas.Role;
import dev.parley.schemas.Topic;
import dev.parley.schemas.TopicSpec;
import dev.parley.schemas.Topics;
import dev.parley.schemas.config.KafkaSettings;
import dev.parley.schemas.serde.RegistryUnavailableException;
import dev.parley.schemas.serde.UndecodableRecordException;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tails the log of record and the chunks of all partitions into one order, for a {@link Feed}, from the recent past on. One
 * platform thread owns the consumer.
 */
public final class FeedReader implements Role {

    private static final Logger logger = LoggerFactory.getLogger(FeedReader.class);

    private static final Duration POLL = Duration.ofMillis(500);
    private static final Duration PAUSE_AFTER_TROUBLE = Duration.ofSeconds(1);

    private final Duration lookback;
    private final KafkaSettings kafka;
    private final Topics topics;
    private final Feed feed;
    private final MeterRegistry meters;
    private final Timer delivery;
    private final Thread thread;
    private volatile boolean closing;
    private volatile boolean caughtUp;

    private FeedReader(Duration lookback, KafkaSettings kafka, Topics topics, Feed feed, MeterRegistry meters) {
        this.lookback = lookback;
        this.kafka = kafka;
        this.topics = topics;
        this.feed = feed;
        this.meters = meters;
        this.delivery = Timer.builder("parley.feed.delivery")
                .description("From a record's timestamp to its frames being handed to clients")
                .publishPercentileHistogram()
                .register(meters);
        this.thread = Thread.ofPlatform().name("feed").unstarted(this::run);
    }

    public static FeedReader start(
            FeedSettings settings, KafkaSettings kafka, Topics topics, Feed feed, MeterRegistry meters) {
        FeedReader reader = new FeedReader(settings.lookback(), kafka, topics, feed, meters);
        reader.thread.start();
        return reader;
    }

    @Override
    public String name() {
        return "feed";
    }

    @Override
    public Health health() {
        return new Health(caughtUp, caughtUp ? "live" : "reading the recent past");
    }

    private void run() {
        Map<TopicPartition, Long> positions = new HashMap<>();
        while (!closing) {
            try (KafkaConsumer<byte[], byte[]> consumer = consumer()) {
                follow(consumer, positions);
            } catch (KafkaException e) {
                if (!closing) {
                    logger.warn("the feed cannot read, trying again: {}", e.toString());
                    pause(PAUSE_AFTER_TROUBLE);
                }
            }
        }
    }

    private KafkaConsumer<byte[], byte[]> consumer() {
        return new KafkaConsumer<>(
                kafka.client(
                        "parley-feed",
                        Map.of(
                                "enable.auto.commit",
                                false,
                                "auto.offset.reset",
                                "earliest",
                                "isolation.level",
                                "read_committed",
                                "fetch.min.bytes",
                                1,
                                "max.poll.records",
                                2000,
                                "max.partition.fetch.bytes",
                                TopicSpec.MAX_MESSAGE_BYTES)),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer());
    }

    /**
     * Reads until the end is asked for.
     *
     * @param positions where to go on; filled at the first call
     */
    private void follow(KafkaConsumer<byte[], byte[]> consumer, Map<TopicPartition, Long> positions) {
        List<TopicPartition> partitions = new ArrayList<>();
        for (Topic<?, ?> topic : List.of(topics.events(), topics.chunks())) {
            consumer.partitionsFor(topic.name())
                    .forEach(info -> partitions.add(new TopicPartition(info.topic(), info.partition())));
        }
        consumer.assign(partitions);
        Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
        if (positions.isEmpty()) {
            positions.putAll(startingPositions(consumer, partitions, ends));
            begin(positions);
        }
        positions.forEach(consumer::seek);
        while (!closing) {
            if (!caughtUp
                    && ends.entrySet().stream().allMatch(end -> consumer.position(end.getKey()) >= end.getValue())) {
                caughtUp = true;
            }
            for (ConsumerRecord<byte[], byte[]> record : consumer.poll(caughtUp ? POLL : Duration.ofMillis(20))) {
                take(record);
                positions.put(new TopicPartition(record.topic(), record.partition()), record.offset() + 1);
                if (closing) {
                    return;
                }
            }
        }
    }

    private Map<TopicPartition, Long> startingPositions(
            KafkaConsumer<byte[], byte[]> consumer, List<TopicPartition> partitions, Map<TopicPartition, Long> ends) {
        long since = Instant.now().minus(lookback).toEpochMilli();
        Map<TopicPartition, Long> times = new HashMap<>();
        partitions.forEach(partition -> times.put(partition, since));
        Map<TopicPartition, OffsetAndTimestamp> found = consumer.offsetsForTimes(times);
        Map<TopicPartition, Long> positions = new HashMap<>();
        for (TopicPartition partition : partitions) {
            OffsetAndTimestamp first = found.get(partition);
            positions.put(partition, first == null ? ends.getOrDefault(partition, 0L) : first.offset());
        }
        return positions;
    }

    private void begin(Map<TopicPartition, Long> positions) {
        long[] from = new long
                [(int) positions.keySet().stream()
                        .filter(partition ->
                                partition.topic().equals(topics.events().name()))
                        .count()];
        positions.forEach((partition, position) -> {
            if (partition.topic().equals(topics.events().name())) {
                from[partition.partition()] = position;
            }
        });
        feed.begin(topicId(), from);
    }

    private String topicId() {
        try (Admin admin = Admin.create(kafka.client("parley-feed-admin", Map.of()))) {
            return admin.describeTopics(List.of(topics.events().name()))
                    .allTopicNames()
                    .get()
                    .values()
                    .iterator()
                    .next()
                    .topicId()
                    .toString();
        } catch (ExecutionException e) {
            throw new KafkaException("cannot describe " + topics.events().name(), e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new KafkaException("interrupted", e);
        }
    }

    private void take(ConsumerRecord<byte[], byte[]> record) {
        while (!closing) {
            try {
                if (record.topic().equals(topics.events().name())) {
                    takeEvent(record);
                } else {
                    takeChunk(record);
                }
                delivery.record(Duration.ofMillis(Math.max(0, System.currentTimeMillis() - record.timestamp())));
                return;
            } catch (UndecodableRecordException | IllegalArgumentException e) {
                // The sink dead-letters poison events, the assembly poison chunks; here they are passed over.
                skip(record);
                return;
            } catch (RegistryUnavailableException e) {
                pause(PAUSE_AFTER_TROUBLE);
            } catch (RuntimeException e) {
                // A fault of this feed's own: one record is not told, rather than none any more.
                logger.error("{}-{}@{} cannot be told", record.topic(), record.partition(), record.offset(), e);
                skip(record);
                return;
            }
        }
    }

    private void takeEvent(ConsumerRecord<byte[], byte[]> record) {
        ConversationKey key = key(record);
        ConversationEvent event = decoded(topics.events(), record);
        feed.take(key, event, record.partition(), record.offset());
    }

    private void takeChunk(ConsumerRecord<byte[], byte[]> record) {
        ConversationKey key = key(record);
        GenerationChunk chunk = decoded(topics.chunks(), record);
        feed.take(key, chunk);
    }

    private static <V> V decoded(Topic<String, V> topic, ConsumerRecord<byte[], byte[]> record) {
        V value =
                record.value() == null ? null : topic.values().deserializer().deserialize(topic.name(), record.value());
        if (value == null) {
            throw new UndecodableRecordException("the value is missing");
        }
        return value;
    }

    private static ConversationKey key(ConsumerRecord<byte[], byte[]> record) {
        if (record.key() == null) {
            throw new UndecodableRecordException("the key is missing");
        }
        return ConversationKey.parse(new String(record.key(), StandardCharsets.UTF_8));
    }

    private void skip(ConsumerRecord<byte[], byte[]> record) {
        meters.counter("parley.records.skipped", "topic", record.topic()).increment();
        if (record.topic().equals(topics.events().name())) {
            feed.skip(record.partition(), record.offset());
        }
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
            // Its poll ends within half a second; only a thread that hangs elsewhere is interrupted.
            if (!thread.join(Duration.ofSeconds(2))) {
                thread.interrupt();
                thread.join(Duration.ofSeconds(2));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
