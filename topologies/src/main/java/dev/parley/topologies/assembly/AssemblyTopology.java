package dev.parley.topologies.assembly;

import dev.parley.chat.v1.Control;
import dev.parley.chat.v1.GenerationChunk;
import dev.parley.chat.v1.GenerationReport;
import dev.parley.chat.v1.ReasoningDelta;
import dev.parley.chat.v1.TextDelta;
import dev.parley.schemas.ConversationKey;
import dev.parley.schemas.TopicSpec;
import dev.parley.schemas.Topics;
import dev.parley.topologies.intake.DecodeRecords;
import dev.parley.topologies.intake.DecodeRecords.DeadLetterSink;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.ProcessorSupplier;
import org.apache.kafka.streams.state.StoreBuilder;
import org.jspecify.annotations.Nullable;

/**
 * From chunks to one report of each fact about a generation. At least once: reports repeat under the same id.
 *
 * <pre>{@code
 *   chat.chunks ───▶ decode-chunks ───┬──▶ assemble-generations ──▶ chat.generation-results
 *                                     │     generations             (claimed, lost, completed, failed, cancelled)
 *   chat.controls ─▶ decode-controls ─┤     generation-texts
 *                                     └──▶ chat.dead-letters
 * }</pre>
 *
 * <p>Chunks, controls and results carry the conversation's key and have the same number of partitions, so one task sees
 * everything about a conversation, and its chunks in the order in which every other reader sees them. Between chunks and
 * controls there is no order, and none is needed: an order to cancel takes effect by what the worker writes, or by the
 * clock.
 */
public final class AssemblyTopology {

    static final String ASSEMBLE = "assemble-generations";
    static final String RESULTS_SINK = "write-generation-results";
    static final String DEAD_LETTERS_SINK = "write-dead-letters";

    private static final int MAX_ID_CHARS = 256;

    private AssemblyTopology() {}

    /**
     * The topology.
     *
     * @param wallClock for the times that records carry
     * @param ticker monotonic nanoseconds, for every deadline
     */
    public static Topology build(
            Topics topics,
            AssemblySettings settings,
            InstantSource wallClock,
            LongSupplier ticker,
            MeterRegistry registry) {
        AssemblyMetrics metrics = new AssemblyMetrics(registry);
        DeadLetterSink deadLetters =
                new DeadLetterSink(topics.deadLetters(), DEAD_LETTERS_SINK, "assembly", wallClock, registry);
        Topology topology = new Topology();
        DecodeRecords.add(topology, "chunks", topics.chunks(), ASSEMBLE, deadLetters, AssemblyTopology::checkChunk);
        DecodeRecords.add(
                topology, "controls", topics.controls(), ASSEMBLE, deadLetters, AssemblyTopology::checkControl);
        topology.addProcessor(
                ASSEMBLE,
                (ProcessorSupplier<String, SpecificRecord, String, GenerationReport>)
                        () -> new AssembleGenerations(settings, wallClock, ticker, metrics),
                "decode-chunks",
                "decode-controls");
        for (StoreBuilder<?> store : GenerationStores.builders()) {
            topology.addStateStore(store, ASSEMBLE);
        }
        topology.addSink(
                RESULTS_SINK,
                topics.generationResults().name(),
                new StringSerializer(),
                topics.generationResults().values().serializer(),
                ASSEMBLE);
        deadLetters.addTo(topology, "decode-chunks", "decode-controls");
        return topology;
    }

    /**
     * What the application needs beside what all do.
     *
     * <p>Reports do not wait for a commit, since nothing but the stores is cached: {@code commit.interval.ms} only sets how
     * much a crash repeats and how often a growing text is written. Chunks and controls are not synchronised, so a task
     * must not idle for the one that is empty.
     */
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

    private static Optional<String> checkChunk(String key, @Nullable GenerationChunk chunk) {
        if (chunk == null) {
            return Optional.of("no value");
        }
        return checkKey(key)
                .or(() -> checkId("generationId", chunk.getGenerationId()))
                .or(() -> checkId("attemptId", chunk.getAttemptId()))
                .or(() -> checkSeq(chunk.getBody()));
    }

    private static Optional<String> checkControl(String key, @Nullable Control control) {
        return control == null
                ? Optional.of("no value")
                : checkKey(key).or(() -> checkId("generationId", control.getGenerationId()));
    }

    private static Optional<String> checkKey(String key) {
        try {
            ConversationKey.parse(key);
            return Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.of("the key is not tenant/conversation");
        }
    }

    private static Optional<String> checkId(String field, String id) {
        return id.isEmpty() || id.length() > MAX_ID_CHARS || id.indexOf(GenerationStores.SEPARATOR) >= 0
                ? Optional.of(field + " is not an id")
                : Optional.empty();
    }

    private static Optional<String> checkSeq(Object body) {
        int seq = switch (body) {
            case TextDelta delta -> delta.getSeq();
            case ReasoningDelta delta -> delta.getSeq();
            default -> 0;
        };
        return seq < 0 ? Optional.of("seq is negative") : Optional.empty();
    }
}
