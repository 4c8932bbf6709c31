package dev.parley.topologies.conversation;

import dev.parley.chat.v1.AttemptClaimed;
import dev.parley.chat.v1.Command;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.GenerationReport;
import dev.parley.chat.v1.TurnPrepared;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.schemas.keys.TurnId;
import dev.parley.topologies.aggregate.Aggregate;
import dev.parley.topologies.aggregate.Cause;
import dev.parley.topologies.aggregate.Deadline;
import dev.parley.topologies.aggregate.Decision;
import dev.parley.topologies.aggregate.Output;
import java.time.Instant;
import java.util.List;
import java.util.function.Consumer;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/** Conversations, to the kernel: their rules over their stores. */
final class ConversationAggregate implements Aggregate<Conversation, Input, Change, Order> {

    private final ConversationSettings settings;
    private final ConversationStores stores;
    private final ConversationMetrics metrics;

    ConversationAggregate(ConversationSettings settings, ConversationStores stores, ConversationMetrics metrics) {
        this.settings = settings;
        this.stores = stores;
        this.metrics = metrics;
    }

    @Override
    public Cause<Input> cause(SpecificRecord record) {
        return switch (record) {
            case Command command -> new Cause<>(new Input.Asked(command), command.getCommandId());
            case GenerationReport report -> new Cause<>(new Input.Reported(report), report.getReportId());
            default -> throw new IllegalArgumentException("neither command nor report: " + record.getSchema());
        };
    }

    @Override
    public Conversation load(String key) {
        return stores.conversation(key);
    }

    @Override
    public Decision<Conversation, Change, Order> decide(String key, Conversation state, Input input, Instant now) {
        return Decider.decide(state, input, settings.rules(), stores.history(key), now);
    }

    @Override
    public void save(String key, Decision<Conversation, Change, Order> decision) {
        stores.save(key, decision);
    }

    @Override
    public List<Output> outputs(
            String key, Decision<Conversation, Change, Order> decision, String causeId, Instant now) {
        return ConversationOutputs.of(
                ConversationKey.parse(key),
                decision,
                causeId,
                now,
                position -> stores.historyUpTo(key, position, settings.historyTokens()));
    }

    /** All but what is told of a turn on its way. */
    @Override
    public boolean isAwaited(Input input) {
        return switch (input) {
            case Input.Reported(GenerationReport report) ->
                !(report.getBody() instanceof TurnPrepared) && !(report.getBody() instanceof AttemptClaimed);
            case Input.Asked asked -> true;
            case Input.DeadlinePassed passed -> true;
        };
    }

    @Override
    public @Nullable Deadline<Input> deadline(Conversation conversation) {
        return TurnDeadlines.of(conversation, settings);
    }

    @Override
    public void forEachWithDeadline(Consumer<String> visitor) {
        stores.forEachActive(visitor);
    }

    @Override
    public void decided(Decision<Conversation, Change, Order> decision) {
        decision.steps().forEach(step -> {
            if (step.change() instanceof Change.Logged(ConversationEvent.Body body, TurnId _)) {
                metrics.event(body);
            }
        });
    }

    @Override
    public void deadlines(int more) {
        metrics.active(more);
    }
}
