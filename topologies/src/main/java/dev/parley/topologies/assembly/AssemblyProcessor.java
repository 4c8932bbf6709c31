package dev.parley.topologies.assembly;

import dev.parley.chat.v1.GenerationReport;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.InstantSource;
import java.util.List;
import java.util.function.LongSupplier;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.streams.processor.api.Processor;

/** The assembly topology's one processor, for whoever runs it without Kafka Streams around it, as the simulation does. */
public final class AssemblyProcessor {

    /** The stores that it asks its context for. */
    public static final List<String> STORES = List.of(GenerationStores.GENERATIONS, GenerationStores.TEXTS);

    private AssemblyProcessor() {}

    public static Processor<String, SpecificRecord, String, GenerationReport> create(
            AssemblySettings settings, InstantSource wallClock, LongSupplier ticker, MeterRegistry meters) {
        return new AssembleGenerations(settings, wallClock, ticker, new AssemblyMetrics(meters));
    }
}
