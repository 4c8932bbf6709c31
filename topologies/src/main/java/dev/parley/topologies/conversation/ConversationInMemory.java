package dev.parley.topologies.conversation;

import dev.parley.chat.v1.Command;
import dev.parley.chat.v1.GenerationReport;
import dev.parley.schemas.keys.MessageId;
import dev.parley.topologies.aggregate.Decision;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One conversation with all of its history in memory, decided without topology and stores: for whoever measures what
 * deciding takes. Used by one thread.
 */
public final class ConversationInMemory {

    private final Rules rules;
    private final Remembered history = new Remembered();
    private Conversation state = Conversation.NONE;

    private static final class Remembered implements History {
        private final Map<MessageId, Exchange> byMessage = new HashMap<>();
        private final List<Exchange> exchanges = new ArrayList<>();

        @Override
        public boolean has(MessageId messageId) {
            return byMessage.containsKey(messageId);
        }

        @Override
        public @Nullable Exchange exchange(MessageId messageId) {
            return byMessage.get(messageId);
        }

        @Override
        public @Nullable Exchange at(long position) {
            return position < 0 || position >= exchanges.size() ? null : exchanges.get((int) position);
        }

        @Override
        public void forEachSince(long position, Consumer<Exchange> visitor) {
            exchanges.subList((int) position + 1, exchanges.size()).forEach(visitor);
        }

        private void add(Exchange ended) {
            byMessage.put(ended.assistantMessageId(), ended);
            byMessage.putIfAbsent(ended.userMessageId(), ended);
            exchanges.add(ended);
        }
    }

    /** A conversation that does not exist yet. */
    public ConversationInMemory(Rules rules) {
        this.rules = rules;
    }

    /** Decides and remembers what came of it. */
    public void take(Command command, Instant now) {
        take(new Input.Asked(command), now);
    }

    /** The same for what is reported of a generation. Every turn that ends counts as an exchange. */
    public void take(GenerationReport report, Instant now) {
        take(new Input.Reported(report), now);
    }

    private void take(Input input, Instant now) {
        Turn.Running before = state.running();
        state = decide(input, now).state();
        if (before != null && state.running() == null) {
            history.add(before.exchange());
        }
    }

    /** Decides and forgets it; what is returned shows only that it was done. */
    public Object decide(Command command, Instant now) {
        return decide(new Input.Asked(command), now);
    }

    private Decision<Conversation, Change, Order> decide(Input input, Instant now) {
        return Decider.decide(state, input, rules, history, now);
    }

    /** Whether a turn runs or waits. */
    public boolean isBusy() {
        return state.busy();
    }

    /** How many turns have begun. */
    public long turns() {
        return state.tree().nextPosition();
    }
}
