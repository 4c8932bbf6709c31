package dev.parley.topologies.routing;

import dev.parley.chat.v1.Document;
import dev.parley.chat.v1.TurnRequest;
import dev.parley.schemas.ConversationKey;
import dev.parley.schemas.TopicSpec;
import dev.parley.schemas.Topics;
import dev.parley.topologies.SingleObjectSerde;
import dev.parley.topologies.intake.DecodeRecords;
import dev.parley.topologies.intake.DecodeRecords.DeadLetterSink;
import dev.parley.topologies.retrieval.PassageIndex;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.ProcessorSupplier;
import org.apache.kafka.streams.state.Stores;
import org.jspecify.annotations.Nullable;

/**
 * From a turn to a request that a worker can take: intent, engine, passages, prompt. At least once: repeats carry the same
 * ids.
 *
 * <pre>{@code
 *   chat.turns ─────▶ decode-turns ─────┬──▶ prepare-turns ──┬──▶ chat.generation-results  (TurnPrepared)
 *                                       │     documents      └──▶ chat.generation-requests
 *   chat.documents ─▶ decode-documents ─┤
 *                                       └──▶ chat.dead-letters
 * }</pre>
 *
 * <p>What comes in is partitioned by workspace, so that one task owns a workspace's documents; what goes out is keyed by
 * conversation, in the default partitioning of all topics about conversations.
 */
public final class RoutingTopology {

    static final String PREPARE = "prepare-turns";
    static final String RESULTS_SINK = "write-generation-results";
    static final String REQUESTS_SINK = "write-generation-requests";
    static final String DEAD_LETTERS_SINK = "write-dead-letters";

    /** Documents by the key of their topic: tenant, workspace and path. */
    static final String DOCUMENTS = "documents";

    private RoutingTopology() {}

    /**
     * The topology.
     *
     * @param indexes makes the index of each task
     * @param wallClock for the times that records carry
     */
    public static Topology build(
            Topics topics,
            RoutingSettings settings,
            PassageIndex.Factory indexes,
            InstantSource wallClock,
            MeterRegistry registry) {
        RoutingMetrics metrics = new RoutingMetrics(registry);
        DeadLetterSink deadLetters =
                new DeadLetterSink(topics.deadLetters(), DEAD_LETTERS_SINK, "routing", wallClock, registry);
        Topology topology = new Topology();
        DecodeRecords.add(topology, "turns", topics.turns(), PREPARE, deadLetters, RoutingTopology::checkTurn);
        DecodeRecords.add(
                topology, "documents", topics.documents(), PREPARE, deadLetters, RoutingTopology::checkDocument);
        topology.addProcessor(
                PREPARE,
                (ProcessorSupplier<String, SpecificRecord, String, SpecificRecord>)
                        () -> new PrepareTurns(settings, indexes.create(), wallClock, metrics),
                "decode-turns",
                "decode-documents");
        topology.addStateStore(
                Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore(DOCUMENTS), Serdes.String(), documentState())
                        .withCachingEnabled()
                        .withLoggingEnabled(Map.of("max.message.bytes", Integer.toString(TopicSpec.MAX_MESSAGE_BYTES))),
                PREPARE);
        topology.addSink(
                RESULTS_SINK,
                topics.generationResults().name(),
                new StringSerializer(),
                topics.generationResults().values().serializer(),
                PREPARE);
        topology.addSink(
                REQUESTS_SINK,
                topics.generationRequests().name(),
                new StringSerializer(),
                topics.generationRequests().values().serializer(),
                PREPARE);
        deadLetters.addTo(topology, "decode-turns", "decode-documents");
        return topology;
    }

    /** What the application needs beside what all do: no waiting of any kind on a turn's way. */
    public static Map<String, Object> streamsConfig() {
        return Map.of(
                StreamsConfig.PROCESSING_GUARANTEE_CONFIG,
                StreamsConfig.AT_LEAST_ONCE,
                StreamsConfig.COMMIT_INTERVAL_MS_CONFIG,
                1_000,
                StreamsConfig.MAX_TASK_IDLE_MS_CONFIG,
                -1L,
                StreamsConfig.producerPrefix("linger.ms"),
                0,
                StreamsConfig.producerPrefix("max.request.size"),
                TopicSpec.MAX_MESSAGE_BYTES);
    }

    private static Optional<String> checkTurn(String key, @Nullable TurnRequest turn) {
        if (turn == null) {
            return Optional.of("no value");
        }
        if (!ConversationKey.isTenant(turn.getTenantId())) {
            return Optional.of("tenantId is not a tenant's");
        }
        if (!ConversationKey.isConversationId(turn.getConversationId())) {
            return Optional.of("conversationId is not a conversation's");
        }
        if (turn.getGenerationId().isEmpty()) {
            return Optional.of("generationId is empty");
        }
        return turn.getAttempt() < 1 ? Optional.of("attempt is below 1") : Optional.empty();
    }

    /** A null value deletes. */
    private static Optional<String> checkDocument(String key, @Nullable Document document) {
        if (document == null) {
            return Optional.empty();
        }
        String expected = document.getTenantId() + "/" + document.getWorkspaceId() + "/" + document.getPath();
        return key.equals(expected) ? Optional.empty() : Optional.of("the key is not tenant/workspace/path");
    }

    /** State is nobody else's to read, and in no registry. */
    private static Serde<Document> documentState() {
        return SingleObjectSerde.of(Document.getEncoder(), Document.getDecoder());
    }
}
