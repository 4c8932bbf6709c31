package dev.parley.topologies.conversation;

import dev.parley.chat.v1.Command;
import dev.parley.chat.v1.CreateConversation;
import dev.parley.chat.v1.GenerationReport;
import dev.parley.chat.v1.RegenerateMessage;
import dev.parley.chat.v1.SubmitMessage;
import dev.parley.schemas.ConversationKey;
import dev.parley.schemas.Topics;
import dev.parley.topologies.Intake;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.InstantSource;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.regex.Pattern;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorSupplier;
import org.apache.kafka.streams.state.StoreBuilder;
import org.jspecify.annotations.Nullable;

/**
 * The conversation topology, exactly once.
 *
 * <pre>{@code
 *   chat.commands ──▶ decode-commands ─┐                          ┌─▶ write-events ───▶ chat.events
 *                                      ├─▶ decide-conversation ───┼─▶ write-turns ────▶ chat.turns
 *   chat.generation-results            │    heads, messages,      └─▶ write-controls ─▶ chat.controls
 *                 ──▶ decode-results ──┘    message ids, active turns
 *                          │
 *                          └─▶ write-dead-letters (poison of both)
 * }</pre>
 */
public final class ConversationTopology {

    static final String EVENTS_SINK = "write-events";
    static final String TURNS_SINK = "write-turns";
    static final String CONTROLS_SINK = "write-controls";
    static final String DECIDE = "decide-conversation";

    private static final String STAGE = "conversation";
    private static final Pattern MESSAGE_ID = Pattern.compile("[A-Za-z0-9._:-]{1,128}");

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
                        "decode-commands",
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
                        "read-results",
                        "decode-results",
                        STAGE,
                        DECIDE,
                        ConversationTopology::objection),
                topics.deadLetters(),
                wallClock,
                meters);
        Intake.addDeadLetters(topology, topics.deadLetters(), "decode-commands", "decode-results");
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
                "decode-commands",
                "decode-results");
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
            if (!MESSAGE_ID.matcher(id).matches()) {
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
