package dev.parley.topologies.intake;

import dev.parley.schemas.DeadLetter;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.Topic;
import dev.parley.schemas.serde.RegistryUnavailableException;
import dev.parley.schemas.serde.UndecodableRecordException;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Objects;
import java.util.Optional;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.AutoOffsetReset;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decodes the records of one topic and forwards them; sends what cannot be decoded, or does not pass the topology's check,
 * to the dead letters as it was, once, and lets the partition move on.
 *
 * <p>A record is not refused for a schema registry that is away: the step waits for it, at most {@link #PATIENCE}, then
 * fails the task, which goes on from its last commit.
 */
public final class DecodeRecords<V extends SpecificRecord> implements Processor<byte[], byte[], Object, Object> {

    private static final Logger log = LoggerFactory.getLogger(DecodeRecords.class);

    /** Short enough for a role to close in time. */
    private static final Duration PATIENCE = Duration.ofSeconds(3);

    private static final Duration PAUSE = Duration.ofMillis(100);

    private final Topic<String, V> topic;
    private final String records;
    private final DeadLetterSink deadLetters;
    private final Check<? super V> check;
    private @Nullable ProcessorContext<Object, Object> context;

    /**
     * Where a topology's dead letters go.
     *
     * @param sink name of the topology's sink node
     * @param stage who refuses, such as {@code assembly}
     */
    public record DeadLetterSink(
            Topic<byte[], byte[]> topic, String sink, String stage, InstantSource clock, MeterRegistry metrics) {

        /** Adds the sink to a topology, behind {@code parents}. */
        public void addTo(Topology topology, String... parents) {
            topology.addSink(sink, topic.name(), new ByteArraySerializer(), new ByteArraySerializer(), parents);
        }
    }

    private DecodeRecords(Topic<String, V> topic, String records, DeadLetterSink deadLetters, Check<? super V> check) {
        this.topic = topic;
        this.records = records;
        this.deadLetters = deadLetters;
        this.check = check;
    }

    /**
     * Adds a topic's source, {@code read-<what>}, and behind it this step, {@code decode-<what>}. The caller adds the node
     * {@code records}, which takes the decoded records, and the dead letters' sink, both behind this step.
     */
    public static <V extends SpecificRecord> void add(
            Topology topology,
            String what,
            Topic<String, V> topic,
            String records,
            DeadLetterSink deadLetters,
            Check<? super V> check) {
        topology.addSource(
                AutoOffsetReset.earliest(),
                "read-" + what,
                // A record without a time is no reason to stop.
                (record, partitionTime) -> Math.max(0, record.timestamp()),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer(),
                topic.name());
        topology.addProcessor(
                "decode-" + what, () -> new DecodeRecords<>(topic, records, deadLetters, check), "read-" + what);
    }

    @Override
    public void init(ProcessorContext<Object, Object> context) {
        this.context = context;
    }

    @Override
    public void process(Record<byte[], byte[]> raw) {
        String key;
        V value;
        try {
            key = key(raw.key());
            value = value(raw);
        } catch (UndecodableRecordException e) {
            refuse(raw, ErrorCode.UNDECODABLE_RECORD, reason(e));
            return;
        }
        Optional<String> refusal = check.refusal(key, value);
        if (refusal.isPresent()) {
            refuse(raw, ErrorCode.INVALID_RECORD, refusal.get());
        } else {
            context().forward(raw.withKey((Object) key).withValue((Object) value), records);
        }
    }

    private static String key(byte @Nullable [] key) {
        if (key == null) {
            throw new UndecodableRecordException("no key");
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(key))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new UndecodableRecordException("the key is not UTF-8", e);
        }
    }

    private V value(Record<byte[], byte[]> raw) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            try {
                return topic.values().deserializer().deserialize(topic.name(), raw.headers(), raw.value());
            } catch (RegistryUnavailableException e) {
                if (System.nanoTime() - deadline > 0) {
                    throw e;
                }
                pause(e);
            }
        }
    }

    private static void pause(RegistryUnavailableException e) {
        try {
            Thread.sleep(PAUSE);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw e;
        }
    }

    private void refuse(Record<byte[], byte[]> raw, ErrorCode code, String cause) {
        RecordMetadata place = context().recordMetadata().orElseThrow();
        log.warn(
                "{} to the dead letters: {}-{}@{}: {}",
                code.wire(),
                place.topic(),
                place.partition(),
                place.offset(),
                cause);
        ConsumerRecord<byte[], byte[]> poison = new ConsumerRecord<>(
                place.topic(),
                place.partition(),
                place.offset(),
                raw.timestamp(),
                TimestampType.CREATE_TIME,
                ConsumerRecord.NULL_SIZE,
                ConsumerRecord.NULL_SIZE,
                raw.key(),
                raw.value(),
                raw.headers(),
                Optional.empty());
        ProducerRecord<byte[], byte[]> letter = DeadLetter.of(
                deadLetters.topic(),
                poison,
                code,
                deadLetters.stage(),
                cause,
                deadLetters.clock().instant());
        context()
                .forward(
                        new Record<Object, Object>(
                                letter.key(),
                                letter.value(),
                                deadLetters.clock().millis(),
                                letter.headers()),
                        deadLetters.sink());
        deadLetters
                .metrics()
                .counter("parley.records.dead.lettered", "stage", deadLetters.stage(), "code", code.wire())
                .increment();
    }

    private static String reason(UndecodableRecordException e) {
        String message = Objects.toString(e.getMessage(), "undecodable");
        return e.getCause() == null
                ? message
                : message + " (" + e.getCause().getClass().getSimpleName() + ")";
    }

    private ProcessorContext<Object, Object> context() {
        return Objects.requireNonNull(context, "not initialised");
    }
}
