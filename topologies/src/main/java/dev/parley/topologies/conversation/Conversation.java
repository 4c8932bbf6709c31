package dev.parley.topologies.conversation;

import dev.parley.chat.v1.BranchSwitched;
import dev.parley.chat.v1.Classification;
import dev.parley.chat.v1.ConversationAnnotated;
import dev.parley.chat.v1.ConversationCreated;
import dev.parley.chat.v1.ConversationDeleted;
import dev.parley.chat.v1.ConversationRenamed;
import dev.parley.chat.v1.FeedbackRecorded;
import dev.parley.chat.v1.MessageAccepted;
import dev.parley.chat.v1.MessageRejected;
import dev.parley.chat.v1.TurnCancelled;
import dev.parley.chat.v1.TurnEnd;
import dev.parley.chat.v1.TurnRetrieved;
import dev.parley.chat.v1.TurnRouted;
import dev.parley.chat.v1.TurnStarted;
import dev.parley.chat.v1.Unknown;
import dev.parley.schemas.keys.TurnId;
import dev.parley.topologies.conversation.Turn.Phase;
import dev.parley.topologies.conversation.Turn.Running;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The head of a conversation: what decisions need of it, without its messages. Immutable; changed by {@link #evolve}
 * alone.
 *
 * @param workspaceId empty for a conversation that does not exist yet
 * @param titled whether anyone has given it a title
 * @param sequence of the last event; 0 where there is none
 * @param tree where it stands among its exchanges
 * @param queue turns that wait, first to run first
 * @param recentCommands ids of the latest commands, oldest first
 */
record Conversation(
        String workspaceId,
        boolean deleted,
        boolean titled,
        long sequence,
        Tree tree,
        @Nullable Running running,
        List<Turn> queue,
        List<String> recentCommands) {

    /** Repeats come soon after the original: a client's retry, a producer's, a rebalance. */
    static final int MAX_RECENT_COMMANDS = 64;

    static final Conversation NONE = new Conversation("", false, false, 0, Tree.EMPTY, null, List.of(), List.of());

    Conversation {
        queue = List.copyOf(queue);
        recentCommands = List.copyOf(recentCommands);
    }

    boolean exists() {
        return sequence > 0;
    }

    /** Whether a turn runs or waits. */
    boolean busy() {
        return running != null || !queue.isEmpty();
    }

    /** The state after {@code change}. */
    Conversation evolve(Change change) {
        return switch (change) {
            case Change.Logged logged -> evolve(logged);
            case Change.CommandSeen(String commandId) -> withCommand(commandId);
            case Change.Enqueued(Turn turn) -> with(running, plus(queue, turn));
            case Change.EnqueuedFirst(Turn turn) -> with(running, before(turn, queue));
            case Change.Dropped(TurnId turnId) ->
                with(
                        running,
                        queue.stream()
                                .filter(turn -> !turn.turnId().equals(turnId))
                                .toList());
            case Change.Begun begun -> begin(begun);
            case Change.Claimed claimed -> with(turn().claimed(claimed.at()), queue);
            case Change.Reissued(String failedEngine, int calls) -> with(turn().reissued(failedEngine, calls), queue);
            case Change.Paused(Duration pause, String cause) -> with(turn().in(new Phase.Pausing(pause, cause)), queue);
            case Change.Resumed() -> with(turn().in(new Phase.Preparing()), queue);
            case Change.Configured(String version) -> with(turn().under(version), queue);
            case Change.ClassificationAsked(Duration limit) -> with(turn().in(new Phase.Classifying(1, limit)), queue);
            case Change.ClassificationAskedAgain _ ->
                with(turn().in(classifying().again()), queue);
            case Change.Classified(Classification said) -> with(turn().classified(said), queue);
            case Change.CancelAsked(Turn.Ending ending) -> with(turn().in(new Phase.Cancelling(ending)), queue);
            case Change.Switched(Tree.Tip tip) -> with(tree.at(tip));
        };
    }

    private Conversation evolve(Change.Logged logged) {
        Conversation counted =
                new Conversation(workspaceId, deleted, titled, sequence + 1, tree, running, queue, recentCommands);
        return switch (logged.body()) {
            case ConversationCreated created ->
                new Conversation(
                        created.getWorkspaceId(),
                        false,
                        titled || created.getTitle() != null,
                        counted.sequence,
                        tree,
                        running,
                        queue,
                        recentCommands);
            case ConversationRenamed renamed ->
                new Conversation(workspaceId, deleted, true, counted.sequence, tree, running, queue, recentCommands);
            case ConversationDeleted gone ->
                new Conversation(workspaceId, true, titled, counted.sequence, tree, running, queue, recentCommands);
            case TurnRouted routed ->
                counted.with(turn().routed(turn().preparation().sources()), queue);
            case TurnRetrieved retrieved -> counted.with(turn().routed(retrieved.getSources()), queue);
            case TurnEnd end -> counted.ended(end, logged.turnId());
            case MessageAccepted _,
                    MessageRejected _,
                    TurnStarted _,
                    FeedbackRecorded _,
                    BranchSwitched _,
                    ConversationAnnotated _,
                    Unknown _ -> counted; // The event only counts.
        };
    }

    /** The running turn ends, and is what the next one follows; the end of a turn that only waited leaves it alone. */
    private Conversation ended(TurnEnd end, @Nullable TurnId turnId) {
        if (running == null || !running.turnId().equals(turnId)) {
            return this;
        }
        boolean forgotten = end instanceof TurnCancelled cancelled && cancelled.getForgotten();
        return (forgotten ? this : with(tree.at(running.tip()))).with(null, queue);
    }

    private Conversation begin(Change.Begun begun) {
        if (running != null) {
            throw new IllegalStateException("one turn at a time");
        }
        Running next = Running.begun(begun.turn(), tree.nextPosition(), begun.parent(), begun.at());
        List<Turn> rest = queue.stream()
                .filter(turn -> !turn.turnId().equals(begun.turn().turnId()))
                .toList();
        return new Conversation(
                workspaceId, deleted, titled, sequence, tree.begun(begun.parent()), next, rest, recentCommands);
    }

    /** The running turn. */
    Running turn() {
        if (running == null) {
            throw new IllegalStateException("no turn runs");
        }
        return running;
    }

    private Phase.Classifying classifying() {
        if (turn().phase() instanceof Phase.Classifying classifying) {
            return classifying;
        }
        throw new IllegalStateException("no model is asked");
    }

    private Conversation with(@Nullable Running turn, List<Turn> waiting) {
        return new Conversation(workspaceId, deleted, titled, sequence, tree, turn, waiting, recentCommands);
    }

    private Conversation with(Tree grown) {
        return new Conversation(workspaceId, deleted, titled, sequence, grown, running, queue, recentCommands);
    }

    private Conversation withCommand(String commandId) {
        List<String> commands = plus(recentCommands, commandId);
        int tooMany = Math.max(0, commands.size() - MAX_RECENT_COMMANDS);
        return new Conversation(
                workspaceId,
                deleted,
                titled,
                sequence,
                tree,
                running,
                queue,
                commands.subList(tooMany, commands.size()));
    }

    private static List<Turn> before(Turn first, List<Turn> rest) {
        List<Turn> longer = new ArrayList<>();
        longer.add(first);
        longer.addAll(rest);
        return longer;
    }

    private static <T> List<T> plus(List<T> list, T last) {
        List<T> longer = new ArrayList<>(list);
        longer.add(last);
        return longer;
    }
}
