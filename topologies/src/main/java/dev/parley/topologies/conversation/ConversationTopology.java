package dev.parley.topologies.conversation;

import dev.parley.chat.v1.AnnotateConversation;
import dev.parley.chat.v1.CancelTurn;
import dev.parley.chat.v1.Command;
import dev.parley.chat.v1.CreateConversation;
import dev.parley.chat.v1.DeleteConversation;
import dev.parley.chat.v1.GenerationReport;
import dev.parley.chat.v1.RateMessage;
import dev.parley.chat.v1.RegenerateMessage;
import dev.parley.chat.v1.RenameConversation;
import dev.parley.chat.v1.SubmitMessage;
import dev.parley.chat.v1.SwitchBranch;
import dev.parley.chat.v1.Unknown;
import dev.parley.schemas.Topics;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.schemas.keys.Ids;
import dev.parley.topologies.aggregate.AggregateProcessor;
import dev.parley.topologies.aggregate.AggregateTopology;
import dev.parley.topologies.aggregate.AggregateTopology.Inlet;
import dev.parley.topologies.aggregate.AggregateTopology.Outlet;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
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

    static final String NAME = "conversation";
    static final String EVENTS = "events";
    static final String TURNS = "turns";
    static final String CONTROLS = "controls";

    private static final String NOT_A_KEY = "the key is not tenant/conversation";

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
        AggregateTopology topology = new AggregateTopology(
                NAME,
                List.of(
                        new Inlet<>("commands", topics.commands(), ConversationTopology::objection),
                        new Inlet<>("generation-results", topics.generationResults(), ConversationTopology::objection)),
                List.of(
                        new Outlet(EVENTS, topics.events()),
                        new Outlet(TURNS, topics.turns()),
                        new Outlet(CONTROLS, topics.controls())),
                ConversationStores.builders());
        ConversationMetrics metrics = new ConversationMetrics(meters);
        return topology.build(
                () -> processor(settings, wallClock, ticker, metrics), topics.deadLetters(), wallClock, meters);
    }

    /** The processor of one task. */
    static Processor<String, SpecificRecord, String, SpecificRecord> processor(
            ConversationSettings settings, InstantSource wallClock, LongSupplier ticker, ConversationMetrics metrics) {
        return new AggregateProcessor<>(
                NAME,
                context -> new ConversationAggregate(settings, new ConversationStores(context), metrics),
                wallClock,
                ticker);
    }

    /** What the application needs beside what all do: {@link AggregateTopology#streamsConfig}. */
    public static Map<String, Object> streamsConfig() {
        return AggregateTopology.streamsConfig();
    }

    private static @Nullable String objection(String key, Command command) {
        ConversationKey conversation;
        try {
            conversation = ConversationKey.parse(key);
        } catch (IllegalArgumentException e) {
            return NOT_A_KEY;
        }
        if (!conversation.tenant().equals(command.getTenantId())
                || !conversation.conversation().equals(command.getConversationId())) {
            return "the key is not the conversation that the command names";
        }
        return switch (command.getBody()) {
            case SubmitMessage submit ->
                objectionToIds(submit.getMessageId(), submit.getTurnId(), submit.getAssistantMessageId());
            case SwitchBranch change -> objectionToIds(change.getMessageId());
            case RegenerateMessage regenerate ->
                objectionToIds(regenerate.getTurnId(), regenerate.getAssistantMessageId());
            case CreateConversation create -> objectionToIds(create.getWorkspaceId());
            case CancelTurn _,
                    RenameConversation _,
                    DeleteConversation _,
                    RateMessage _,
                    AnnotateConversation _,
                    Unknown _ -> null; // They carry no ids that become keys.
        };
    }

    private static @Nullable String objection(String key, GenerationReport report) {
        try {
            ConversationKey.parse(key);
            return null;
        } catch (IllegalArgumentException e) {
            return NOT_A_KEY;
        }
    }

    private static @Nullable String objectionToIds(String... ids) {
        for (String id : ids) {
            if (!Ids.isId(id)) {
                return "an id is not " + Ids.RULE;
            }
        }
        return null;
    }
}
