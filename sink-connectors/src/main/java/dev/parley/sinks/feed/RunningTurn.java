package dev.parley.sinks.feed;

import dev.parley.chat.v1.Attempt;
import dev.parley.chat.v1.AttemptCancelled;
import dev.parley.chat.v1.AttemptFailed;
import dev.parley.chat.v1.AttemptFinished;
import dev.parley.chat.v1.AttemptStarted;
import dev.parley.chat.v1.GenerationChunk;
import dev.parley.chat.v1.Heartbeat;
import dev.parley.chat.v1.ReasoningDelta;
import dev.parley.chat.v1.TextDelta;
import dev.parley.chat.v1.ToolArgumentsDelta;
import dev.parley.chat.v1.ToolCalled;
import dev.parley.chat.v1.TurnStarted;
import dev.parley.chat.v1.Unknown;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.sinks.json.Said;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A turn between its start and its end, as the log tells, and what its current attempt has said.
 *
 * <p>The last {@code AttemptStarted} in log order is current; chunks of others are void. An {@code AttemptFinished},
 * {@code AttemptCancelled} or final {@code AttemptFailed} closes the generation, as for the assembly; a retryable failure does
 * not, since another attempt may follow it. The turn's own end, from the log, closes it in any case.
 *
 * <p>Every method that makes frames is given the sequence of the conversation's last event, where their cursors are.
 */
final class RunningTurn {

    /** Frames of one attempt kept for resuming at the exact delta; beyond it, a snapshot has to do. */
    static final int MAX_DELTA_BYTES = 8 * 1024 * 1024;

    private static final int AFTER_EVERY_DELTA = 999_999_999;

    private final ConversationKey conversation;
    private final FrameEncoder encoder;
    private final String turnId;
    private final String messageId;
    private final String generationId;
    private final long startSequence;
    private final Set<String> superseded = new HashSet<>();
    private final List<Frame> deltas = new ArrayList<>();
    private final StringBuilder text = new StringBuilder();
    private final StringBuilder refusal = new StringBuilder();
    private final StringBuilder reasoning = new StringBuilder();
    private final RunningCalls calls = new RunningCalls();
    private @Nullable String attemptId;
    private @Nullable Frame started;
    private int attempt;
    private int nextSeq;
    private long deltaBytes;
    private boolean framesDropped;
    private boolean closed;

    /** {@code startSequence} is that of the event {@code start}. */
    RunningTurn(
            ConversationKey conversation, FrameEncoder encoder, String turnId, TurnStarted start, long startSequence) {
        this.conversation = conversation;
        this.encoder = encoder;
        this.turnId = turnId;
        this.messageId = start.getAssistantMessageId();
        this.generationId = start.getGenerationId();
        this.startSequence = startSequence;
    }

    String turnId() {
        return turnId;
    }

    String messageId() {
        return messageId;
    }

    String generationId() {
        return generationId;
    }

    /** Sequence of the event that started it. */
    long startSequence() {
        return startSequence;
    }

    /** Memory that its deltas take, roughly. */
    long bytes() {
        return deltaBytes;
    }

    /** Whether an attempt has begun to answer. */
    boolean isAnswering() {
        return started != null;
    }

    /** Where a reader is who has seen everything of it. */
    FeedCursor place(long sequence) {
        return started == null ? FeedCursor.after(sequence) : new FeedCursor(sequence, attempt, nextSeq - 1);
    }

    /** The turn as it is over, {@code by} the attempt that decided it. */
    EndedTurns.Ended endedBy(@Nullable Attempt by, long endSequence) {
        boolean another = by != null && !by.getAttemptId().equals(attemptId);
        return new EndedTurns.Ended(
                turnId, messageId, generationId, startSequence, endSequence, attempt + (another ? 1 : 0), another);
    }

    /** Takes a chunk of this turn's generation; the frames that follow from it. */
    List<Frame> accept(GenerationChunk chunk, long sequence) {
        if (closed) {
            return List.of();
        }
        if (!(chunk.getBody() instanceof AttemptStarted)
                && !chunk.getAttemptId().equals(attemptId)) {
            return List.of();
        }
        return switch (chunk.getBody()) {
            case AttemptStarted begun -> start(chunk.getAttemptId(), begun, sequence);
            case TextDelta delta ->
                delta(
                        delta.getSeq(),
                        delta.getText(),
                        delta.getRefusal() ? FeedEvent.MessageDelta.Kind.REFUSAL : FeedEvent.MessageDelta.Kind.TEXT,
                        sequence);
            case ReasoningDelta delta ->
                delta(delta.getSeq(), delta.getText(), FeedEvent.MessageDelta.Kind.REASONING, sequence);
            case ToolArgumentsDelta delta -> arguments(delta, sequence);
            case ToolCalled called -> called(called, sequence);
            // One that does not add up is given up by the assembly, which compares the text as well.
            case AttemptFinished finished -> close(finished.getTally().getSeq() == nextSeq);
            case AttemptCancelled _ -> close(true);
            case AttemptFailed failed -> close(!failed.getRetryable());
            case Heartbeat _, Unknown _ -> List.of();
        };
    }

    private List<Frame> close(boolean isEnd) {
        closed = isEnd;
        return List.of();
    }

    private List<Frame> start(String id, AttemptStarted begun, long sequence) {
        if (id.equals(attemptId) || superseded.contains(id)) {
            return List.of();
        }
        List<Frame> frames = new ArrayList<>();
        if (attemptId != null) {
            superseded.add(attemptId);
        }
        attemptId = id;
        attempt++;
        nextSeq = 0;
        deltas.clear();
        deltaBytes = 0;
        framesDropped = false;
        text.setLength(0);
        refusal.setLength(0);
        reasoning.setLength(0);
        calls.clear();
        if (attempt > 1) {
            frames.add(reset(begun.getCause(), sequence));
        }
        Frame frame = encoder.encode(
                new FeedEvent.MessageStarted(
                        conversation, turnId, messageId, attempt, begun.getEngine(), begun.getModel()),
                new FeedCursor(sequence, attempt, -1).toString());
        started = frame;
        frames.add(frame);
        return frames;
    }

    private Frame reset(String reason, long sequence) {
        return encoder.encode(
                new FeedEvent.MessageReset(conversation, turnId, messageId, attempt, reason),
                // Before the start of the new attempt, which the next cursor stands for.
                new FeedCursor(sequence, attempt - 1, AFTER_EVERY_DELTA).toString());
    }

    private List<Frame> delta(int seq, String piece, FeedEvent.MessageDelta.Kind kind, long sequence) {
        if (seq != nextSeq) {
            return List.of(); // A repeat; or, where one is missing, an attempt that the assembly gives up on.
        }
        switch (kind) {
            case TEXT -> text.append(piece);
            case REFUSAL -> refusal.append(piece);
            case REASONING -> reasoning.append(piece);
        }
        return next(new FeedEvent.MessageDelta(conversation, turnId, messageId, attempt, seq, kind, piece), sequence);
    }

    private List<Frame> arguments(ToolArgumentsDelta delta, long sequence) {
        if (delta.getSeq() != nextSeq) {
            return List.of();
        }
        Optional<String> name = Optional.ofNullable(delta.getName());
        calls.piece(delta.getCallId(), name, delta.getArguments(), text.length() + refusal.length());
        return next(
                new FeedEvent.ToolArguments(
                        conversation,
                        turnId,
                        messageId,
                        attempt,
                        delta.getSeq(),
                        delta.getCallId(),
                        name,
                        delta.getArguments()),
                sequence);
    }

    private List<Frame> called(ToolCalled called, long sequence) {
        if (called.getSeq() != nextSeq) {
            return List.of();
        }
        calls.whole(called.getCall(), text.length() + refusal.length());
        return next(
                new FeedEvent.MessageToolCall(
                        conversation, turnId, messageId, attempt, called.getSeq(), called.getCall()),
                sequence);
    }

    /** The frame of the next delta, kept for those who resume. */
    private List<Frame> next(FeedEvent delta, long sequence) {
        Frame frame = encoder.encode(delta, new FeedCursor(sequence, attempt, nextSeq).toString());
        nextSeq++;
        if (deltaBytes + frame.encoded().length > MAX_DELTA_BYTES) {
            framesDropped = true;
            deltas.clear();
            deltaBytes = 0;
        }
        if (!framesDropped) {
            deltas.add(frame);
            deltaBytes += frame.encoded().length;
        }
        return List.of(frame);
    }

    /** Whether a cursor's attempt is one of this turn's. */
    boolean has(FeedCursor cursor) {
        return cursor.sequence() >= startSequence && cursor.attempt() > 0;
    }

    /** Whether a reader has seen more of the answer than this node has read. */
    boolean isBehind(FeedCursor cursor) {
        return has(cursor) && (cursor.attempt() > attempt || (cursor.attempt() == attempt && cursor.seq() >= nextSeq));
    }

    /** The answer so far for a reader who has seen nothing of it: its start, and all it said in one piece. */
    List<Frame> joining(long sequence) {
        Frame start = started;
        return start == null ? List.of() : List.of(restarted(start, sequence), snapshotAt(sequence));
    }

    /** The answer so far in one piece, where there is one. */
    Optional<Frame> snapshot(long sequence) {
        return started == null ? Optional.empty() : Optional.of(snapshotAt(sequence));
    }

    private Frame restarted(Frame start, long sequence) {
        return encoder.under(start, new FeedCursor(sequence, attempt, -1).toString());
    }

    private Frame snapshotAt(long sequence) {
        return encoder.encode(
                new FeedEvent.MessageSnapshot(
                        conversation,
                        turnId,
                        messageId,
                        attempt,
                        nextSeq - 1,
                        Said.of(text, refusal),
                        reasoning.toString(),
                        calls.soFar()),
                new FeedCursor(sequence, attempt, nextSeq - 1).toString());
    }

    /** What a reader at {@code cursor}, who has seen every event, is told of the answer. */
    List<Frame> after(FeedCursor cursor, long sequence) {
        Frame start = started;
        if (start == null) {
            return List.of();
        }
        if (has(cursor) && cursor.attempt() == attempt) {
            return deltas(cursor.seq() + 1, sequence);
        }
        List<Frame> frames = new ArrayList<>();
        if (has(cursor)) {
            frames.add(reset("another_attempt", sequence));
        }
        frames.add(restarted(start, sequence));
        frames.addAll(deltas(0, sequence));
        return frames;
    }

    private List<Frame> deltas(int fromSeq, long sequence) {
        if (fromSeq >= nextSeq) {
            return List.of();
        }
        if (framesDropped) {
            return List.of(snapshotAt(sequence));
        }
        List<Frame> frames = new ArrayList<>();
        for (int seq = fromSeq; seq < nextSeq; seq++) {
            frames.add(encoder.under(deltas.get(seq), new FeedCursor(sequence, attempt, seq).toString()));
        }
        return frames;
    }
}
