package dev.parley.topologies.conversation;

import dev.parley.chat.v1.Command;
import dev.parley.chat.v1.GenerationReport;
import dev.parley.schemas.keys.MessageId;
import dev.parley.topologies.aggregate.Decision;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
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
        private final Map<MessageId, Exchange> byAnswer = new HashMap<>();
        private final Map<MessageId, Exchange> byQuestion = new HashMap<>();
        private @Nullable Exchange latest;

        @Override
        public boolean has(MessageId messageId) {
            return byAnswer.containsKey(messageId) || byQuestion.containsKey(messageId);
        }

        @Override
        public @Nullable Exchange exchange(MessageId assistantMessageId) {
            return byAnswer.get(assistantMessageId);
        }

        @Override
        public @Nullable Exchange latest() {
            return latest;
        }

        private void add(Turn.Running ended) {
            Turn turn = ended.turn();
            Exchange exchange = new Exchange(
                    ended.position(),
                    turn.userMessageId(),
                    turn.assistantMessageId(),
                    turn.question().content(),
                    turn.question().prompt());
            byAnswer.put(exchange.assistantMessageId(), exchange);
            byQuestion.put(exchange.userMessageId(), exchange);
            latest = exchange;
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
            history.add(before);
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
        return state.nextPosition();
    }
}
