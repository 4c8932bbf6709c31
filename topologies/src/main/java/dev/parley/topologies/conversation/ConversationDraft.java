package dev.parley.topologies.conversation;

import dev.parley.chat.v1.ConversationEvent;
import dev.parley.schemas.keys.MessageId;
import dev.parley.schemas.keys.TurnId;
import dev.parley.topologies.aggregate.Draft;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** A decision about a conversation in the making, with all that its rules may ask. */
final class ConversationDraft extends Draft<Conversation, Change, Order> {

    private final Rules rules;
    private final History history;
    private final Instant now;
    /** The turn that ran before this decision, which the history does not hold yet where the decision has ended it. */
    private final Turn.@Nullable Running running;

    ConversationDraft(Conversation state, Rules rules, History history, Instant now) {
        super(state, Conversation::evolve);
        this.rules = rules;
        this.history = history;
        this.now = now;
        this.running = state.running();
    }

    Rules rules() {
        return rules;
    }

    /** The messages as they were before this decision. */
    History history() {
        return history;
    }

    /** The exchange of a message, be it finished or of the turn that ran before this decision; null where there is none. */
    History.@Nullable Exchange exchange(MessageId messageId) {
        return running != null && running.tip().has(messageId) ? running.exchange() : history.exchange(messageId);
    }

    /** The same, by its position. */
    History.@Nullable Exchange exchange(long position) {
        return running != null && running.position() == position ? running.exchange() : history.at(position);
    }

    Instant now() {
        return now;
    }

    /** Has a try of the running turn made, within what is left of its calls of model servers. */
    void generate(String cause) {
        Turn.Running running = state().turn();
        order(new Order.Generate(
                running, cause, rules.maxModelCalls() - running.tries().modelCalls()));
    }

    /** Logs an event, by its body. */
    void log(ConversationEvent.Body body, @Nullable TurnId turnId) {
        change(new Change.Logged(body, turnId));
    }
}
