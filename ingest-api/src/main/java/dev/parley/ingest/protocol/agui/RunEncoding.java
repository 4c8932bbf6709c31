package dev.parley.ingest.protocol.agui;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.Source;
import dev.parley.chat.v1.ToolCall;
import dev.parley.chat.v1.TurnEnd;
import dev.parley.ingest.answer.AnswerEncoding;
import dev.parley.ingest.answer.AnswerReader;
import dev.parley.ingest.answer.AnswerReader.Step;
import dev.parley.ingest.answer.SseJson;
import dev.parley.ingest.http.ProblemException;
import dev.parley.ingest.protocol.agui.Told.Mark;
import dev.parley.ingest.protocol.agui.Told.Open;
import dev.parley.schemas.ErrorCode;
import dev.parley.sinks.feed.FeedEvent;
import dev.parley.sinks.feed.Frame;
import java.time.Duration;
import java.util.List;

/**
 * The event stream of one run, to a client that may have been told some of it before.
 *
 * <pre>{@code
 *   RUN_STARTED  [MESSAGES_SNAPSHOT]  STEP_STARTED  [CUSTOM: sources]
 *     [REASONING_START  REASONING_MESSAGE_START  _CONTENT …  _END  REASONING_END]
 *     [TEXT_MESSAGE_START  _CONTENT …  _END]  [TOOL_CALL_START  _ARGS …] …
 *     [TEXT_MESSAGE_START  _CONTENT …  _END]  [TOOL_CALL_ARGS  _END] …
 *   STEP_FINISHED  RUN_FINISHED | RUN_ERROR
 * }</pre>
 *
 * <p>Arguments are told as the model writes them. A call ends with the answer: clients make it then, and before that another
 * attempt may make it void.
 *
 * <p>All of the turn is read again for a client that comes back, and what its last event's id says that it {@link Told has} is
 * left out. An answer that another attempt begins anew ends what is open, and a snapshot of the thread takes it back: the
 * messages go on under the ids that they had.
 */
final class RunEncoding extends AnswerEncoding {

    private final Names names;
    private final Told told;
    private final History history;

    /** What has been read of the attempt at hand, of which the client may have some. */
    private int attempt;

    private int reasoning;
    private int text;
    /** How many calls have begun, and how many of them are whole. */
    private int begun;

    private int calls;
    /** How much has been read of the arguments of the call that began last, and what of it is blank so far. */
    private int arguments;

    private final StringBuilder blank = new StringBuilder();
    private boolean allBlank;

    /** Whether the turn has ended, by that attempt. */
    private boolean decided;

    /** Whether the frame at hand brought another attempt. */
    private boolean another;

    private long sequence;
    private String answerId = "";

    /** What a run and its thread are called. */
    record Names(String threadId, String runId, String turnId) {}

    /** Where a thread's messages are had from. */
    @FunctionalInterface
    interface History {
        /**
         * Its messages up to the event {@code sequence}, the answer {@code answerId} without a word.
         *
         * @param thoughts whether that answer has thoughts, which are then without a word as well
         * @throws ProblemException where they cannot be had now
         */
        ArrayNode messages(long sequence, String answerId, boolean thoughts);
    }

    RunEncoding(Names names, Told told, History history, Duration heartbeat) {
        super(new AnswerReader(names.turnId(), true), heartbeat);
        this.names = names;
        this.told = told;
        this.history = history;
    }

    @Override
    public List<byte[]> encode(Frame frame) {
        another = false;
        look(frame.event());
        return super.encode(frame);
    }

    /** Sees what the reader does not tell: by which attempt the answer is, and how far the conversation has come. */
    private void look(FeedEvent event) {
        switch (event) {
            case FeedEvent.Logged(var key, ConversationEvent logged) -> {
                sequence = logged.getSequence();
                if (names.turnId().equals(logged.getTurnId()) && logged.getBody() instanceof TurnEnd end) {
                    answerId = end.getMessageId();
                    decided = true;
                    if (end.getAttempt() != null) {
                        read(end.getAttempt().getAttempt());
                    }
                }
            }
            case FeedEvent.MessageStarted started -> read(started.turnId(), started.attempt());
            case FeedEvent.MessageDelta delta -> read(delta.turnId(), delta.attempt());
            case FeedEvent.ToolArguments piece -> read(piece.turnId(), piece.attempt());
            case FeedEvent.MessageToolCall call -> read(call.turnId(), call.attempt());
            case FeedEvent.MessageReset reset -> read(reset.turnId(), reset.attempt());
            case FeedEvent.MessageSnapshot snapshot -> read(snapshot.turnId(), snapshot.attempt());
            case FeedEvent.FeedGap gap -> {} // Told by its step.
        }
    }

    private void read(String turnId, int current) {
        if (names.turnId().equals(turnId)) {
            read(current);
        }
    }

    private void read(int current) {
        if (attempt != current) {
            attempt = current;
            another = true;
            nothingRead();
        }
    }

    private void nothingRead() {
        reasoning = 0;
        text = 0;
        begun = 0;
        calls = 0;
    }

    @Override
    protected void tell(Step step) {
        switch (step) {
            case Step.Accepted accepted -> start();
            case Step.Begun begun -> begun(begun.messageId());
            case Step.Retrieved(List<Source> sources) -> sources(sources);
            case Step.Attempted attempted -> {
                boolean _ = isCurrent();
            }
            case Step.Reasoning(String piece) -> reasoning(piece);
            case Step.Text(String piece) -> text(piece, false);
            case Step.Refusal(String piece) -> text(piece, true);
            case Step.Restarted restarted -> {
                nothingRead();
                // By another attempt, the client may have been told of that one already.
                if (another || told.attempt() != attempt) {
                    boolean _ = isCurrent();
                } else {
                    takeBack();
                }
            }
            case Step.CallBegun(String callId, String name, String piece) -> {
                begun++;
                arguments = 0;
                blank.setLength(0);
                allBlank = true;
                arguments(callId, name, piece);
            }
            case Step.CallArguments(String callId, String piece) -> arguments(callId, "", piece);
            case Step.Called(ToolCall call) -> called(call);
            case Step.Completed(MessageCompleted completed, var time) -> completed(completed);
            case Step.Failed(var failed, var time) -> {
                start();
                boolean _ = isCurrent();
                close();
                end(RunEvents.error(names, failed));
            }
            case Step.Cancelled(var cancelled, var time) -> {
                start();
                boolean _ = isCurrent();
                close();
                endStep();
                // A run that finishes has no open calls, and half a call is never ended.
                end(
                        told.hasOpenCalls()
                                ? RunEvents.stoppedInACall(names, cancelled)
                                : RunEvents.cancelled(names, cancelled));
            }
            case Step.Rejected(var rejected) -> {
                start();
                end(RunErrors.json(rejected.getCode(), rejected.getDetail()));
            }
            case Step.Lost(String reason) ->
                breakOff(ErrorCode.UNAVAILABLE, "what happened cannot be read now: " + reason);
        }
    }

    private void start() {
        if (!told.has(Mark.START)) {
            tell(Mark.START, RunEvents.started(names));
        }
        if (told.has(Mark.HISTORY_DUE)) {
            told.unmark(Mark.HISTORY_DUE);
            snapshot(false);
        }
    }

    private void begun(String messageId) {
        answerId = messageId;
        start();
        if (!told.has(Mark.STEP)) {
            tell(Mark.STEP, RunEvents.step("STEP_STARTED"));
        }
    }

    private void sources(List<Source> sources) {
        if (!told.has(Mark.SOURCES) && !sources.isEmpty()) {
            tell(Mark.SOURCES, RunEvents.sources(sources));
        }
    }

    /**
     * Whether the client is at the attempt that is read; one that is at an earlier one is brought here. One that has seen a
     * later one, of which this node has yet to hear, waits for that.
     */
    private boolean isCurrent() {
        if (isOver()) {
            return false;
        }
        if (told.attempt() == attempt || attempt == 0) {
            return true;
        }
        if (told.attempt() > attempt && !decided) {
            return false;
        }
        takeBack();
        return !isOver();
    }

    /** Ends what is open, and has the client forget what it was told of the answer. */
    private void takeBack() {
        if (!told.hasAnswer()) {
            told.begin(attempt);
            return;
        }
        if (told.hasOpenCalls()) {
            // Ended, half of its arguments would be acted on.
            breakOff(ErrorCode.STREAM_RESET, "the answer starts again in the middle of a tool call: read it anew");
            return;
        }
        boolean thoughts = told.reasoning() > 0;
        close();
        told.begin(attempt);
        snapshot(thoughts);
    }

    private void snapshot(boolean thoughts) {
        try {
            tell(RunEvents.messages(history.messages(sequence, answerId, thoughts)));
        } catch (ProblemException e) {
            breakOff(ErrorCode.STREAM_RESET, "the thread's messages cannot be told now: " + e.detail());
        }
    }

    private void reasoning(String piece) {
        reasoning += piece.length();
        if (!isCurrent() || told.isPastThoughts()) {
            return;
        }
        String rest = unseen(piece, reasoning, told.reasoning());
        if (rest.isEmpty()) {
            return;
        }
        if (told.has(Mark.AFRESH) && told.open() == Open.NOTHING) {
            told.unmark(Mark.AFRESH);
            snapshot(true);
            if (isOver()) {
                return;
            }
        }
        open(Open.THOUGHTS);
        told.reasoning(reasoning);
        tell(RunEvents.reasoningContent(answerId, rest));
    }

    private void text(String piece, boolean refusal) {
        text += piece.length();
        if (!isCurrent()) {
            return;
        }
        String rest = unseen(piece, text, told.text());
        if (!rest.isEmpty()) {
            open(Open.ANSWER);
            told.text(text);
            tell(RunEvents.textContent(answerId, rest, refusal));
        }
    }

    /** What the client has not seen of a piece that ends after {@code read} characters. */
    private static String unseen(String piece, int read, int seen) {
        int from = Math.clamp((long) seen - (read - piece.length()), 0, piece.length());
        // No client was ever told half a pair; one that asks for the other half gets both.
        boolean splits = from > 0 && from < piece.length() && Character.isLowSurrogate(piece.charAt(from));
        return piece.substring(splits ? from - 1 : from);
    }

    /** Tells what is news of the call that began last; under {@code name} where it begins. */
    private void arguments(String callId, String name, String piece) {
        int number = begun - 1;
        arguments += piece.length();
        String news = piece;
        if (allBlank) {
            allBlank = piece.isBlank();
            news = blank.append(piece).toString();
        }
        if (!isCurrent() || told.isCallOver(number) || number > told.calls()) {
            return;
        }
        if (!name.isEmpty()) {
            beginCall(number, callId, name);
        }
        // What is blank is told as something else in the end.
        if (number < told.calls() && !allBlank) {
            arguments(number, callId, news, arguments);
        }
    }

    private void called(ToolCall call) {
        int number = calls++;
        if (!isCurrent() || told.isCallOver(number)) {
            return;
        }
        beginCall(number, call.getId(), call.getName());
        // What models write where a tool takes nothing.
        String whole = call.getArguments().isBlank() ? "{}" : call.getArguments();
        arguments(number, call.getId(), whole, whole.length());
        told.endCall(number);
        tell(RunEvents.callEnded(call.getId()));
    }

    private void beginCall(int number, String callId, String name) {
        if (number == told.calls()) {
            close();
            told.beginCall();
            tell(RunEvents.callStarted(answerId, callId, name));
        }
    }

    /** Tells what is news of a piece that ends after {@code read} characters; after a gap nothing, up to the call's end. */
    private void arguments(int number, String callId, String piece, int read) {
        if (told.arguments(number) < read - piece.length()) {
            return;
        }
        String rest = unseen(piece, read, told.arguments(number));
        if (!rest.isEmpty()) {
            told.arguments(number, read);
            tell(RunEvents.callArguments(callId, rest));
        }
    }

    private void completed(MessageCompleted completed) {
        start();
        if (!isCurrent()) {
            return;
        }
        if (told.text() > text || told.calls() > calls) {
            breakOff(ErrorCode.INVALID_CURSOR, "is beyond the end of the answer");
            return;
        }
        if (!told.has(Mark.MESSAGE) && told.calls() == 0) {
            open(Open.ANSWER); // An answer without a word is a message all the same.
        }
        close();
        endStep();
        end(RunEvents.finished(names, completed));
    }

    private void open(Open wanted) {
        if (told.open() == wanted) {
            return;
        }
        if (wanted == Open.ANSWER) {
            close();
            told.mark(Mark.MESSAGE);
            told.open(Open.ANSWER);
            tell(RunEvents.textStarted(answerId));
            return;
        }
        if (told.open() != Open.SPAN) {
            close();
            told.open(Open.SPAN);
            tell(RunEvents.reasoning("REASONING_START", answerId));
        }
        told.open(Open.THOUGHTS);
        tell(RunEvents.reasoningStarted(answerId));
    }

    private void close() {
        switch (told.open()) {
            case NOTHING -> {} // A call ends when it is whole, or not at all.
            case ANSWER -> {
                told.open(Open.NOTHING);
                tell(RunEvents.textEnded(answerId));
            }
            case THOUGHTS -> {
                told.open(Open.THOUGHT);
                tell(RunEvents.reasoning("REASONING_MESSAGE_END", answerId));
                close();
            }
            case SPAN, THOUGHT -> {
                told.open(Open.NOTHING);
                tell(RunEvents.reasoning("REASONING_END", answerId));
            }
        }
    }

    private void endStep() {
        if (told.has(Mark.STEP) && !told.has(Mark.STEP_END)) {
            tell(Mark.STEP_END, RunEvents.step("STEP_FINISHED"));
        }
    }

    private void end(ObjectNode event) {
        if (!isOver()) {
            tell(Mark.END, event);
            finish();
        }
    }

    /** Ends the stream, not the run: a client that comes back is told the rest of it. */
    private void breakOff(ErrorCode code, String detail) {
        finish();
        ProblemException problem = code == ErrorCode.INVALID_CURSOR
                ? new ProblemException(code, detail, "cursor")
                : new ProblemException(code, detail);
        if (isUnsent()) {
            throw problem;
        }
        send(SseJson.of(RunErrors.json(problem)));
    }

    private void tell(Mark mark, ObjectNode event) {
        told.mark(mark);
        tell(event);
    }

    private void tell(ObjectNode event) {
        if (!isOver()) {
            send(SseJson.withId(told.toString(), event));
        }
    }
}
