package dev.parley.faults;

import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.GenerationChunk;
import dev.parley.faults.History.Chunk;
import dev.parley.faults.History.DeadLetter;
import dev.parley.faults.History.Event;
import dev.parley.faults.History.Log;
import dev.parley.schemas.CloudEventHeaders;
import dev.parley.schemas.Topics;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.schemas.serde.UndecodableRecordException;
import dev.parley.schemas.settings.KafkaSettings;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.utils.Bytes;
import org.jspecify.annotations.Nullable;

/** Reads what the log says from a moment on, with a plain consumer that sees only what is committed. One thread. */
final class LogReader implements AutoCloseable {

    private static final Duration POLL = Duration.ofMillis(200);
    private static final Duration CALL = Duration.ofSeconds(30);

    private final Topics topics;
    private final KafkaConsumer<byte[], byte[]> consumer;
    private final List<TopicPartition> partitions;
    private final List<Event> events = new ArrayList<>();
    private final List<Chunk> chunks = new ArrayList<>();
    private final List<DeadLetter> deadLetters = new ArrayList<>();

    /** Reads from the log's end, as it is now. */
    LogReader(KafkaSettings kafka, Topics topics) {
        this.topics = topics;
        this.consumer = new KafkaConsumer<>(
                kafka.client(
                        "parley-faults-" + UUID.randomUUID().toString().substring(0, 8),
                        Map.of("isolation.level", "read_committed", "enable.auto.commit", false)),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer());
        this.partitions = Stream.of(
                        topics.events().name(),
                        topics.chunks().name(),
                        topics.deadLetters().name())
                .flatMap(name -> consumer.partitionsFor(name, CALL).stream())
                .map(partition -> new TopicPartition(partition.topic(), partition.partition()))
                .toList();
        consumer.assign(partitions);
        consumer.endOffsets(partitions, CALL).forEach(consumer::seek);
    }

    /** Reads on to the end as it is now; returns whether anything came. */
    boolean readOn() {
        Map<TopicPartition, Long> ends = consumer.endOffsets(partitions, CALL);
        boolean came = false;
        long deadline = System.nanoTime() + CALL.toNanos();
        while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey(), CALL) < end.getValue())) {
            for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
                came = true;
                take(record);
            }
            if (System.nanoTime() > deadline) {
                return true; // The broker is slow just now: there is more to come.
            }
        }
        return came;
    }

    private void take(ConsumerRecord<byte[], byte[]> record) {
        if (record.topic().equals(topics.deadLetters().name())) {
            deadLetters.add(new DeadLetter(
                    header(record, dev.parley.schemas.DeadLetter.TOPIC),
                    header(record, dev.parley.schemas.DeadLetter.CAUSE),
                    bytes(record.key()),
                    bytes(record.value())));
            return;
        }
        try {
            if (record.topic().equals(topics.events().name())) {
                ConversationEvent event =
                        topics.events().values().deserializer().deserialize(record.topic(), record.value());
                events.add(new Event(record.partition(), record.offset(), event, bytes(record.value())));
            } else {
                GenerationChunk chunk =
                        topics.chunks().values().deserializer().deserialize(record.topic(), record.value());
                String key = new String(record.key(), StandardCharsets.UTF_8);
                chunks.add(new Chunk(
                        ConversationKey.parse(key).conversation(), record.partition(), record.offset(), chunk));
            }
        } catch (UndecodableRecordException e) {
            // Poison: it shows as a dead letter.
        }
    }

    private static String header(ConsumerRecord<byte[], byte[]> record, String name) {
        return String.valueOf(CloudEventHeaders.text(record.headers(), name));
    }

    private static Bytes bytes(byte @Nullable [] bytes) {
        return Bytes.wrap(bytes == null ? new byte[0] : bytes);
    }

    /** What has been read so far. */
    Log log() {
        return new Log(events, chunks, deadLetters);
    }

    @Override
    public void close() {
        consumer.close(org.apache.kafka.clients.consumer.CloseOptions.timeout(Duration.ofSeconds(2)));
    }
}
