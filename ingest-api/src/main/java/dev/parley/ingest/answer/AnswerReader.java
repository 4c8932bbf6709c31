package dev.parley.ingest.answer;

import dev.parley.chat.v1.Attempt;
import dev.parley.chat.v1.ConversationCreated;
import dev.parley.chat.v1.ConversationDeleted;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.ConversationRenamed;
import dev.parley.chat.v1.FeedbackRecorded;
import dev.parley.chat.v1.MessageAccepted;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.MessageRejected;
import dev.parley.chat.v1.Source;
import dev.parley.chat.v1.ToolCall;
import dev.parley.chat.v1.TurnCancelled;
import dev.parley.chat.v1.TurnFailed;
import dev.parley.chat.v1.TurnRetrieved;
import dev.parley.chat.v1.TurnRouted;
import dev.parley.chat.v1.TurnStarted;
import dev.parley.chat.v1.Unknown;
import dev.parley.sinks.feed.FeedEvent;
import dev.parley.sinks.json.Said;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One turn's answer as one client is told it, whatever the protocol: the feed's deltas, snapshots and resets become pieces
 * to append, such that what was told since the last {@link Step.Restarted} is always a beginning of the answer, and at its
 * end the whole of it. Pure but for its own state.
 *
 * <p>The order is reasoning, text, a refusal, tool calls. Reasoning that comes after text, and calls, which are of no use before the
 * answer's end, are told when it is complete.
 */
public final class AnswerReader {

    private final String turnId;
    private final boolean partial;
    private final StringBuilder text = new StringBuilder();
    private final StringBuilder reasoning = new StringBuilder();
    /** Of the text that was told, what is no refusal. */
    private int beforeRefusal;

    private boolean refusing;
    private int attempt;

    public AnswerReader(String turnId) {
        this(turnId, false);
    }

    /**
     * A reader of one turn.
     *
     * @param partial whether to tell, of an answer without an end, text that has not been told
     */
    public AnswerReader(String turnId, boolean partial) {
        this.turnId = turnId;
        this.partial = partial;
    }

    /** What the client is to be told next. */
    public sealed interface Step {
        /** The message joined the conversation. */
        record Accepted(MessageAccepted event, Instant time) implements Step {}

        /** The turn left the queue. */
        record Begun(String messageId, Instant time) implements Step {}

        record Retrieved(List<Source> sources) implements Step {}

        /** Attempt {@code attempt}, from 1, began to answer. */
        record Attempted(int attempt, String engine, String model) implements Step {}

        record Reasoning(String piece) implements Step {}

        record Text(String piece) implements Step {}

        /** A piece of what the model server told apart as its refusal to answer, which is how the text ends. */
        record Refusal(String piece) implements Step {}

        /** Everything told of the answer so far is void: another attempt begins anew. */
        record Restarted(String reason) implements Step {}

        record Called(ToolCall call) implements Step {}

        record Completed(MessageCompleted event, Instant time) implements Step {}

        record Failed(TurnFailed event, Instant time) implements Step {}

        record Cancelled(TurnCancelled event, Instant time) implements Step {}

        record Rejected(MessageRejected event) implements Step {}

        /** What happened cannot be told from here. */
        record Lost(String reason) implements Step {}
    }

    /** What follows from {@code event}; nothing where it is about another turn. */
    public List<Step> read(FeedEvent event) {
        List<Step> steps = new ArrayList<>();
        switch (event) {
            case FeedEvent.Logged(var key, ConversationEvent logged) -> {
                if (turnId.equals(logged.getTurnId())) {
                    logged(logged, steps);
                }
            }
            case FeedEvent.MessageStarted started -> {
                if (turnId.equals(started.turnId())) {
                    attempt(started.attempt(), steps);
                    steps.add(new Step.Attempted(started.attempt(), started.engine(), started.model()));
                }
            }
            case FeedEvent.MessageDelta delta -> {
                if (turnId.equals(delta.turnId())) {
                    attempt(delta.attempt(), steps);
                    switch (delta.kind()) {
                        case TEXT -> text(delta.text(), steps);
                        case REFUSAL -> refusal(delta.text(), steps);
                        case REASONING -> reasoning(delta.text(), steps);
                    }
                }
            }
            case FeedEvent.MessageToolCall call -> {} // Told at the end.
            case FeedEvent.MessageReset reset -> {
                if (turnId.equals(reset.turnId())) {
                    restart(reset.reason(), steps);
                    attempt = reset.attempt();
                }
            }
            case FeedEvent.MessageSnapshot snapshot -> {
                if (turnId.equals(snapshot.turnId())) {
                    attempt(snapshot.attempt(), steps);
                    upTo(snapshot.reasoning(), snapshot.said(), steps);
                }
            }
            case FeedEvent.FeedGap gap -> steps.add(new Step.Lost(gap.reason().wire()));
        }
        return steps;
    }

    private void logged(ConversationEvent event, List<Step> steps) {
        Instant time = event.getTime();
        switch (event.getBody()) {
            case MessageAccepted accepted -> steps.add(new Step.Accepted(accepted, time));
            case TurnStarted started -> steps.add(new Step.Begun(started.getAssistantMessageId(), time));
            case TurnRetrieved retrieved -> steps.add(new Step.Retrieved(retrieved.getSources()));
            case MessageCompleted completed -> {
                answeredBy(completed.getAttempt(), steps);
                String thoughts = completed.getReasoning();
                upTo(thoughts == null ? "" : thoughts, Said.of(completed.getContent(), completed.getUpstream()), steps);
                completed.getToolCalls().forEach(call -> steps.add(new Step.Called(call)));
                steps.add(new Step.Completed(completed, time));
            }
            case TurnFailed failed -> {
                brokenOff(failed.getAttempt(), Said.of(failed.getContent(), failed.getUpstream()), steps);
                steps.add(new Step.Failed(failed, time));
            }
            case TurnCancelled cancelled -> {
                brokenOff(cancelled.getAttempt(), Said.of(cancelled.getContent(), cancelled.getUpstream()), steps);
                steps.add(new Step.Cancelled(cancelled, time));
            }
            case MessageRejected rejected -> steps.add(new Step.Rejected(rejected));
            case ConversationCreated _,
                    ConversationRenamed _,
                    ConversationDeleted _,
                    TurnRouted _,
                    FeedbackRecorded _,
                    Unknown _ -> {} // Nothing that this client is told.
        }
    }

    /** Who answered, for a reader of what is long over. */
    private void answeredBy(Attempt by, List<Step> steps) {
        if (attempt == 0) {
            attempt(by.getAttempt(), steps);
            steps.add(new Step.Attempted(by.getAttempt(), by.getEngine(), by.getModel()));
        }
    }

    /** Tells what is missing of the text that an answer without an end has; its thoughts are not kept. */
    private void brokenOff(@Nullable Attempt by, Said said, List<Step> steps) {
        if (partial && by != null && startsWith(said.whole(), text)) {
            answeredBy(by, steps);
            missing(said, steps);
        }
    }

    private void attempt(int current, List<Step> steps) {
        if (attempt != 0 && attempt != current) {
            restart("another_attempt", steps);
        }
        attempt = current;
    }

    private void restart(String reason, List<Step> steps) {
        if (!text.isEmpty() || !reasoning.isEmpty()) {
            steps.add(new Step.Restarted(reason));
        }
        text.setLength(0);
        reasoning.setLength(0);
        beforeRefusal = 0;
        refusing = false;
    }

    /** Tells what is missing of an answer so far; anew where something else had been told. */
    private void upTo(String thoughts, Said said, List<Step> steps) {
        if (!startsWith(said.whole(), text)
                || refusesElsewhere(said)
                || (text.isEmpty() && !startsWith(thoughts, reasoning))) {
            restart("another_attempt", steps);
        }
        if (text.isEmpty()) {
            reasoning(thoughts.substring(reasoning.length()), steps);
        }
        missing(said, steps);
    }

    /** Tells what of {@code said} has not been told, which begins with what has. */
    private void missing(Said said, List<Step> steps) {
        int told = text.length();
        int before = said.text().length();
        text(said.text().substring(Math.min(told, before)), steps);
        said.refusal().ifPresent(words -> refusal(words.substring(Math.max(0, told - before)), steps));
    }

    /** Whether words were told as a refusal that are none, or the other way round. */
    private boolean refusesElsewhere(Said said) {
        int before = said.text().length();
        return refusing ? beforeRefusal != before : beforeRefusal > before;
    }

    private static boolean startsWith(String whole, StringBuilder beginning) {
        return whole.startsWith(beginning.toString());
    }

    private void text(String piece, List<Step> steps) {
        if (!piece.isEmpty()) {
            text.append(piece);
            beforeRefusal += refusing ? 0 : piece.length();
            steps.add(refusing ? new Step.Refusal(piece) : new Step.Text(piece));
        }
    }

    /** What follows a refusal is part of it. */
    private void refusal(String piece, List<Step> steps) {
        refusing |= !piece.isEmpty();
        text(piece, steps);
    }

    private void reasoning(String piece, List<Step> steps) {
        if (!piece.isEmpty() && text.isEmpty()) {
            reasoning.append(piece);
            steps.add(new Step.Reasoning(piece));
        }
    }
}
