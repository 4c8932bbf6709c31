package dev.parley.config;

import dev.parley.chat.v1.Configuration;
import dev.parley.schemas.CloudEventHeaders;
import dev.parley.schemas.Topic;
import dev.parley.schemas.TopicSpec;
import dev.parley.schemas.routes.BuiltInConfiguration;
import dev.parley.schemas.serde.RegistryUnavailableException;
import dev.parley.schemas.serde.UndecodableRecordException;
import dev.parley.schemas.settings.KafkaSettings;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * The topic of configurations, whose last record is in force. Any number of processes may write: none reserves anything,
 * and the last record wins on every node, since all read them in the one order of the log.
 *
 * <p>Opens clients for each call and closes them, on the caller's thread: configurations change by hand.
 */
public final class ConfigurationLog {

    private static final String SOURCE = "/parley/configuration";
    private static final String CLIENT_ID = "parley-configuration";
    private static final int PATIENCE_MILLIS = 20_000;
    private static final Duration POLL = Duration.ofMillis(200);
    private static final int MAX_REMEMBERED = 1_000;

    private final KafkaSettings kafka;
    private final Topic<String, Configuration> topic;

    /** One record: a version that was put in force, and when. */
    public record Entry(Instant time, Configuration configuration) {}

    public ConfigurationLog(KafkaSettings kafka, Topic<String, Configuration> topic) {
        this.kafka = kafka;
        this.topic = topic;
    }

    /**
     * What was put in force, oldest first, the last in force now: of each version the latest time at least, since the
     * topic is compacted; at most the last thousand. Records that cannot be read are left out, as every node does.
     *
     * @throws ConfigurationLogException where Kafka or the registry does not answer
     */
    public List<Entry> history() {
        Map<String, Object> settings = kafka.client(
                CLIENT_ID,
                Map.of(
                        "enable.auto.commit",
                        false,
                        "auto.offset.reset",
                        "earliest",
                        "allow.auto.create.topics",
                        false,
                        "default.api.timeout.ms",
                        PATIENCE_MILLIS));
        try (KafkaConsumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            if (consumer.partitionsFor(topic.name()).isEmpty()) {
                throw new ConfigurationLogException(missing());
            }
            return read(consumer);
        } catch (KafkaException e) {
            throw failure("read", e);
        }
    }

    private List<Entry> read(KafkaConsumer<byte[], byte[]> consumer) {
        TopicPartition partition = new TopicPartition(topic.name(), 0);
        consumer.assign(List.of(partition));
        consumer.seekToBeginning(List.of(partition));
        long end = consumer.endOffsets(List.of(partition)).getOrDefault(partition, 0L);
        Deque<Entry> entries = new ArrayDeque<>();
        long deadline = System.nanoTime() + Duration.ofMillis(PATIENCE_MILLIS).toNanos();
        while (consumer.position(partition) < end) {
            for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
                decoded(record)
                        .ifPresent(configuration ->
                                entries.add(new Entry(Instant.ofEpochMilli(record.timestamp()), configuration)));
                if (entries.size() > MAX_REMEMBERED) {
                    entries.removeFirst();
                }
                deadline =
                        System.nanoTime() + Duration.ofMillis(PATIENCE_MILLIS).toNanos();
            }
            if (System.nanoTime() > deadline) {
                throw new ConfigurationLogException(
                        "cannot read topic " + topic.name() + ": nothing came for " + PATIENCE_MILLIS / 1000 + " s");
            }
        }
        return new ArrayList<>(entries);
    }

    private Optional<Configuration> decoded(ConsumerRecord<byte[], byte[]> record) {
        try {
            return Optional.ofNullable(topic.values().deserializer().deserialize(topic.name(), record.value()));
        } catch (UndecodableRecordException e) {
            return Optional.empty();
        } catch (RegistryUnavailableException e) {
            throw new ConfigurationLogException("the schema registry does not answer", e);
        }
    }

    /** The last of the log; the built-in one while there is none. */
    public Configuration inForce() {
        List<Entry> history = history();
        return history.isEmpty()
                ? BuiltInConfiguration.get()
                : history.getLast().configuration();
    }

    /** A version that the log still has, or the built-in one's; {@code built-in} names that, too. */
    public Optional<Configuration> find(String version) {
        Configuration builtIn = BuiltInConfiguration.get();
        if (version.equals(BuiltInConfiguration.ORIGIN) || version.equals(builtIn.getVersion())) {
            return Optional.of(builtIn);
        }
        return history().reversed().stream()
                .map(Entry::configuration)
                .filter(configuration -> configuration.getVersion().equals(version))
                .findFirst();
    }

    /**
     * Puts {@code configuration} in force, unless it is already; one that was in force before is written again.
     *
     * @throws ConfigurationLogException where Kafka or the registry does not answer; the write may have happened
     */
    public Applied apply(Configuration configuration) {
        Configuration before = inForce();
        if (before.getVersion().equals(configuration.getVersion())) {
            return new Applied(before, configuration, false, before);
        }
        publish(Configuration.newBuilder(configuration)
                .setTime(Instant.ofEpochMilli(System.currentTimeMillis()))
                .build());
        return new Applied(before, configuration, true, inForce());
    }

    private void publish(Configuration configuration) {
        Map<String, Object> settings = kafka.client(
                CLIENT_ID,
                Map.of(
                        "enable.idempotence",
                        true,
                        "acks",
                        "all",
                        "max.request.size",
                        TopicSpec.MAX_MESSAGE_BYTES,
                        "max.block.ms",
                        PATIENCE_MILLIS,
                        "request.timeout.ms",
                        PATIENCE_MILLIS / 2,
                        "linger.ms",
                        0,
                        "delivery.timeout.ms",
                        PATIENCE_MILLIS));
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer())) {
            byte[] value = topic.values().serializer().serialize(topic.name(), configuration);
            producer.send(new ProducerRecord<>(
                            topic.name(),
                            0,
                            configuration.getTime().toEpochMilli(),
                            configuration.getVersion().getBytes(StandardCharsets.UTF_8),
                            value,
                            CloudEventHeaders.of(
                                    UUID.randomUUID().toString(),
                                    configuration,
                                    SOURCE,
                                    configuration.getTime(),
                                    null)))
                    .get();
        } catch (KafkaException e) {
            throw failure("write", e);
        } catch (ExecutionException e) {
            throw failure("write", e.getCause() == null ? e : e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ConfigurationLogException("interrupted while writing to " + topic.name(), e);
        }
    }

    private String missing() {
        return "there is no topic " + topic.name() + ": './parley provision' creates it";
    }

    private ConfigurationLogException failure(String what, Throwable cause) {
        return new ConfigurationLogException(
                "cannot " + what + " topic " + topic.name() + " on " + kafka.bootstrapServers() + ": "
                        + Words.line(String.valueOf(cause.getMessage())),
                cause);
    }
}
