package dev.parley.topologies.conversation;

import dev.parley.chat.v1.ConversationEvent;
import dev.parley.schemas.keys.TurnId;
import dev.parley.topologies.aggregate.Draft;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** A decision about a conversation in the making, with all that its rules may ask. */
final class ConversationDraft extends Draft<Conversation, Change, Order> {

    private final Rules rules;
    private final History history;
    private final Instant now;

    ConversationDraft(Conversation state, Rules rules, History history, Instant now) {
        super(state, Conversation::evolve);
        this.rules = rules;
        this.history = history;
        this.now = now;
    }

    Rules rules() {
        return rules;
    }

    /** The messages as they were before this decision. */
    History history() {
        return history;
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
