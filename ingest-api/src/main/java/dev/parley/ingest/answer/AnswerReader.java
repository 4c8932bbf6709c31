package dev.parley.ingest.answer;

import dev.parley.chat.v1.Attempt;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.ConversationFact;
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
import dev.parley.chat.v1.Upstream;
import dev.parley.sinks.feed.FeedEvent;
import dev.parley.sinks.json.Said;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One turn's answer as one client is told it, whatever the protocol: the feed's deltas, snapshots and resets become pieces
 * to append, such that what was told since the last {@link Step.Restarted} is always a beginning of the answer, and at its
 * end the whole of it. Pure but for its own state.
 *
 * <p>The order is the same however an answer is read: reasoning, text, a refusal, the arguments of its tool calls, text that
 * the model said after it had begun to call, and, when the answer is complete, each call whole. Arguments are told as the model
 * writes them; a call is for its client to make only once it is whole, since until the answer's end it may be void. Text
 * after calls waits for the end, and so does reasoning after either.
 *
 * <pre>{@code
 *   Reasoning* (Text* Refusal*) (CallBegun CallArguments*)* (Text* Refusal*) Called* Completed
 * }</pre>
 */
public final class AnswerReader {

    private final String turnId;
    private final boolean partial;
    private final StringBuilder text = new StringBuilder();
    private final StringBuilder reasoning = new StringBuilder();
    /** Of the text that was told, what is no refusal. */
    private int beforeRefusal;

    private boolean refusing;
    /** Whose arguments were told, in order. */
    private final List<Call> calls = new ArrayList<>();

    private int attempt;

    /** A call that has begun, and what was told of its arguments. */
    private record Call(String id, String name, StringBuilder told) {

        boolean begins(ToolCall call) {
            return id.equals(call.getId()) && name.equals(call.getName()) && startsWith(call.getArguments(), told);
        }
    }

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

        /**
         * The model begins to write a tool call.
         *
         * @param piece of its arguments; may be empty
         */
        record CallBegun(String id, String name, String piece) implements Step {}

        /** The next piece of the arguments of the call that began last. */
        record CallArguments(String id, String piece) implements Step {}

        /** A call is whole, and for the client to make. All of its arguments have been told; calls come in their order. */
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
                    if (calls.isEmpty()) {
                        delta(delta, steps);
                    }
                }
            }
            case FeedEvent.ToolArguments piece -> {
                if (turnId.equals(piece.turnId())) {
                    attempt(piece.attempt(), steps);
                    arguments(piece, steps);
                }
            }
            case FeedEvent.MessageToolCall call -> {} // Told at the end, which is near.
            case FeedEvent.MessageReset reset -> {
                if (turnId.equals(reset.turnId())) {
                    restart(reset.reason(), steps);
                    attempt = reset.attempt();
                }
            }
            case FeedEvent.MessageSnapshot snapshot -> {
                if (turnId.equals(snapshot.turnId())) {
                    attempt(snapshot.attempt(), steps);
                    Optional<FeedEvent.CallsSoFar> begun = snapshot.calls();
                    upTo(
                            snapshot.reasoning(),
                            snapshot.said(),
                            begun.map(FeedEvent.CallsSoFar::textBefore).orElse(Integer.MAX_VALUE),
                            begun.map(FeedEvent.CallsSoFar::calls).orElse(List.of()),
                            steps);
                }
            }
            case FeedEvent.FeedGap gap -> steps.add(new Step.Lost(gap.reason().wire()));
        }
        return steps;
    }

    private void delta(FeedEvent.MessageDelta delta, List<Step> steps) {
        switch (delta.kind()) {
            case TEXT -> text(delta.text(), steps);
            case REFUSAL -> refusal(delta.text(), steps);
            case REASONING -> reasoning(delta.text(), steps);
        }
    }

    private void arguments(FeedEvent.ToolArguments piece, List<Step> steps) {
        if (piece.name().isPresent()) {
            begin(piece.callId(), piece.name().get(), piece.arguments(), steps);
        } else if (!calls.isEmpty() && calls.getLast().id().equals(piece.callId())) {
            more(calls.getLast(), piece.arguments(), steps);
        }
    }

    private void begin(String id, String name, String piece, List<Step> steps) {
        calls.add(new Call(id, name, new StringBuilder(piece)));
        steps.add(new Step.CallBegun(id, name, piece));
    }

    private static void more(Call call, String piece, List<Step> steps) {
        if (!piece.isEmpty()) {
            call.told().append(piece);
            steps.add(new Step.CallArguments(call.id(), piece));
        }
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
                Said said = Said.of(completed.getContent(), completed.getUpstream());
                upTo(
                        thoughts == null ? "" : thoughts,
                        said,
                        textBeforeCalls(completed.getUpstream()),
                        completed.getToolCalls(),
                        steps);
                missing(said, Integer.MAX_VALUE, steps);
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
            case ConversationFact _, TurnRouted _, Unknown _ -> {} // Nothing that this client is told.
        }
    }

    private static int textBeforeCalls(@Nullable Upstream upstream) {
        Integer before = upstream == null ? null : upstream.getTextBeforeCalls();
        return before == null ? Integer.MAX_VALUE : before;
    }

    /** Who answered, for a reader of what is long over. */
    private void answeredBy(Attempt by, List<Step> steps) {
        if (attempt == 0) {
            attempt(by.getAttempt(), steps);
            steps.add(new Step.Attempted(by.getAttempt(), by.getEngine(), by.getModel()));
        }
    }

    /** Tells what is missing of the text that an answer without an end has; its thoughts and its calls are not kept. */
    private void brokenOff(@Nullable Attempt by, Said said, List<Step> steps) {
        if (partial && by != null && startsWith(said.whole(), text)) {
            answeredBy(by, steps);
            missing(said, Integer.MAX_VALUE, steps);
        }
    }

    private void attempt(int current, List<Step> steps) {
        if (attempt != 0 && attempt != current) {
            restart("another_attempt", steps);
        }
        attempt = current;
    }

    private void restart(String reason, List<Step> steps) {
        if (!text.isEmpty() || !reasoning.isEmpty() || !calls.isEmpty()) {
            steps.add(new Step.Restarted(reason));
        }
        text.setLength(0);
        reasoning.setLength(0);
        calls.clear();
        beforeRefusal = 0;
        refusing = false;
    }

    /**
     * Tells what is missing of an answer so far, but for text after its calls; anew where something else had been told.
     *
     * @param beforeCalls how much of the text comes before the calls; not less than all of it where nothing comes after
     * @param soFar the calls that have begun, each with its arguments so far
     */
    private void upTo(String thoughts, Said said, int beforeCalls, List<ToolCall> soFar, List<Step> steps) {
        int before = soFar.isEmpty()
                ? said.whole().length()
                : Math.min(beforeCalls, said.whole().length());
        if (!startsWith(said.whole(), text)
                || refusesElsewhere(said)
                || text.length() > before
                || !haveBegun(soFar)
                || (!calls.isEmpty() && text.length() < before)
                || (text.isEmpty() && calls.isEmpty() && !startsWith(thoughts, reasoning))) {
            restart("another_attempt", steps);
        }
        if (text.isEmpty() && calls.isEmpty()) {
            reasoning(thoughts.substring(reasoning.length()), steps);
        }
        missing(said, before, steps);
        for (int i = 0; i < soFar.size(); i++) {
            ToolCall call = soFar.get(i);
            if (i < calls.size()) {
                Call begun = calls.get(i);
                more(begun, call.getArguments().substring(begun.told().length()), steps);
            } else {
                begin(call.getId(), call.getName(), call.getArguments(), steps);
            }
        }
    }

    /** Whether what was told of calls is a beginning of these. */
    private boolean haveBegun(List<ToolCall> soFar) {
        for (int i = 0; i < calls.size(); i++) {
            boolean last = i == calls.size() - 1;
            if (i >= soFar.size()
                    || !calls.get(i).begins(soFar.get(i))
                    // Of a call that another has followed, nothing more is told.
                    || (!last
                            && calls.get(i).told().length()
                                    < soFar.get(i).getArguments().length())) {
                return false;
            }
        }
        return true;
    }

    /** Tells what of the first {@code limit} characters of {@code said} has not been told; it begins with what has. */
    private void missing(Said said, int limit, List<Step> steps) {
        int told = text.length();
        int before = said.text().length();
        text(between(said.text(), told, limit), steps);
        said.refusal().ifPresent(words -> refusal(between(words, told - before, limit - before), steps));
    }

    private static String between(String words, int from, int to) {
        int end = Math.clamp(to, 0, words.length());
        return words.substring(Math.clamp(from, 0, end), end);
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
        if (!piece.isEmpty() && text.isEmpty() && calls.isEmpty()) {
            reasoning.append(piece);
            steps.add(new Step.Reasoning(piece));
        }
    }
}
