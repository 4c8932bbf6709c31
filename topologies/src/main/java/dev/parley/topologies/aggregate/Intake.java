package dev.parley.topologies.aggregate;

import dev.parley.schemas.DeadLetter;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.Topic;
import dev.parley.schemas.serde.Envelope;
import dev.parley.schemas.serde.UndecodableRecordException;
import dev.parley.schemas.serde.UnknownBody;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.InstantSource;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.AutoOffsetReset;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.TimestampExtractor;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.ProcessorSupplier;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.apache.kafka.streams.state.StoreBuilder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The way of records into a topology: read as bytes, decoded, checked, and handed to the next processor; what cannot be
 * decoded, does not make sense, or is of a type that only a later version knows goes to the dead-letter topic with its
 * original bytes. Of the last nothing is decided or guessed: it can be written again once that version runs here.
 *
 * <p>In a topology with exactly-once processing the dead letter is part of the transaction. A registry that is away is no
 * fault of the record: its exception passes through and the record is read again.
 */
public final class Intake<V> implements Processor<byte[], byte[], Object, Object> {

    /** The sink that every topology with an intake has. */
    public static final String DEAD_LETTER_SINK = "write-dead-letters";

    private static final Logger log = LoggerFactory.getLogger(Intake.class);

    /** A record without a time is no reason to stop. */
    private static final TimestampExtractor TIMES = (record, partitionTime) -> Math.max(0, record.timestamp());

    /** Says what is wrong with a decoded record; must not quote message content. */
    @FunctionalInterface
    public interface Check<V> {

        /** The objection to the record; null where there is none. */
        @Nullable
        String objection(String key, V value);
    }

    private final Topic<String, V> topic;
    private final Topic<byte[], byte[]> deadLetters;
    private final String stage;
    private final String next;
    private final Check<V> check;
    private final InstantSource clock;
    private final Counter refused;
    private @Nullable ProcessorContext<Object, Object> context;

    private Intake(Part<V> part, Topic<byte[], byte[]> deadLetters, InstantSource clock, MeterRegistry meters) {
        this.topic = part.topic();
        this.deadLetters = deadLetters;
        this.stage = part.stage();
        this.next = part.next();
        this.check = part.check();
        this.clock = clock;
        this.refused = Counter.builder("parley.dead.letters")
                .description("Records set aside as poison")
                .tag("stage", stage)
                .tag("topic", topic.name())
                .register(meters);
    }

    /**
     * One topic's way in.
     *
     * @param name of what comes in, such as {@code commands}
     * @param stage who takes it in, for dead letters, such as {@code conversation}
     * @param next the processor that gets decoded records
     */
    public record Part<V>(String name, Topic<String, V> topic, String stage, String next, Check<V> check) {

        /** The name of its source. */
        public String source() {
            return "read-" + name;
        }

        /** The name of the processor that decodes its records. */
        public String decoder() {
            return "decode-" + name;
        }
    }

    /** Adds source and decoder of {@code part} to {@code topology}; {@link #addDeadLetters} must follow for all of them. */
    public static <V> void add(
            Topology topology,
            Part<V> part,
            Topic<byte[], byte[]> deadLetters,
            InstantSource clock,
            MeterRegistry meters) {
        topology.addSource(
                AutoOffsetReset.earliest(),
                part.source(),
                TIMES,
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer(),
                part.topic().name());
        ProcessorSupplier<byte[], byte[], Object, Object> decoder =
                () -> new Intake<>(part, deadLetters, clock, meters);
        topology.addProcessor(part.decoder(), decoder, part.source());
    }

    /**
     * Adds source and decoder of {@code part} as {@link #add} does, and a store whose changelog the topic is: Streams
     * restores it from there and writes no topic of its own. The processor that decoded records go to keeps the store, and
     * has to be connected with it.
     */
    @SuppressWarnings("unchecked")
    public static <V> void addAsChangelog(
            Topology topology,
            Part<V> part,
            StoreBuilder<?> store,
            Topic<byte[], byte[]> deadLetters,
            InstantSource clock,
            MeterRegistry meters) {
        ProcessorSupplier<byte[], byte[], Object, Object> decoder =
                () -> new Intake<>(part, deadLetters, clock, meters);
        // Streams types the processor as one that keeps the store and forwards nothing; only the types say so.
        ProcessorSupplier<byte[], byte[], Void, Void> typed =
                (ProcessorSupplier<byte[], byte[], Void, Void>) (ProcessorSupplier<?, ?, ?, ?>) decoder;
        topology.addReadOnlyStateStore(
                store,
                part.source(),
                TIMES,
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer(),
                part.topic().name(),
                part.decoder(),
                typed);
    }

    /** Adds the dead-letter sink below {@code decoders}. */
    public static void addDeadLetters(Topology topology, Topic<byte[], byte[]> deadLetters, String... decoders) {
        topology.addSink(
                DEAD_LETTER_SINK, deadLetters.name(), new ByteArraySerializer(), new ByteArraySerializer(), decoders);
    }

    @Override
    public void init(ProcessorContext<Object, Object> context) {
        this.context = context;
    }

    @Override
    @SuppressWarnings(
            "NullAway") // Keys and values of a topic may be null, whatever the types say: that is what is checked.
    public void process(Record<byte[], byte[]> record) {
        String key;
        V value;
        try {
            key = topic.keys().deserializer().deserialize(topic.name(), record.key());
            value = topic.values().deserializer().deserialize(topic.name(), record.headers(), record.value());
        } catch (UndecodableRecordException e) {
            setAside(record, ErrorCode.UNDECODABLE_RECORD, String.valueOf(e.getMessage()));
            return;
        }
        if (key == null || value == null) {
            setAside(record, ErrorCode.INVALID_RECORD, key == null ? "the key is missing" : "the value is missing");
            return;
        }
        if (value instanceof Envelope envelope && envelope.getBody() instanceof UnknownBody unknown) {
            setAside(record, ErrorCode.UNKNOWN_TYPE, "of a type that only a later version knows: " + unknown.type());
            return;
        }
        String objection = check.objection(key, value);
        if (objection != null) {
            setAside(record, ErrorCode.INVALID_RECORD, objection);
            return;
        }
        context().forward(new Record<>(key, value, record.timestamp(), record.headers()), next);
    }

    private void setAside(Record<byte[], byte[]> record, ErrorCode code, String cause) {
        RecordMetadata position = context()
                .recordMetadata()
                .orElseThrow(() -> new IllegalStateException("a record from a source has a position"));
        log.warn("dead letter from {}-{}@{}: {}", position.topic(), position.partition(), position.offset(), cause);
        refused.increment();
        ConsumerRecord<byte[], byte[]> poison = new ConsumerRecord<>(
                position.topic(),
                position.partition(),
                position.offset(),
                record.timestamp(),
                TimestampType.CREATE_TIME,
                0,
                0,
                record.key(),
                record.value(),
                new RecordHeaders(record.headers()),
                Optional.empty());
        ProducerRecord<byte[], byte[]> letter = DeadLetter.of(deadLetters, poison, code, stage, cause, clock.instant());
        context()
                .forward(
                        new Record<>(
                                (Object) record.key(), (Object) record.value(), record.timestamp(), letter.headers()),
                        DEAD_LETTER_SINK);
    }

    private ProcessorContext<Object, Object> context() {
        if (context == null) {
            throw new IllegalStateException("not initialised");
        }
        return context;
    }
}
