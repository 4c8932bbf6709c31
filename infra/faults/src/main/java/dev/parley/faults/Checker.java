package dev.parley.faults;

import dev.parley.faults.History.Submission;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Says what of Parley's promises a history breaks. Pure. The rules, by name:
 *
 * <ul>
 *   <li>{@code sequence}: the events of a conversation are numbered 1, 2, 3 … in log order.
 *   <li>{@code order}: a turn is accepted, started, routed, retrieved, ended, in this order; one turn runs at a time.
 *   <li>{@code ends-once}: each accepted message has exactly one end, and one that is right for it.
 *   <li>{@code accepted-once}: what was acknowledged is in the log, once; what is unknown once or not at all; nothing else.
 *   <li>{@code text}: a completed text is what one call of the model said, and one attempt's chunks, that of the log's choice.
 *   <li>{@code chunks}: no attempt has a chunk twice.
 *   <li>{@code usage}: tokens are those that the model reported, and stand in one row.
 *   <li>{@code client}: what a client saw is the log, in order, without repeat or hole; its text is one attempt's at every
 *       moment; another attempt comes after an explicit reset; in the end it shows what the log says.
 *   <li>{@code tables}: the tables are what a fold of the log makes.
 *   <li>{@code dead-letters}: one for each poison, with its bytes, and no other.
 *   <li>{@code model}: no call of the model goes on once all turns are over.
 * </ul>
 */
final class Checker {

    private Checker() {}

    static List<Violation> check(History history) {
        List<Violation> violations = new ArrayList<>();
        LogIndex index = new LogIndex(history.log());
        new LogCheck(history, index, violations).check();
        history.clients().forEach(client -> new ClientCheck(client, index, violations).check());
        new TableCheck(conversations(history), index, history.tables(), violations).check();
        return List.copyOf(violations);
    }

    static Set<String> conversations(History history) {
        Set<String> conversations = new TreeSet<>();
        history.submissions().stream().map(Submission::conversation).forEach(conversations::add);
        history.clients().forEach(client -> conversations.add(client.conversation()));
        return conversations;
    }
}
