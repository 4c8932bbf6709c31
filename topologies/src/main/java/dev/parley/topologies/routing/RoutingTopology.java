package dev.parley.topologies.routing;

import dev.parley.chat.v1.Document;
import dev.parley.chat.v1.TurnRequest;
import dev.parley.schemas.ConversationKey;
import dev.parley.schemas.TopicSpec;
import dev.parley.schemas.Topics;
import dev.parley.topologies.records.Intake;
import dev.parley.topologies.records.SingleObjectSerde;
import dev.parley.topologies.retrieval.EmptyIndex;
import dev.parley.topologies.retrieval.PassageIndex;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.InstantSource;
import java.util.Map;
import java.util.Set;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorSupplier;
import org.apache.kafka.streams.state.StoreBuilder;
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

    static final String RESULTS_SINK = "write-generation-results";
    static final String REQUESTS_SINK = "write-generation-requests";

    /** Documents by the key of their topic: tenant, workspace and path. */
    static final String DOCUMENTS = "documents";

    private static final String STAGE = "routing";
    private static final String PREPARE = "prepare-turns";

    private RoutingTopology() {}

    public static Topology build(Topics topics, RoutingSettings settings, MeterRegistry meters) {
        return build(topics, settings, meters, EmptyIndex::new, InstantSource.system());
    }

    /**
     * The topology with an index and a clock of the caller's choice.
     *
     * @param indexes makes the index of each task
     * @param wallClock for the times that records carry
     */
    static Topology build(
            Topics topics,
            RoutingSettings settings,
            MeterRegistry meters,
            PassageIndex.Factory indexes,
            InstantSource wallClock) {
        Topology topology = new Topology();
        Intake.add(
                topology,
                new Intake.Part<>(
                        topics.turns(), "read-turns", "decode-turns", STAGE, PREPARE, RoutingTopology::objection),
                topics.deadLetters(),
                wallClock,
                meters);
        Intake.add(
                topology,
                new Intake.Part<>(
                        DocumentChange.topic(topics.documents()),
                        "read-documents",
                        "decode-documents",
                        STAGE,
                        PREPARE,
                        RoutingTopology::objection),
                topics.deadLetters(),
                wallClock,
                meters);
        Intake.addDeadLetters(topology, topics.deadLetters(), "decode-turns", "decode-documents");
        RoutingMetrics metrics = new RoutingMetrics(meters);
        topology.addProcessor(
                PREPARE,
                new ProcessorSupplier<String, Object, String, SpecificRecord>() {
                    @Override
                    public Processor<String, Object, String, SpecificRecord> get() {
                        return new PrepareTurns(settings, indexes.create(), wallClock, metrics);
                    }

                    @Override
                    public Set<StoreBuilder<?>> stores() {
                        return Set.of(documents());
                    }
                },
                "decode-turns",
                "decode-documents");
        topology.addSink(
                RESULTS_SINK,
                topics.generationResults().name(),
                topics.generationResults().keys().serializer(),
                topics.generationResults().values().serializer(),
                PREPARE);
        topology.addSink(
                REQUESTS_SINK,
                topics.generationRequests().name(),
                topics.generationRequests().keys().serializer(),
                topics.generationRequests().values().serializer(),
                PREPARE);
        return topology;
    }

    private static StoreBuilder<?> documents() {
        return Stores.keyValueStoreBuilder(
                        Stores.persistentKeyValueStore(DOCUMENTS),
                        Serdes.String(),
                        SingleObjectSerde.of(Document.getEncoder(), Document.getDecoder()))
                .withCachingEnabled()
                .withLoggingEnabled(Map.of("max.message.bytes", Integer.toString(TopicSpec.MAX_MESSAGE_BYTES)));
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

    private static @Nullable String objection(String key, TurnRequest turn) {
        if (!ConversationKey.isTenant(turn.getTenantId())) {
            return "tenantId is not a tenant's";
        }
        if (!ConversationKey.isConversationId(turn.getConversationId())) {
            return "conversationId is not a conversation's";
        }
        if (turn.getGenerationId().isEmpty()) {
            return "generationId is empty";
        }
        return turn.getAttempt() < 1 ? "attempt is below 1" : null;
    }

    private static @Nullable String objection(String key, DocumentChange change) {
        return switch (change) {
            case DocumentChange.Deleted deleted -> null;
            case DocumentChange.Put(Document document) ->
                key.equals(document.getTenantId() + "/" + document.getWorkspaceId() + "/" + document.getPath())
                        ? null
                        : "the key is not tenant/workspace/path";
        };
    }
}
