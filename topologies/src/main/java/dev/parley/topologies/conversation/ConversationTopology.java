package dev.parley.topologies.conversation;

import dev.parley.chat.v1.Command;
import dev.parley.chat.v1.CreateConversation;
import dev.parley.chat.v1.GenerationReport;
import dev.parley.chat.v1.RegenerateMessage;
import dev.parley.chat.v1.SubmitMessage;
import dev.parley.schemas.ConversationKey;
import dev.parley.schemas.TopicSpec;
import dev.parley.schemas.Topics;
import dev.parley.topologies.aggregate.Intake;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.InstantSource;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.regex.Pattern;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorSupplier;
import org.apache.kafka.streams.state.StoreBuilder;
import org.jspecify.annotations.Nullable;

/**
 * The conversation topology, exactly once.
 *
 * <pre>{@code
 *   chat.commands ───────────▶ decode-commands ───────────┬──▶ decide-conversation ──┬──▶ chat.events
 *                                                         │     conversation-heads   ├──▶ chat.turns
 *   chat.generation-results ─▶ decode-generation-results ─┤     conversation-messages└──▶ chat.controls
 *                                                         │     message-ids
 *                                                         │     active-turns
 *                                                         └──▶ chat.dead-letters
 * }</pre>
 */
public final class ConversationTopology {

    static final String EVENTS_SINK = "write-events";
    static final String TURNS_SINK = "write-turns";
    static final String CONTROLS_SINK = "write-controls";
    static final String DECODE_COMMANDS = "decode-commands";
    static final String DECODE_RESULTS = "decode-generation-results";
    static final String DECIDE = "decide-conversation";

    private static final String STAGE = "conversation";
    private static final int COMMIT_INTERVAL_MILLIS = 20;
    private static final int RETRY_BACKOFF_MILLIS = 2;
    private static final Pattern ID = Pattern.compile("[A-Za-z0-9._:-]{1,128}");

    private ConversationTopology() {}

    public static Topology build(Topics topics, ConversationSettings settings, MeterRegistry meters) {
        return build(topics, settings, meters, InstantSource.system(), System::nanoTime);
    }

    /**
     * The topology under clocks of the caller's choice.
     *
     * @param ticker monotonic, in nanoseconds: deadlines go by it
     */
    static Topology build(
            Topics topics,
            ConversationSettings settings,
            MeterRegistry meters,
            InstantSource wallClock,
            LongSupplier ticker) {
        Topology topology = new Topology();
        Intake.add(
                topology,
                new Intake.Part<>(
                        topics.commands(),
                        "read-commands",
                        DECODE_COMMANDS,
                        STAGE,
                        DECIDE,
                        ConversationTopology::objection),
                topics.deadLetters(),
                wallClock,
                meters);
        Intake.add(
                topology,
                new Intake.Part<>(
                        topics.generationResults(),
                        "read-generation-results",
                        DECODE_RESULTS,
                        STAGE,
                        DECIDE,
                        ConversationTopology::objection),
                topics.deadLetters(),
                wallClock,
                meters);
        Intake.addDeadLetters(topology, topics.deadLetters(), DECODE_COMMANDS, DECODE_RESULTS);
        ConversationMetrics metrics = new ConversationMetrics(meters);
        topology.addProcessor(
                DECIDE,
                new ProcessorSupplier<String, SpecificRecord, String, SpecificRecord>() {
                    @Override
                    public Processor<String, SpecificRecord, String, SpecificRecord> get() {
                        return new DecideConversation(settings, wallClock, ticker, metrics);
                    }

                    @Override
                    public Set<StoreBuilder<?>> stores() {
                        return ConversationStores.builders();
                    }
                },
                DECODE_COMMANDS,
                DECODE_RESULTS);
        topology.addSink(
                EVENTS_SINK,
                topics.events().name(),
                topics.events().keys().serializer(),
                topics.events().values().serializer(),
                DECIDE);
        topology.addSink(
                TURNS_SINK,
                topics.turns().name(),
                topics.turns().keys().serializer(),
                topics.turns().values().serializer(),
                DECIDE);
        topology.addSink(
                CONTROLS_SINK,
                topics.controls().name(),
                topics.controls().keys().serializer(),
                topics.controls().values().serializer(),
                DECIDE);
        return topology;
    }

    /**
     * What the application needs beside what all do. Exactly once; {@link DecideConversation} asks for commits itself where
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

    private static @Nullable String objection(String key, Command command) {
        String notAKey = objection(key);
        if (notAKey != null) {
            return notAKey;
        }
        if (!key.equals(command.getTenantId() + "/" + command.getConversationId())) {
            return "the key is not the conversation that the command names";
        }
        return switch (command.getBody()) {
            case SubmitMessage submit ->
                objectionToIds(submit.getMessageId(), submit.getTurnId(), submit.getAssistantMessageId());
            case RegenerateMessage regenerate ->
                objectionToIds(regenerate.getTurnId(), regenerate.getAssistantMessageId());
            case CreateConversation create -> objectionToIds(create.getWorkspaceId());
            default -> null; // The others carry no ids that become keys.
        };
    }

    private static @Nullable String objection(String key, GenerationReport report) {
        return objection(key);
    }

    private static @Nullable String objectionToIds(String... ids) {
        for (String id : ids) {
            if (!ID.matcher(id).matches()) {
                return "an id is not 1 to 128 of A-Z a-z 0-9 . _ : -";
            }
        }
        return null;
    }

    private static @Nullable String objection(String key) {
        try {
            ConversationKey.parse(key);
            return null;
        } catch (IllegalArgumentException e) {
            return "the key is not tenant/conversation";
        }
    }
}
