package dev.parley.topologies.preparing;

import dev.parley.chat.v1.TurnRequest;
import dev.parley.schemas.TopicSpec;
import dev.parley.schemas.Topics;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.topologies.aggregate.Intake;
import dev.parley.topologies.retrieval.Embedder;
import dev.parley.topologies.retrieval.PassageChange;
import dev.parley.topologies.retrieval.PassageStore;
import dev.parley.topologies.retrieval.RetrievalMetrics;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.InstantSource;
import java.util.Map;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.jspecify.annotations.Nullable;

/**
 * From a turn to a request that a worker can take: intent, engine, passages, prompt. At least once: repeats carry the same
 * ids.
 *
 * <pre>{@code
 *   chat.turns ────▶ decode-turns ────┬──▶ prepare-turns ──┬──▶ chat.generation-results  (TurnPrepared)
 *                                     │     passages       └──▶ chat.generation-requests
 *   chat.passages ─▶ decode-passages ─┤        │
 *                                     ├──▶ chat.dead-letters
 *                                     │        │
 *   chat.searches ─▶ decode-searches ─┴──▶ answer-searches ───▶ chat.search-results
 * }</pre>
 *
 * <p>What comes in is partitioned by workspace, so that one task owns a workspace's passages, and the passages' topic
 * is the changelog of their store; what goes out is keyed by conversation, in the default partitioning of all topics about
 * conversations. Searches, which are no turns, are answered beside them, under the search's id.
 */
public final class RoutingTopology {

    static final String RESULTS_SINK = "write-generation-results";
    static final String REQUESTS_SINK = "write-generation-requests";

    private static final String SEARCH_RESULTS_SINK = "write-search-results";

    /** The searchable passages of the task's workspaces. */
    static final String PASSAGES = "passages";

    private static final String STAGE = "routing";
    private static final String PREPARE = "prepare-turns";
    private static final String ANSWER = "answer-searches";

    private RoutingTopology() {}

    /**
     * The topology of this installation.
     *
     * @param embedder for questions, the same as for passages; {@link Embedder#none} leaves the search to words alone
     * @param configurations prepared with the same embedder
     */
    public static Topology build(
            Topics topics,
            RoutingSettings settings,
            MeterRegistry meters,
            Embedder embedder,
            PreparedConfigurations configurations) {
        return build(topics, settings, meters, embedder, configurations, InstantSource.system());
    }

    /**
     * The topology with a clock of the caller's choice.
     *
     * @param wallClock for the times that records carry
     */
    static Topology build(
            Topics topics,
            RoutingSettings settings,
            MeterRegistry meters,
            Embedder embedder,
            PreparedConfigurations configurations,
            InstantSource wallClock) {
        Topology topology = new Topology();
        RetrievalMetrics retrieval = new RetrievalMetrics(meters);
        Intake.add(
                topology,
                new Intake.Part<>("turns", topics.turns(), STAGE, PREPARE, RoutingTopology::objection),
                topics.deadLetters(),
                wallClock,
                meters);
        Intake.addAsChangelog(
                topology,
                new Intake.Part<>(
                        "passages", PassageChange.topic(topics.passages()), STAGE, PREPARE, PassageChange::objection),
                PassageStore.builder(PASSAGES, topics.passages(), retrieval),
                topics.deadLetters(),
                wallClock,
                meters);
        Intake.add(
                topology,
                new Intake.Part<>("searches", topics.searches(), STAGE, ANSWER, AnswerSearches::objection),
                topics.deadLetters(),
                wallClock,
                meters);
        Intake.addDeadLetters(topology, topics.deadLetters(), "decode-turns", "decode-passages", "decode-searches");
        RoutingMetrics metrics = new RoutingMetrics(meters);
        topology.addProcessor(
                PREPARE,
                () -> new PrepareTurns(settings, configurations, embedder, wallClock, metrics, retrieval),
                "decode-turns",
                "decode-passages");
        topology.addProcessor(
                ANSWER,
                () -> new AnswerSearches(settings.minSimilarity(), embedder, wallClock, retrieval),
                "decode-searches");
        topology.connectProcessorAndStateStores(PREPARE, PASSAGES);
        topology.connectProcessorAndStateStores(ANSWER, PASSAGES);
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
        topology.addSink(
                SEARCH_RESULTS_SINK,
                topics.searchResults().name(),
                topics.searchResults().keys().serializer(),
                topics.searchResults().values().serializer(),
                ANSWER);
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
}
