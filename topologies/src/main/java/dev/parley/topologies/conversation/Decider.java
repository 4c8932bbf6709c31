package dev.parley.topologies.conversation;

import dev.parley.chat.v1.Command;
import dev.parley.chat.v1.GenerationReport;
import dev.parley.topologies.aggregate.Decision;
import java.time.Instant;

/**
 * Decides what an input means to a conversation. Pure: the same state, input, history and time give the same decision.
 *
 * <p>A repeated command or report changes nothing. Exactly one of completed, failed and cancelled ends every turn that was
 * accepted.
 */
final class Decider {

    private Decider() {}

    static Decision<Conversation, Change, Order> decide(
            Conversation state, Input input, Rules rules, History history, Instant now) {
        ConversationDraft draft = new ConversationDraft(state, rules, history, now);
        switch (input) {
            case Input.Asked(Command command) -> new Commands(draft).ask(command);
            case Input.Reported(GenerationReport report) -> new Reports(draft).report(report);
            case Input.DeadlinePassed deadline -> new TurnDeadlines(draft).passed(deadline);
        }
        return draft.decision();
    }
}
