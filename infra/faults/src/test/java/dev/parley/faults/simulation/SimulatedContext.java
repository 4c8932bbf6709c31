package dev.parley.faults.simulation;

import java.io.File;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.streams.StreamsMetrics;
import org.apache.kafka.streams.processor.Cancellable;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.Punctuator;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.processor.TaskId;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;

/** As much of Kafka Streams as a processor of ours asks for. */
final class SimulatedContext<V> implements ProcessorContext<String, V> {

    private final Map<String, ? extends StateStore> stores;
    private final Consumer<Record<String, V>> forwarded;
    private final List<Punctuator> punctuators = new ArrayList<>();

    SimulatedContext(Map<String, ? extends StateStore> stores, Consumer<Record<String, V>> forwarded) {
        this.stores = stores;
        this.forwarded = forwarded;
    }

    /** Lets everything that was scheduled run once. */
    void punctuate() {
        punctuators.forEach(punctuator -> punctuator.punctuate(0));
    }

    @Override
    public <K extends String, W extends V> void forward(Record<K, W> record) {
        forwarded.accept(new Record<>(record.key(), record.value(), record.timestamp()));
    }

    @Override
    public <K extends String, W extends V> void forward(Record<K, W> record, String child) {
        forward(record);
    }

    @Override
    @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"}) // As Kafka has it: who asks knows what it is.
    public <S extends StateStore> S getStateStore(String name) {
        return (S) Objects.requireNonNull(stores.get(name), name);
    }

    @Override
    public Cancellable schedule(Duration period, PunctuationType type, Punctuator punctuator) {
        punctuators.add(punctuator);
        return () -> punctuators.remove(punctuator);
    }

    @Override
    public Cancellable schedule(Instant start, Duration period, PunctuationType type, Punctuator punctuator) {
        throw new UnsupportedOperationException();
    }

    @Override
    public String applicationId() {
        throw new UnsupportedOperationException();
    }

    @Override
    public TaskId taskId() {
        throw new UnsupportedOperationException();
    }

    @Override
    public Optional<RecordMetadata> recordMetadata() {
        return Optional.empty();
    }

    @Override
    public Serde<?> keySerde() {
        throw new UnsupportedOperationException();
    }

    @Override
    public Serde<?> valueSerde() {
        throw new UnsupportedOperationException();
    }

    @Override
    public File stateDir() {
        throw new UnsupportedOperationException();
    }

    @Override
    public StreamsMetrics metrics() {
        throw new UnsupportedOperationException();
    }

    /** When to commit is the simulation's to choose, so that all moments are tried: asked for or not. */
    @Override
    public void commit() {}

    @Override
    public Map<String, Object> appConfigs() {
        return Map.of();
    }

    @Override
    public Map<String, Object> appConfigsWithPrefix(String prefix) {
        return Map.of();
    }

    @Override
    public long currentSystemTimeMs() {
        throw new UnsupportedOperationException();
    }

    @Override
    public long currentStreamTimeMs() {
        throw new UnsupportedOperationException();
    }
}
