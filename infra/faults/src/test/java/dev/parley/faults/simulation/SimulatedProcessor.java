package dev.parley.faults.simulation;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.Record;

/**
 * A topology's processor over its stores. A crash ends the processor, says what has become of the stores, and begins with
 * another processor over them.
 *
 * @param <O> what it forwards
 */
final class SimulatedProcessor<O> {

    private final Supplier<Processor<String, SpecificRecord, String, O>> processors;
    private final Consumer<Record<String, O>> outputs;
    private final Map<String, SimulatedStore> stores = new LinkedHashMap<>();
    private SimulatedContext<O> context;
    private Processor<String, SpecificRecord, String, O> processor;

    SimulatedProcessor(
            List<String> stores,
            Supplier<Processor<String, SpecificRecord, String, O>> processors,
            Consumer<Record<String, O>> outputs) {
        stores.forEach(name -> this.stores.put(name, new SimulatedStore(name)));
        this.processors = processors;
        this.outputs = outputs;
        this.context = new SimulatedContext<>(this.stores, outputs);
        this.processor = started();
    }

    private Processor<String, SpecificRecord, String, O> started() {
        Processor<String, SpecificRecord, String, O> started = processors.get();
        started.init(context);
        return started;
    }

    void process(Record<String, ? extends SpecificRecord> record) {
        processor.process(new Record<>(record.key(), record.value(), record.timestamp()));
    }

    void punctuate() {
        context.punctuate();
    }

    void commit() {
        stores.values().forEach(SimulatedStore::commit);
    }

    /** A crash under exactly once: the stores are as they were at the last commit. */
    void takeBack() {
        processor.close();
        stores.values().forEach(SimulatedStore::takeBack);
        begin();
    }

    /** A crash under at least once: the stores are as they were at different moments since the last commit. */
    void crash(RandomGenerator random) {
        processor.close();
        stores.values().forEach(store -> store.crash(random));
        commit();
        begin();
    }

    private void begin() {
        context = new SimulatedContext<>(stores, outputs);
        processor = started();
    }
}
