package dev.parley.sinks.feed;

import dev.parley.schemas.LogReader;
import dev.parley.schemas.Role;
import dev.parley.schemas.Topic;
import dev.parley.schemas.TopicSpec;
import dev.parley.schemas.Topics;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.schemas.serde.UndecodableRecordException;
import dev.parley.schemas.settings.KafkaSettings;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;

/**
 * Gives a {@link Feed} the log of record and the chunks of all partitions, in one order, from the recent past on.
 *
 * <p>The sink dead-letters poison events, the assembly poison chunks; here they are passed over.
 */
public final class FeedReader implements Role {

    private static final Map<String, Object> CONSUMER = Map.of(
            "isolation.level",
            "read_committed",
            "max.poll.records",
            2000,
            "max.partition.fetch.bytes",
            TopicSpec.MAX_MESSAGE_BYTES);

    private final KafkaSettings kafka;
    private final Topics topics;
    private final Feed feed;
    private final MeterRegistry meters;
    private final Timer delivery;
    private final LogReader reader;

    private FeedReader(FeedSettings settings, KafkaSettings kafka, Topics topics, Feed feed, MeterRegistry meters) {
        this.kafka = kafka;
        this.topics = topics;
        this.feed = feed;
        this.meters = meters;
        this.delivery = Timer.builder("parley.feed.delivery")
                .description("From a record's timestamp to its frames being handed to clients")
                .publishPercentileHistogram()
                .register(meters);
        this.reader = new LogReader(
                List.of(topics.events(), topics.chunks()),
                new LogReader.Start.Since(settings.lookback()),
                kafka,
                "parley-feed",
                CONSUMER,
                new Records());
    }

    public static FeedReader start(
            FeedSettings settings, KafkaSettings kafka, Topics topics, Feed feed, MeterRegistry meters) {
        FeedReader reader = new FeedReader(settings, kafka, topics, feed, meters);
        reader.reader.start();
        return reader;
    }

    @Override
    public String name() {
        return "feed";
    }

    @Override
    public Health health() {
        boolean live = reader.isCaughtUp();
        return reader.trouble()
                .map(trouble -> new Health(false, trouble))
                .orElseGet(() -> new Health(live, live ? "live" : "reading the recent past"));
    }

    @Override
    public boolean hasDied() {
        return reader.hasDied();
    }

    private final class Records implements LogReader.Records {

        @Override
        public void begin(Map<TopicPartition, Long> positions) {
            long[] from = new long
                    [(int) positions.keySet().stream()
                            .filter(partition -> isEvents(partition.topic()))
                            .count()];
            positions.forEach((partition, position) -> {
                if (isEvents(partition.topic())) {
                    from[partition.partition()] = position;
                }
            });
            feed.begin(topicId(), from);
        }

        @Override
        public void take(ConsumerRecord<byte[], byte[]> record) {
            ConversationKey key = key(record);
            if (isEvents(record.topic())) {
                feed.take(key, decoded(topics.events(), record), record.partition(), record.offset());
            } else {
                feed.take(key, decoded(topics.chunks(), record));
            }
            delivery.record(Duration.ofMillis(Math.max(0, System.currentTimeMillis() - record.timestamp())));
        }

        @Override
        public void skip(ConsumerRecord<byte[], byte[]> record) {
            meters.counter("parley.records.skipped", "topic", record.topic()).increment();
            if (isEvents(record.topic())) {
                feed.skip(record.partition(), record.offset());
            }
        }
    }

    private boolean isEvents(String topic) {
        return topic.equals(topics.events().name());
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
        try {
            return ConversationKey.parse(new String(record.key(), StandardCharsets.UTF_8));
        } catch (IllegalArgumentException e) {
            throw new UndecodableRecordException("the key is not a conversation's", e);
        }
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

    @Override
    public void close() {
        reader.close();
    }
}
