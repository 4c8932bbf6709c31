package dev.parley.topologies.conversation;

import dev.parley.chat.v1.Attempt;
import dev.parley.chat.v1.AttemptClaimed;
import dev.parley.chat.v1.AttemptLost;
import dev.parley.chat.v1.CancelGeneration;
import dev.parley.chat.v1.CancelTurn;
import dev.parley.chat.v1.Command;
import dev.parley.chat.v1.ConversationCreated;
import dev.parley.chat.v1.ConversationDeleted;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.ConversationRenamed;
import dev.parley.chat.v1.CreateConversation;
import dev.parley.chat.v1.DeleteConversation;
import dev.parley.chat.v1.FeedbackRecorded;
import dev.parley.chat.v1.GenerationCancelled;
import dev.parley.chat.v1.GenerationCompleted;
import dev.parley.chat.v1.GenerationFailed;
import dev.parley.chat.v1.GenerationReport;
import dev.parley.chat.v1.MessageAccepted;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.MessageRejected;
import dev.parley.chat.v1.OnBusy;
import dev.parley.chat.v1.RateMessage;
import dev.parley.chat.v1.RegenerateMessage;
import dev.parley.chat.v1.RenameConversation;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.SubmitMessage;
import dev.parley.chat.v1.Timings;
import dev.parley.chat.v1.TurnCancelled;
import dev.parley.chat.v1.TurnFailed;
import dev.parley.chat.v1.TurnPrepared;
import dev.parley.chat.v1.TurnRetrieved;
import dev.parley.chat.v1.TurnRouted;
import dev.parley.chat.v1.TurnStarted;
import dev.parley.chat.v1.Usage;
import dev.parley.schemas.ErrorCode;
import dev.parley.topologies.conversation.Turn.Ending;
import dev.parley.topologies.conversation.Turn.Phase;
import dev.parley.topologies.conversation.Turn.Running;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Decides what an input means to a conversation. Pure: the same state, input, history and time give the same decision.
 *
 * <p>A repeated command or report changes nothing. Exactly one of completed, failed and cancelled ends every turn that was
 * accepted.
 *
 * <p>{@code onBusy} of a message that meets a busy conversation: {@code enqueue} waits behind all others;
 * {@code interrupt} and {@code rollback} cancel the running turn and run next, before those that wait;
 * {@code reject} is refused.
 */
final class Decider {

    private final Rules rules;
    private final History history;
    private final Instant now;
    private final List<Change> changes = new ArrayList<>();
    private final List<Order> orders = new ArrayList<>();
    private Conversation state;

    /** The turn that this decision completed, which the history does not hold yet. */
    private @Nullable Running answered;

    /** What others are to do about a decision. */
    sealed interface Order {
        /** Prepare and run a try of the running turn, as it stands in the decision's state. */
        record Generate(Running turn, String cause) implements Order {}

        /** Stop a generation. */
        record Stop(String generationId, CancelGeneration order) implements Order {}
    }

    /** The state after the input, the steps that led there, and what others are to do. */
    record Decision(Conversation state, List<Change> changes, List<Order> orders) {}

    private Decider(Conversation state, Rules rules, History history, Instant now) {
        this.state = state;
        this.rules = rules;
        this.history = history;
        this.now = now;
    }

    static Decision decide(Conversation state, Input input, Rules rules, History history, Instant now) {
        Decider decider = new Decider(state, rules, history, now);
        switch (input) {
            case Input.Asked(Command command) -> decider.ask(command);
            case Input.Reported(GenerationReport report) -> decider.report(report);
            case Input.DeadlinePassed deadline -> decider.deadline(deadline);
        }
        return new Decision(decider.state, List.copyOf(decider.changes), List.copyOf(decider.orders));
    }

    private void change(Change change) {
        state = state.evolve(change);
        changes.add(change);
    }

    private void log(ConversationEvent.Body body, @Nullable String turnId) {
        change(new Change.Logged(body, turnId));
    }

    // Commands

    private void ask(Command command) {
        if (state.recentCommands().contains(command.getCommandId())) {
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
            default -> throw new IllegalArgumentException("unknown command"); // The intake lets none through.
        }
        if (!changes.isEmpty()) {
            change(new Change.CommandSeen(command.getCommandId()));
        }
    }

    private void create(CreateConversation create) {
        if (!state.exists()) {
            log(new ConversationCreated(create.getTitle(), create.getWorkspaceId(), create.getMetadata()), null);
        }
    }

    private void createIfMissing() {
        create(new CreateConversation(null, rules.defaultWorkspace(), Map.of()));
    }

    private void submit(SubmitMessage submit) {
        if (history.has(submit.getMessageId())) {
            return; // A repeat; where the content differs, the door tells its caller by the fingerprint.
        }
        createIfMissing();
        ErrorCode refusal = refusal(submit.getOnBusy(), Turn.chars(submit.getContent(), submit.getPrompt()));
        if (refusal != null) {
            log(new MessageRejected(submit.getMessageId(), refusal.wire(), detail(refusal)), submit.getTurnId());
            return;
        }
        log(
                new MessageAccepted(
                        submit.getMessageId(),
                        submit.getAssistantMessageId(),
                        submit.getPrompt() == null
                                ? Role.USER
                                : submit.getPrompt().getRole(),
                        submit.getContent(),
                        submit.getOnBusy(),
                        submit.getIntent(),
                        submit.getEngine(),
                        submit.getMetadata(),
                        submit.getFingerprint(),
                        submit.getPrompt()),
                submit.getTurnId());
        take(
                new Turn(
                        submit.getTurnId(),
                        submit.getMessageId(),
                        submit.getAssistantMessageId(),
                        submit.getContent(),
                        submit.getIntent(),
                        submit.getEngine(),
                        submit.getMetadata(),
                        submit.getPrompt(),
                        now,
                        null),
                submit.getOnBusy());
    }

    private void regenerate(RegenerateMessage regenerate) {
        if (history.has(regenerate.getAssistantMessageId())) {
            return;
        }
        String replaced = regenerate.getMessageId();
        History.Exchange exchange = replaced == null ? history.latest() : history.exchange(replaced);
        ErrorCode refusal = refusal(
                regenerate.getOnBusy(), exchange == null ? 0 : Turn.chars(exchange.question(), exchange.prompt()));
        if (refusal == null && exchange == null) {
            refusal = ErrorCode.MESSAGE_NOT_FOUND;
        }
        if (exchange == null || refusal != null) {
            ErrorCode code = refusal == null ? ErrorCode.MESSAGE_NOT_FOUND : refusal;
            createIfMissing();
            log(
                    new MessageRejected(regenerate.getAssistantMessageId(), code.wire(), detail(code)),
                    regenerate.getTurnId());
            return;
        }
        take(
                new Turn(
                        regenerate.getTurnId(),
                        exchange.userMessageId(),
                        regenerate.getAssistantMessageId(),
                        exchange.question(),
                        null,
                        regenerate.getEngine(),
                        Map.of(),
                        exchange.prompt(),
                        now,
                        new Turn.Regenerated(exchange.assistantMessageId(), exchange.position())),
                regenerate.getOnBusy());
    }

    private @Nullable ErrorCode refusal(OnBusy onBusy, long chars) {
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
        return state.queue().size() >= rules.maxQueuedTurns() || waitingChars + chars > rules.maxQueuedChars()
                ? ErrorCode.QUEUE_FULL
                : null;
    }

    private String detail(ErrorCode refusal) {
        return switch (refusal) {
            case CONVERSATION_DELETED -> "the conversation was deleted";
            case BUSY -> "a turn is running, and the message asked not to wait for it";
            case QUEUE_FULL ->
                "as many messages are waiting as may: " + rules.maxQueuedTurns() + ", or " + rules.maxQueuedChars()
                        + " characters";
            case MESSAGE_NOT_FOUND -> "the conversation has no such answer";
            default -> refusal.wire();
        };
    }

    /** Runs an accepted turn, now or when its time comes. */
    private void take(Turn turn, OnBusy onBusy) {
        if (!state.busy()) {
            begin(turn);
            return;
        }
        switch (onBusy) {
            case ENQUEUE, REJECT -> change(new Change.Enqueued(turn));
            case INTERRUPT -> interrupt(turn, Ending.CANCELLED, "interrupted");
            case ROLLBACK -> interrupt(turn, Ending.FORGOTTEN, "rolled_back");
        }
    }

    private void interrupt(Turn turn, Ending ending, String reason) {
        change(new Change.EnqueuedFirst(turn));
        stop(ending, reason);
    }

    /**
     * The turn as it stands when it begins: a regeneration that waited replaces the answer that was given to its question
     * meanwhile, so that one question has one answer.
     */
    private Turn current(Turn turn) {
        Turn.Regenerated regenerates = turn.regenerates();
        if (regenerates == null) {
            return turn;
        }
        History.Exchange latest = history.latest();
        if (answered != null && answered.turn().userMessageId().equals(turn.userMessageId())) {
            regenerates = new Turn.Regenerated(answered.turn().assistantMessageId(), answered.position());
        } else if (latest != null && latest.userMessageId().equals(turn.userMessageId())) {
            regenerates = new Turn.Regenerated(latest.assistantMessageId(), latest.position());
        }
        return turn.replacing(regenerates);
    }

    private void begin(Turn waiting) {
        Turn turn = current(waiting);
        String generationId = Conversation.generationOf(turn);
        change(new Change.Begun(turn, generationId, now));
        Turn.Regenerated regenerates = turn.regenerates();
        log(
                new TurnStarted(
                        turn.userMessageId(),
                        turn.assistantMessageId(),
                        generationId,
                        regenerates == null ? null : regenerates.assistantMessageId()),
                turn.turnId());
        orders.add(new Order.Generate(state.turn(), "initial"));
    }

    private void beginNext() {
        if (state.running() == null && !state.queue().isEmpty()) {
            begin(state.queue().getFirst());
        }
    }

    private void cancel(CancelTurn cancel) {
        String turnId = cancel.getTurnId();
        for (Turn waiting : state.queue()) {
            if (turnId == null || waiting.turnId().equals(turnId)) {
                drop(waiting);
            }
        }
        if (state.running() != null && (turnId == null || state.turn().turnId().equals(turnId))) {
            stop(Ending.CANCELLED, "requested");
        }
    }

    /** Cancels a turn that waits. */
    private void drop(Turn waiting) {
        change(new Change.Dropped(waiting.turnId()));
        log(
                new TurnCancelled(
                        waiting.assistantMessageId(),
                        waiting.userMessageId(),
                        null,
                        null,
                        "",
                        null,
                        false,
                        new Timings(millis(waiting.acceptedAt(), now), null, null, null)),
                waiting.turnId());
    }

    /** Tells the running turn to stop, unless it has been told. */
    private void stop(Ending ending, String reason) {
        if (state.running() == null || state.turn().cancelling()) {
            return;
        }
        change(new Change.CancelAsked(ending));
        orders.add(new Order.Stop(state.turn().generationId(), new CancelGeneration(reason)));
    }

    private void rename(RenameConversation rename) {
        if (state.exists() && !state.deleted()) {
            log(new ConversationRenamed(rename.getTitle()), null);
        }
    }

    private void delete() {
        if (!state.exists() || state.deleted()) {
            return;
        }
        state.queue().forEach(this::drop);
        stop(Ending.CANCELLED, "deleted");
        log(new ConversationDeleted(), null);
    }

    private void rate(RateMessage rate) {
        if (history.has(rate.getMessageId()) && !state.deleted()) {
            log(new FeedbackRecorded(rate.getMessageId(), rate.getRating(), rate.getComment()), null);
        }
    }

    // Reports

    private void report(GenerationReport report) {
        Running running = state.running();
        if (running == null || !running.generationId().equals(report.getGenerationId())) {
            return;
        }
        switch (report.getBody()) {
            case TurnPrepared prepared -> prepared(running, prepared);
            case AttemptClaimed claimed -> {
                if (claimed.getAttempt().getAttempt() >= running.attempt()
                        && running.phase() instanceof Phase.Preparing) {
                    change(new Change.Claimed(report.getTime()));
                }
            }
            case AttemptLost lost ->
                tryAgainOrFail(running, lost.getAttempt(), lost.getReason(), lostDetail(lost), "", null, false);
            case GenerationFailed failed -> failed(running, failed);
            case GenerationCompleted completed -> completed(running, completed);
            case GenerationCancelled cancelled -> cancelled(running, cancelled);
            default -> throw new IllegalArgumentException("unknown report"); // The intake lets none through.
        }
    }

    private void prepared(Running running, TurnPrepared prepared) {
        if (running.prepared()) {
            return;
        }
        String answer = running.turn().assistantMessageId();
        if (!prepared.getConfiguration().isEmpty()) {
            change(new Change.Configured(prepared.getConfiguration()));
        }
        log(
                new TurnRouted(
                        answer,
                        prepared.getIntent(),
                        prepared.getConfidence(),
                        prepared.getEngine(),
                        prepared.getReason()),
                running.turnId());
        log(new TurnRetrieved(answer, prepared.getSources()), running.turnId());
    }

    private static String lostDetail(AttemptLost lost) {
        return "attempt " + lost.getAttempt().getAttempt() + " was lost";
    }

    private void failed(Running running, GenerationFailed failed) {
        if (failed.getRetryable() && !running.cancelling()) {
            tryAgainOrFail(
                    running,
                    failed.getAttempt(),
                    failed.getCode(),
                    failed.getDetail(),
                    failed.getContent(),
                    failed.getUsage(),
                    true);
            return;
        }
        if (running.phase() instanceof Phase.Cancelling(Ending ending)) {
            endStopped(
                    running,
                    ending,
                    failed.getAttempt(),
                    failed.getContent(),
                    failed.getUsage(),
                    failed.getGenerationMillis());
        } else {
            fail(
                    running,
                    failed.getAttempt(),
                    failed.getCode(),
                    failed.getDetail(),
                    failed.getContent(),
                    failed.getUsage(),
                    failed.getGenerationMillis());
        }
        beginNext();
    }

    /**
     * Asks for another try, unless the one that failed is not the latest asked for, or was the last. A turn that was told
     * to stop gets none: the assembly closes its generation.
     *
     * @param engineFailed whether the engine broke off, rather than the worker
     */
    private void tryAgainOrFail(
            Running running,
            Attempt attempt,
            String code,
            String detail,
            String content,
            @Nullable Usage usage,
            boolean engineFailed) {
        if (running.cancelling() || attempt.getAttempt() < running.attempt()) {
            return;
        }
        if (running.attempt() >= rules.maxAttempts()) {
            // Whoever still holds a request of this generation is to drop it.
            orders.add(new Order.Stop(running.generationId(), new CancelGeneration(code)));
            fail(
                    running,
                    attempt,
                    code,
                    detail + ", as had " + (running.attempt() - 1) + " before it",
                    content,
                    usage,
                    null);
            beginNext();
            return;
        }
        change(new Change.Reissued(engineFailed ? attempt.getEngine() : null));
        orders.add(new Order.Generate(state.turn(), code));
    }

    private void completed(Running running, GenerationCompleted completed) {
        if (completed.getAttempt().getAttempt() < running.attempt()) {
            // A worker that was given up has finished after all: nobody is to run the attempt asked for in its place.
            orders.add(new Order.Stop(running.generationId(), new CancelGeneration("superseded")));
        }
        // A turn that was told to stop but finished first has its whole answer; only what was to be forgotten stays so.
        if (running.phase() instanceof Phase.Cancelling(Ending ending) && ending == Ending.FORGOTTEN) {
            endStopped(
                    running,
                    ending,
                    completed.getAttempt(),
                    completed.getContent(),
                    completed.getUsage(),
                    completed.getGenerationMillis());
        } else {
            log(
                    new MessageCompleted(
                            running.turn().assistantMessageId(),
                            running.generationId(),
                            completed.getAttempt(),
                            completed.getContent(),
                            completed.getReasoning(),
                            completed.getFinishReason(),
                            completed.getUsage(),
                            running.sources(),
                            timings(running, completed.getFirstTokenMillis(), completed.getGenerationMillis()),
                            completed.getToolCalls()),
                    running.turnId());
            answered = running;
            titleAfter(running);
        }
        beginNext();
    }

    /** A conversation that nobody has named is named after its first question, once that has an answer. */
    private void titleAfter(Running running) {
        boolean first = running.position() == 0;
        if (first && !state.titled() && !state.deleted()) {
            Titles.of(running.turn().content()).ifPresent(title -> log(new ConversationRenamed(title), null));
        }
    }

    private void cancelled(Running running, GenerationCancelled cancelled) {
        Ending ending = running.phase() instanceof Phase.Cancelling(Ending asked) ? asked : Ending.CANCELLED;
        endStopped(
                running,
                ending,
                cancelled.getAttempt(),
                cancelled.getContent(),
                cancelled.getUsage(),
                cancelled.getGenerationMillis());
        beginNext();
    }

    // Endings

    private void endStopped(
            Running running,
            Ending ending,
            @Nullable Attempt attempt,
            String content,
            @Nullable Usage usage,
            @Nullable Double generationMillis) {
        switch (ending) {
            case CANCELLED, FORGOTTEN ->
                log(
                        new TurnCancelled(
                                running.turn().assistantMessageId(),
                                running.turn().userMessageId(),
                                running.generationId(),
                                attempt,
                                content,
                                usage,
                                ending == Ending.FORGOTTEN,
                                timings(running, null, generationMillis)),
                        running.turnId());
            case TIMED_OUT ->
                fail(
                        running,
                        attempt,
                        ErrorCode.TURN_TIMEOUT.wire(),
                        "the answer took too long",
                        content,
                        usage,
                        generationMillis);
            case NO_WORKER ->
                fail(
                        running,
                        attempt,
                        ErrorCode.NO_WORKER.wire(),
                        "no worker took the request in time",
                        content,
                        usage,
                        generationMillis);
        }
    }

    private void fail(
            Running running,
            @Nullable Attempt attempt,
            String code,
            String detail,
            String content,
            @Nullable Usage usage,
            @Nullable Double generationMillis) {
        log(
                new TurnFailed(
                        running.turn().assistantMessageId(),
                        running.generationId(),
                        attempt,
                        code,
                        detail,
                        content,
                        usage,
                        timings(running, null, generationMillis)),
                running.turnId());
    }

    private static Timings timings(
            Running running, @Nullable Double firstTokenMillis, @Nullable Double generationMillis) {
        return new Timings(
                millis(running.turn().acceptedAt(), running.startedAt()),
                running.claimedAt() == null ? null : millis(running.startedAt(), running.claimedAt()),
                firstTokenMillis,
                generationMillis);
    }

    /** Never negative: the two moments may come from different clocks. */
    private static double millis(Instant from, Instant to) {
        return Math.max(0, Duration.between(from, to).toMillis());
    }

    // Deadlines

    private void deadline(Input.DeadlinePassed deadline) {
        Running running = state.running();
        if (running == null
                || !running.turnId().equals(deadline.turnId())
                || running.attempt() != deadline.attempt()
                || !deadline.phase().isInstance(running.phase())) {
            return;
        }
        switch (running.phase()) {
            case Phase.Preparing preparing -> stop(Ending.NO_WORKER, ErrorCode.NO_WORKER.wire());
            case Phase.Generating generating -> stop(Ending.TIMED_OUT, ErrorCode.TURN_TIMEOUT.wire());
            case Phase.Cancelling(Ending ending) -> {
                endStopped(running, ending, null, "", null, null);
                beginNext();
            }
        }
    }
}
