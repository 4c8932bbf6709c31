package dev.parley.topologies.conversation;

import dev.parley.chat.v1.AnnotateConversation;
import dev.parley.chat.v1.BranchSwitched;
import dev.parley.chat.v1.CancelTurn;
import dev.parley.chat.v1.Command;
import dev.parley.chat.v1.ConversationAnnotated;
import dev.parley.chat.v1.ConversationCreated;
import dev.parley.chat.v1.ConversationDeleted;
import dev.parley.chat.v1.ConversationRenamed;
import dev.parley.chat.v1.CreateConversation;
import dev.parley.chat.v1.DeleteConversation;
import dev.parley.chat.v1.FeedbackRecorded;
import dev.parley.chat.v1.MessageAccepted;
import dev.parley.chat.v1.MessageRejected;
import dev.parley.chat.v1.OnBusy;
import dev.parley.chat.v1.RateMessage;
import dev.parley.chat.v1.RegenerateMessage;
import dev.parley.chat.v1.RenameConversation;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.SubmitMessage;
import dev.parley.chat.v1.SwitchBranch;
import dev.parley.chat.v1.Unknown;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.keys.MessageId;
import dev.parley.schemas.keys.TurnId;
import dev.parley.topologies.conversation.Turn.Ending;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What a caller's command means to a conversation. */
final class Commands {

    private final ConversationDraft draft;
    private final Turns turns;
    private final Endings endings;

    Commands(ConversationDraft draft) {
        this.draft = draft;
        this.turns = new Turns(draft);
        this.endings = new Endings(draft, turns);
    }

    void ask(Command command) {
        if (draft.state().recentCommands().contains(command.getCommandId())) {
            return;
        }
        switch (command.getBody()) {
            case CreateConversation create -> create(create);
            case SubmitMessage submit -> submit(submit);
            case RegenerateMessage regenerate -> regenerate(regenerate);
            case CancelTurn cancel -> cancel(cancel);
            case RenameConversation rename -> rename(rename);
            case DeleteConversation delete -> delete();
            case RateMessage rate -> rate(rate);
            case SwitchBranch change -> switchBranch(change);
            case AnnotateConversation annotate -> annotate(annotate);
            case Unknown _ -> throw new IllegalArgumentException("unknown command"); // The intake lets none through.
        }
        if (!draft.steps().isEmpty()) {
            draft.change(new Change.CommandSeen(command.getCommandId()));
        }
    }

    private void create(CreateConversation create) {
        if (!draft.state().exists()) {
            draft.log(new ConversationCreated(create.getTitle(), create.getWorkspaceId(), create.getMetadata()), null);
        }
    }

    private void createIfMissing() {
        create(new CreateConversation(null, draft.rules().defaultWorkspace(), Map.of()));
    }

    private void submit(SubmitMessage submit) {
        if (draft.history().has(new MessageId(submit.getMessageId()))) {
            return; // A repeat; where the content differs, the door tells its caller by the fingerprint.
        }
        createIfMissing();
        Turn turn = Turn.asked(submit, draft.now());
        ErrorCode refusal = refusal(submit.getOnBusy(), turn.chars());
        if (refusal == null && !hasPlace(turn)) {
            refusal = ErrorCode.MESSAGE_NOT_FOUND;
        }
        if (refusal != null) {
            reject(submit.getMessageId(), submit.getTurnId(), refusal);
            return;
        }
        draft.log(
                MessageAccepted.newBuilder()
                        .setMessageId(submit.getMessageId())
                        .setAssistantMessageId(submit.getAssistantMessageId())
                        .setRole(
                                submit.getPrompt() == null
                                        ? Role.USER
                                        : submit.getPrompt().getRole())
                        .setContent(submit.getContent())
                        .setOnBusy(submit.getOnBusy())
                        .setIntent(submit.getIntent())
                        .setEngine(submit.getEngine())
                        .setMetadata(submit.getMetadata())
                        .setFingerprint(submit.getFingerprint())
                        .setPrompt(submit.getPrompt())
                        .setAfter(submit.getAfter())
                        .build(),
                turn.turnId());
        turns.take(turn, submit.getOnBusy());
    }

    /** Whether there is, or will be, what it is to come after. */
    private boolean hasPlace(Turn turn) {
        return !(turn.place() instanceof Turn.Place.After(MessageId messageId))
                || draft.exchange(messageId) != null
                || draft.state().queue().stream()
                        .anyMatch(waiting -> waiting.assistantMessageId().equals(messageId)
                                || waiting.userMessageId().equals(messageId));
    }

    private void regenerate(RegenerateMessage regenerate) {
        if (draft.history().has(new MessageId(regenerate.getAssistantMessageId()))) {
            return;
        }
        History.Exchange exchange = answeredAnew(regenerate.getMessageId());
        ErrorCode refusal = refusal(
                regenerate.getOnBusy(), exchange == null ? 0 : Turn.chars(exchange.question(), exchange.prompt()));
        if (exchange == null || refusal != null) {
            createIfMissing();
            reject(
                    regenerate.getAssistantMessageId(),
                    regenerate.getTurnId(),
                    refusal == null ? ErrorCode.MESSAGE_NOT_FOUND : refusal);
            return;
        }
        turns.take(Turn.askedAnew(regenerate, exchange, draft.now()), regenerate.getOnBusy());
    }

    /** The exchange that a regeneration is about: the one named, else the latest. */
    private History.@Nullable Exchange answeredAnew(@Nullable String messageId) {
        if (messageId != null) {
            return draft.exchange(new MessageId(messageId));
        }
        Turn.Running running = draft.state().running();
        return running == null
                ? draft.exchange(Tree.position(draft.state().tree().tip()))
                : running.exchange();
    }

    /** Why the conversation takes no message of {@code chars} characters now; null where it does. */
    private @Nullable ErrorCode refusal(OnBusy onBusy, long chars) {
        Conversation state = draft.state();
        if (state.deleted()) {
            return ErrorCode.CONVERSATION_DELETED;
        }
        if (!state.busy()) {
            return null;
        }
        if (onBusy == OnBusy.REJECT) {
            return ErrorCode.BUSY;
        }
        long waitingChars = state.queue().stream().mapToLong(Turn::chars).sum();
        return state.queue().size() >= draft.rules().maxQueuedTurns()
                        || waitingChars + chars > draft.rules().maxQueuedChars()
                ? ErrorCode.QUEUE_FULL
                : null;
    }

    private void reject(String messageId, String turnId, ErrorCode refusal) {
        draft.log(new MessageRejected(messageId, refusal.wire(), detail(refusal)), new TurnId(turnId));
    }

    private String detail(ErrorCode refusal) {
        return switch (refusal) {
            case CONVERSATION_DELETED -> "the conversation was deleted";
            case BUSY -> "a turn is running, and the message asked not to wait for it";
            case QUEUE_FULL ->
                "too many messages are waiting already: at most "
                        + draft.rules().maxQueuedTurns() + ", or "
                        + draft.rules().maxQueuedChars() + " characters";
            case MESSAGE_NOT_FOUND -> "the conversation has no such message, or it has no answer";
            default -> refusal.wire();
        };
    }

    private void cancel(CancelTurn cancel) {
        TurnId turnId = cancel.getTurnId() == null ? null : new TurnId(cancel.getTurnId());
        for (Turn waiting : draft.state().queue()) {
            if (turnId == null || waiting.turnId().equals(turnId)) {
                endings.dropped(waiting);
            }
        }
        Turn.Running running = draft.state().running();
        if (running != null && (turnId == null || running.turnId().equals(turnId))) {
            turns.stop(Ending.CANCELLED, "requested");
        }
    }

    private void rename(RenameConversation rename) {
        if (draft.state().exists() && !draft.state().deleted()) {
            draft.log(new ConversationRenamed(rename.getTitle()), null);
        }
    }

    private void delete() {
        if (!draft.state().exists() || draft.state().deleted()) {
            return;
        }
        draft.state().queue().forEach(endings::dropped);
        turns.stop(Ending.CANCELLED, "deleted");
        draft.log(new ConversationDeleted(), null);
    }

    private void switchBranch(SwitchBranch change) {
        History.Exchange exchange = draft.history().exchange(new MessageId(change.getMessageId()));
        if (exchange == null || draft.state().deleted() || draft.state().busy()) {
            return;
        }
        Tree.Tip tip = latestOnBranch(exchange).tip();
        draft.change(new Change.Switched(tip));
        draft.log(new BranchSwitched(tip.assistantMessageId().text()), null);
    }

    /** The latest of the exchanges that follow {@code exchange}, directly or not; itself where none does. */
    private History.Exchange latestOnBranch(History.Exchange exchange) {
        NavigableMap<Long, History.Exchange> branch = new TreeMap<>(Map.of(exchange.position(), exchange));
        draft.history().forEachSince(exchange.position(), later -> {
            if (branch.containsKey(later.parent())) {
                branch.put(later.position(), later);
            }
        });
        return branch.lastEntry().getValue();
    }

    private void annotate(AnnotateConversation annotate) {
        if (draft.state().exists() && !draft.state().deleted()) {
            draft.log(
                    new ConversationAnnotated(annotate.getMetadata(), annotate.getItems(), annotate.getRemoved()),
                    annotate.getTurnId() == null ? null : new TurnId(annotate.getTurnId()));
        }
    }

    private void rate(RateMessage rate) {
        if (draft.history().has(new MessageId(rate.getMessageId()))
                && !draft.state().deleted()) {
            draft.log(new FeedbackRecorded(rate.getMessageId(), rate.getRating(), rate.getComment()), null);
        }
    }
}
