package dev.parley.topologies.aggregate;

import dev.parley.schemas.Topic;
import dev.parley.schemas.TopicSpec;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.InstantSource;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorSupplier;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

/**
 * The topology of one kind of aggregate, exactly once.
 *
 * <pre>{@code
 *   (each inlet) ─▶ read-… ─▶ decode-… ─┬──▶ decide-(name) ───▶ write-… ─▶ (each outlet)
 *                                       │     (its stores)
 *                                       └──▶ chat.dead-letters
 * }</pre>
 *
 * @param name such as {@code conversation}: the stage in dead letters, and the processor's name after {@code decide-}
 * @param inlets co-partitioned by the aggregate's key
 * @param stores by {@link #store}, in an order that stays: the topology's description is a golden file
 */
public record AggregateTopology(
        String name, List<Inlet<?>> inlets, List<Outlet> outlets, List<StoreBuilder<?>> stores) {

    private static final int COMMIT_INTERVAL_MILLIS = 20;
    private static final int RETRY_BACKOFF_MILLIS = 2;

    /**
     * A topic of what is decided on.
     *
     * @param name such as {@code commands}, for the names of its nodes
     */
    public record Inlet<V extends SpecificRecord>(String name, Topic<String, V> topic, Intake.Check<V> check) {}

    /**
     * A topic of what others are told.
     *
     * @param name such as {@code events}, by which an {@link Output} names it
     */
    public record Outlet(String name, Topic<String, ? extends SpecificRecord> topic) {}

    /**
     * The topology.
     *
     * @param processor makes one for each task
     * @param wallClock for the times of dead letters
     */
    public Topology build(
            Supplier<? extends Processor<String, SpecificRecord, String, SpecificRecord>> processor,
            Topic<byte[], byte[]> deadLetters,
            InstantSource wallClock,
            MeterRegistry meters) {
        Topology topology = new Topology();
        String decide = "decide-" + name;
        String[] decoders = inlets.stream()
                .map(inlet -> addInlet(topology, inlet, decide, deadLetters, wallClock, meters))
                .toArray(String[]::new);
        Intake.addDeadLetters(topology, deadLetters, decoders);
        topology.addProcessor(
                decide,
                new ProcessorSupplier<String, SpecificRecord, String, SpecificRecord>() {
                    @Override
                    public Processor<String, SpecificRecord, String, SpecificRecord> get() {
                        return processor.get();
                    }

                    @Override
                    public Set<StoreBuilder<?>> stores() {
                        return new LinkedHashSet<>(stores);
                    }
                },
                decoders);
        outlets.forEach(outlet -> topology.addSink(
                sink(outlet.name()),
                outlet.topic().name(),
                outlet.topic().keys().serializer(),
                outlet.topic().values().serializer(),
                decide));
        return topology;
    }

    /** Returns the decoder's name. */
    private <V extends SpecificRecord> String addInlet(
            Topology topology,
            Inlet<V> inlet,
            String decide,
            Topic<byte[], byte[]> deadLetters,
            InstantSource wallClock,
            MeterRegistry meters) {
        Intake.Part<V> part = new Intake.Part<>(inlet.name(), inlet.topic(), name, decide, inlet.check());
        Intake.add(topology, part, deadLetters, wallClock, meters);
        return part.decoder();
    }

    /** The name of the sink of the outlet of this name. */
    static String sink(String outlet) {
        return "write-" + outlet;
    }

    /** A store of an aggregate: decisions read it entry by entry and at once see what was written. */
    public static <V> StoreBuilder<KeyValueStore<String, V>> store(String name, Serde<V> values) {
        return Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore(name), Serdes.String(), values)
                .withCachingDisabled()
                .withLoggingEnabled(Map.of("max.message.bytes", Integer.toString(TopicSpec.MAX_MESSAGE_BYTES)));
    }

    /**
     * What the application needs beside what all do. Exactly once; {@link AggregateProcessor} asks for commits itself where
     * somebody waits for one, and the interval is for the rest.
     */
    public static Map<String, Object> streamsConfig() {
        return Map.of(
                StreamsConfig.PROCESSING_GUARANTEE_CONFIG,
                StreamsConfig.EXACTLY_ONCE_V2,
                StreamsConfig.COMMIT_INTERVAL_MS_CONFIG,
                COMMIT_INTERVAL_MILLIS,
                // Or the poll loop would sleep over a commit that is due.
                StreamsConfig.POLL_MS_CONFIG,
                COMMIT_INTERVAL_MILLIS,
                StreamsConfig.MAX_TASK_IDLE_MS_CONFIG,
                -1L,
                StreamsConfig.producerPrefix("linger.ms"),
                0,
                // A transaction that follows another at once may find that one's markers still being written: its first
                // request is refused for a moment, and those behind it would come out of order.
                StreamsConfig.producerPrefix("max.in.flight.requests.per.connection"),
                1,
                StreamsConfig.producerPrefix("retry.backoff.ms"),
                RETRY_BACKOFF_MILLIS,
                StreamsConfig.producerPrefix("max.request.size"),
                TopicSpec.MAX_MESSAGE_BYTES);
    }
}
