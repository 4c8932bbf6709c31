package dev.parley.topologies.conversation;

import io.micrometer.core.instrument.MeterRegistry;
import java.time.InstantSource;
import java.util.List;
import java.util.function.LongSupplier;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.streams.processor.api.Processor;

/** The conversation topology's one processor, for whoever runs it without Kafka Streams around it, as the simulation does. */
public final class ConversationProcessor {

    /** The stores that it asks its context for. */
    public static final List<String> STORES = List.of(
            ConversationStores.HEADS,
            ConversationStores.MESSAGES,
            ConversationStores.MESSAGE_IDS,
            ConversationStores.ACTIVE_TURNS);

    private ConversationProcessor() {}

    public static Processor<String, SpecificRecord, String, SpecificRecord> create(
            ConversationSettings settings, InstantSource wallClock, LongSupplier ticker, MeterRegistry meters) {
        return ConversationTopology.processor(settings, wallClock, ticker, new ConversationMetrics(meters));
    }
}
