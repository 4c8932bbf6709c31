package dev.parley.topologies.assembly;

import dev.parley.chat.v1.AttemptCancelled;
import dev.parley.chat.v1.AttemptFailed;
import dev.parley.chat.v1.AttemptFinished;
import dev.parley.chat.v1.AttemptStarted;
import dev.parley.chat.v1.Control;
import dev.parley.chat.v1.GenerationChunk;
import dev.parley.chat.v1.GenerationReport;
import dev.parley.chat.v1.Heartbeat;
import dev.parley.chat.v1.ReasoningDelta;
import dev.parley.chat.v1.TextDelta;
import dev.parley.chat.v1.ToolArgumentsDelta;
import dev.parley.chat.v1.ToolCalled;
import dev.parley.chat.v1.Unknown;
import dev.parley.schemas.TopicSpec;
import dev.parley.schemas.Topics;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.topologies.aggregate.Intake;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.InstantSource;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
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

    static final String RESULTS_SINK = "write-generation-results";

    private static final String STAGE = "assembly";
    private static final String ASSEMBLE = "assemble-generations";
    private static final int MAX_ID_CHARS = 256;

    private AssemblyTopology() {}

    public static Topology build(Topics topics, AssemblySettings settings, MeterRegistry meters) {
        return build(topics, settings, meters, InstantSource.system(), System::nanoTime);
    }

    /**
     * The topology under clocks of the caller's choice.
     *
     * @param wallClock for the times that records carry
     * @param ticker monotonic, in nanoseconds: deadlines go by it
     */
    static Topology build(
            Topics topics,
            AssemblySettings settings,
            MeterRegistry meters,
            InstantSource wallClock,
            LongSupplier ticker) {
        Topology topology = new Topology();
        Intake.add(
                topology,
                new Intake.Part<>("chunks", topics.chunks(), STAGE, ASSEMBLE, AssemblyTopology::objection),
                topics.deadLetters(),
                wallClock,
                meters);
        Intake.add(
                topology,
                new Intake.Part<>("controls", topics.controls(), STAGE, ASSEMBLE, AssemblyTopology::objection),
                topics.deadLetters(),
                wallClock,
                meters);
        Intake.addDeadLetters(topology, topics.deadLetters(), "decode-chunks", "decode-controls");
        AssemblyMetrics metrics = new AssemblyMetrics(meters);
        topology.addProcessor(
                ASSEMBLE,
                new ProcessorSupplier<String, SpecificRecord, String, GenerationReport>() {
                    @Override
                    public Processor<String, SpecificRecord, String, GenerationReport> get() {
                        return new AssembleGenerations(settings, wallClock, ticker, metrics);
                    }

                    @Override
                    public Set<StoreBuilder<?>> stores() {
                        return GenerationStores.builders();
                    }
                },
                "decode-chunks",
                "decode-controls");
        topology.addSink(
                RESULTS_SINK,
                topics.generationResults().name(),
                topics.generationResults().keys().serializer(),
                topics.generationResults().values().serializer(),
                ASSEMBLE);
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

    private static @Nullable String objection(String key, GenerationChunk chunk) {
        if (!isId(chunk.getAttemptId())) {
            return "attemptId is not an id";
        }
        int seq = switch (chunk.getBody()) {
            case TextDelta delta -> delta.getSeq();
            case ReasoningDelta delta -> delta.getSeq();
            case ToolArgumentsDelta delta -> delta.getSeq();
            case ToolCalled called -> called.getSeq();
            case AttemptStarted _, Heartbeat _, AttemptFinished _, AttemptFailed _, AttemptCancelled _, Unknown _ ->
                0; // They have none.
        };
        return seq < 0 ? "seq is negative" : objection(key, chunk.getGenerationId());
    }

    private static @Nullable String objection(String key, Control control) {
        return objection(key, control.getGenerationId());
    }

    private static @Nullable String objection(String key, String generationId) {
        try {
            ConversationKey.parse(key);
            return isId(generationId) ? null : "generationId is not an id";
        } catch (IllegalArgumentException e) {
            return "the key is not tenant/conversation";
        }
    }

    private static boolean isId(String text) {
        return !text.isEmpty() && text.length() <= MAX_ID_CHARS && text.indexOf(GenerationStores.SEPARATOR) < 0;
    }
}
