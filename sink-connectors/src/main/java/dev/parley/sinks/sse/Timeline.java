package dev.parley.sinks.sse;

import dev.parley.chat.v1.Attempt;
import dev.parley.chat.v1.AttemptCancelled;
import dev.parley.chat.v1.AttemptFailed;
import dev.parley.chat.v1.AttemptFinished;
import dev.parley.chat.v1.AttemptStarted;
import dev.parley.chat.v1.ConversationDeleted;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.GenerationChunk;
import dev.parley.chat.v1.MessageAccepted;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.ReasoningDelta;
import dev.parley.chat.v1.TextDelta;
import dev.parley.chat.v1.ToolCall;
import dev.parley.chat.v1.ToolCalled;
import dev.parley.chat.v1.TurnCancelled;
import dev.parley.chat.v1.TurnFailed;
import dev.parley.chat.v1.TurnStarted;
import dev.parley.schemas.ConversationKey;
import dev.parley.schemas.work.WorkKinds;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What this node remembers of one conversation: the latest events of its log, and the running turn with what its current
 * attempt has said. Turns records into frames, in the order of this node's feed. Pure but for its own state; used under the
 * feed's lock.
 *
 * <p><b>Attempts.</b> The last {@code AttemptStarted} in log order is current; chunks of others are void. An
 * {@code AttemptFinished}, {@code AttemptCancelled} or final {@code AttemptFailed} closes the generation, as for the
 * assembly; a retryable failure does not, since another attempt may follow it. The turn's own end, from the log, closes it
 * in any case.
 *
 * <p><b>Order.</b> Chunks may reach this node before the event that starts their turn; they wait for it, so that nothing of
 * a turn is shown before its start, nor after its end.
 */
final class Timeline {

    /** Chunks that wait for their turn's start; more than that, and the generation is shown by its end alone. */
    private static final int MAX_EARLY_CHUNKS = 10_000;

    private static final int MAX_EARLY_GENERATIONS = 8;

    /** Frames of one attempt kept for resuming at the exact delta; beyond it, a snapshot has to do. */
    static final int MAX_DELTA_BYTES = 8 * 1024 * 1024;

    private static final int MAX_ENDED_TURNS = 16;
    private static final int AFTER_EVERY_DELTA = 999_999_999;

    /** In a cursor: whatever was shown of the answer before is known to be void. */
    private static final int UNKNOWN_ATTEMPT = 999_999_999;

    private static final WorkKinds WORK = WorkKinds.defaults();

    private final ConversationKey conversation;
    private final Deque<Frame> events = new ArrayDeque<>();
    private final Map<String, MessageAccepted> acceptances = new HashMap<>();
    /** By generation, longest known first. */
    private final Map<String, List<GenerationChunk>> early = new LinkedHashMap<>();

    private final Deque<EndedTurn> ended = new ArrayDeque<>();
    private long sequence;
    private long bytes;
    private boolean deleted;
    private @Nullable RunningTurn turn;
    private @Nullable String latestTurn;

    /**
     * A turn that is over: for readers who were cut in an attempt that did not decide it.
     *
     * @param attempt that did
     * @param unread whether this node has not read of that attempt: then its number is a guess, and none that a reader has
     *     seen
     */
    private record EndedTurn(
            String turnId,
            String messageId,
            String generationId,
            long startSequence,
            long endSequence,
            int attempt,
            boolean unread) {

        /** The attempt of a reader who knows that all others are void. */
        int inCursor() {
            return unread ? UNKNOWN_ATTEMPT : attempt;
        }
    }

    /** The turn between its start and its end, as the log tells. */
    private static final class RunningTurn {
        private final String turnId;
        private final String messageId;
        private final String generationId;
        private final long startSequence;
        private final Set<String> superseded = new HashSet<>();
        private final List<Frame> deltas = new ArrayList<>();
        private final StringBuilder text = new StringBuilder();
        private final StringBuilder reasoning = new StringBuilder();
        private final List<ToolCall> toolCalls = new ArrayList<>();
        private @Nullable String attemptId;
        private @Nullable Frame started;
        private int attempt;
        private int nextSeq;
        private long deltaBytes;
        private boolean framesDropped;
        private boolean closed;

        RunningTurn(String turnId, TurnStarted started, long startSequence) {
            this.turnId = turnId;
            this.messageId = started.getAssistantMessageId();
            this.generationId = started.getGenerationId();
            this.startSequence = startSequence;
        }
    }

    Timeline(ConversationKey conversation) {
        this.conversation = conversation;
    }

    ConversationKey conversation() {
        return conversation;
    }

    /** Of the last event seen; 0 where none was. */
    long sequence() {
        return sequence;
    }

    boolean deleted() {
        return deleted;
    }

    Optional<MessageAccepted> acceptance(String messageId) {
        return Optional.ofNullable(acceptances.get(messageId));
    }

    /** Memory that events and deltas take, roughly, in bytes. */
    long bytes() {
        return bytes + (turn == null ? 0 : turn.deltaBytes);
    }

    boolean isRunning() {
        return turn != null;
    }

    /** Takes the next event of the log; the frames that follow from it. A repeat changes nothing. */
    List<Frame> accept(ConversationEvent event) {
        if (event.getSequence() <= sequence) {
            return List.of();
        }
        if (event.getSequence() != sequence + 1 && sequence != 0) {
            // Events are missing on this node, which only a log that was cut short explains: remember none before.
            forgetEvents();
        }
        sequence = event.getSequence();
        List<Frame> frames = new ArrayList<>();
        switch (event.getBody()) {
            case MessageAccepted accepted -> {
                acceptances.put(accepted.getMessageId(), accepted);
                latestTurn = event.getTurnId();
            }
            case ConversationDeleted gone -> deleted = true;
            case MessageCompleted completed -> end(event, completed.getAttempt(), frames);
            case TurnFailed failed -> end(event, failed.getAttempt(), frames);
            case TurnCancelled cancelled -> end(event, cancelled.getAttempt(), frames);
            default -> {} // Nothing more to know of it.
        }
        Frame frame = SseFrames.frame(new FeedEvent.Logged(conversation, event), here().toString());
        remember(frame);
        frames.add(frame);
        if (event.getBody() instanceof TurnStarted started) {
            begin(event, started, frames);
        }
        return frames;
    }

    /**
     * Where a reader is who has seen everything: a later event in mid-answer must not hide from its cursor how much of the
     * answer was seen.
     */
    private FeedCursor here() {
        return turn == null || turn.started == null
                ? FeedCursor.after(sequence)
                : new FeedCursor(sequence, turn.attempt, turn.nextSeq - 1);
    }

    private void begin(ConversationEvent event, TurnStarted started, List<Frame> frames) {
        turn = new RunningTurn(String.valueOf(event.getTurnId()), started, sequence);
        // Chunks of later turns stay: a node that starts reads them long before the events.
        List<GenerationChunk> waiting = early.remove(started.getGenerationId());
        if (waiting != null) {
            waiting.forEach(chunk -> frames.addAll(accept(chunk)));
        }
    }

    /**
     * The turn is over, {@code by} the attempt that decided it. The log may tell so before the chunks of that attempt are
     * read here: then what was shown of another is void.
     */
    private void end(ConversationEvent event, @Nullable Attempt by, List<Frame> frames) {
        RunningTurn running = turn;
        if (running == null || !running.turnId.equals(event.getTurnId())) {
            return;
        }
        boolean byAnother = by != null && !by.getAttemptId().equals(running.attemptId);
        EndedTurn over = new EndedTurn(
                running.turnId,
                running.messageId,
                running.generationId,
                running.startSequence,
                sequence,
                running.attempt + (byAnother ? 1 : 0),
                byAnother);
        ended.addLast(over);
        if (ended.size() > MAX_ENDED_TURNS) {
            ended.removeFirst();
        }
        if (byAnother && running.attemptId != null) {
            frames.add(resetBefore(over));
        }
        turn = null;
    }

    private Frame resetBefore(EndedTurn over) {
        return SseFrames.frame(
                new FeedEvent.MessageReset(
                        conversation, over.turnId(), over.messageId(), over.attempt(), "another_attempt"),
                new FeedCursor(over.endSequence() - 1, over.inCursor(), -1).toString());
    }

    /** Takes the next chunk; the frames that follow from it. */
    List<Frame> accept(GenerationChunk chunk) {
        RunningTurn running = turn;
        if (running == null || !running.generationId.equals(chunk.getGenerationId())) {
            keepEarly(chunk);
            return List.of();
        }
        if (running.closed) {
            return List.of();
        }
        if (chunk.getBody() instanceof AttemptStarted started) {
            return start(running, chunk.getAttemptId(), started);
        }
        if (!chunk.getAttemptId().equals(running.attemptId)) {
            return List.of();
        }
        switch (chunk.getBody()) {
            case TextDelta delta -> {
                return delta(running, delta.getSeq(), delta.getText(), FeedEvent.MessageDelta.Kind.TEXT);
            }
            case ReasoningDelta delta -> {
                return delta(running, delta.getSeq(), delta.getText(), FeedEvent.MessageDelta.Kind.REASONING);
            }
            case ToolCalled called -> {
                return called(running, called);
            }
            // One that does not add up is given up by the assembly, which compares the text as well.
            case AttemptFinished finished ->
                running.closed = finished.getTally().getSeq() == running.nextSeq;
            case AttemptCancelled cancelled -> running.closed = true;
            case AttemptFailed failed -> running.closed = !failed.getRetryable();
            default -> {} // A sign of life.
        }
        return List.of();
    }

    /** A chunk of a turn that has not started here yet, or of one that is over: which of the two, only the start can tell. */
    private void keepEarly(GenerationChunk chunk) {
        String generationId = chunk.getGenerationId();
        if (ended.stream().anyMatch(over -> over.generationId().equals(generationId))) {
            return;
        }
        boolean starts = chunk.getBody() instanceof AttemptStarted started && WORK.isShown(started.getKind());
        if (starts || early.containsKey(generationId)) {
            List<GenerationChunk> waiting = early.computeIfAbsent(generationId, id -> new ArrayList<>());
            if (waiting.size() < MAX_EARLY_CHUNKS) {
                waiting.add(chunk);
            }
            if (early.size() > MAX_EARLY_GENERATIONS) {
                early.remove(early.keySet().iterator().next());
            }
        }
    }

    private List<Frame> start(RunningTurn running, String attemptId, AttemptStarted started) {
        if (attemptId.equals(running.attemptId) || running.superseded.contains(attemptId)) {
            return List.of();
        }
        List<Frame> frames = new ArrayList<>();
        if (running.attemptId != null) {
            running.superseded.add(running.attemptId);
        }
        running.attemptId = attemptId;
        running.attempt++;
        running.nextSeq = 0;
        running.deltas.clear();
        running.deltaBytes = 0;
        running.framesDropped = false;
        running.text.setLength(0);
        running.reasoning.setLength(0);
        running.toolCalls.clear();
        if (running.attempt > 1) {
            frames.add(reset(running, started.getCause()));
        }
        Frame frame = SseFrames.frame(
                new FeedEvent.MessageStarted(
                        conversation,
                        running.turnId,
                        running.messageId,
                        running.attempt,
                        started.getEngine(),
                        started.getModel()),
                new FeedCursor(sequence, running.attempt, -1).toString());
        running.started = frame;
        frames.add(frame);
        return frames;
    }

    private Frame reset(RunningTurn running, String reason) {
        return SseFrames.frame(
                new FeedEvent.MessageReset(conversation, running.turnId, running.messageId, running.attempt, reason),
                // Before the start of the new attempt, which the next cursor stands for.
                new FeedCursor(sequence, running.attempt - 1, AFTER_EVERY_DELTA).toString());
    }

    private List<Frame> delta(RunningTurn running, int seq, String text, FeedEvent.MessageDelta.Kind kind) {
        if (seq != running.nextSeq) {
            return List.of(); // A repeat; or, where one is missing, an attempt that the assembly gives up on.
        }
        switch (kind) {
            case TEXT -> running.text.append(text);
            case REASONING -> running.reasoning.append(text);
        }
        return next(
                running,
                new FeedEvent.MessageDelta(
                        conversation, running.turnId, running.messageId, running.attempt, seq, kind, text));
    }

    private List<Frame> called(RunningTurn running, ToolCalled called) {
        if (called.getSeq() != running.nextSeq) {
            return List.of();
        }
        running.toolCalls.add(called.getCall());
        return next(
                running,
                new FeedEvent.MessageToolCall(
                        conversation,
                        running.turnId,
                        running.messageId,
                        running.attempt,
                        called.getSeq(),
                        called.getCall()));
    }

    /** The frame of the next delta, kept for those who resume. */
    private List<Frame> next(RunningTurn running, FeedEvent delta) {
        Frame frame = SseFrames.frame(delta, new FeedCursor(sequence, running.attempt, running.nextSeq).toString());
        running.nextSeq++;
        if (running.deltaBytes + frame.sse().length > MAX_DELTA_BYTES) {
            running.framesDropped = true;
            running.deltas.clear();
            running.deltaBytes = 0;
        }
        if (!running.framesDropped) {
            running.deltas.add(frame);
            running.deltaBytes += frame.sse().length;
        }
        return List.of(frame);
    }

    // What is known of turns

    /** The events of a turn in memory, in order. */
    List<ConversationEvent> turn(String turnId) {
        List<ConversationEvent> found = new ArrayList<>();
        for (Frame frame : events) {
            if (frame.event() instanceof FeedEvent.Logged(var key, ConversationEvent event)
                    && turnId.equals(event.getTurnId())) {
                found.add(event);
            }
        }
        return found;
    }

    /** The turn of the last message that joined, where this memory goes back that far. */
    Optional<String> latestTurn() {
        return Optional.ofNullable(latestTurn);
    }

    /** The turn that runs, and the place right before its start. */
    Optional<ConversationFeed.Running> running() {
        RunningTurn running = turn;
        return running == null
                ? Optional.empty()
                : Optional.of(new ConversationFeed.Running(
                        running.turnId,
                        running.messageId,
                        FeedCursor.after(running.startSequence - 1).toString()));
    }

    // Replay

    /**
     * What follows {@code cursor}, as far as this memory goes.
     *
     * @param missingBefore where above 0, events up to this sequence are to be fetched from elsewhere and come first
     */
    record Replay(long missingBefore, List<Frame> frames) {}

    /** What a reader without a cursor is told: the running turn so far, its text in one piece. */
    List<Frame> joining() {
        RunningTurn running = turn;
        if (running == null) {
            return List.of();
        }
        List<Frame> frames = new ArrayList<>();
        for (Frame frame : events) {
            if (frame.event() instanceof FeedEvent.Logged(var key, ConversationEvent event)
                    && running.turnId.equals(event.getTurnId())) {
                frames.add(SseFrames.under(
                        frame, FeedCursor.after(event.getSequence()).toString()));
            }
        }
        if (running.started != null) {
            frames.add(restarted(running, running.started));
            frames.add(snapshot(running));
        }
        return frames;
    }

    private Frame restarted(RunningTurn running, Frame started) {
        return SseFrames.under(started, new FeedCursor(sequence, running.attempt, -1).toString());
    }

    /** The running answer so far in one piece, where there is one. */
    Optional<Frame> snapshot() {
        return turn == null || turn.started == null ? Optional.empty() : Optional.of(snapshot(turn));
    }

    private Frame snapshot(RunningTurn running) {
        return SseFrames.frame(
                new FeedEvent.MessageSnapshot(
                        conversation,
                        running.turnId,
                        running.messageId,
                        running.attempt,
                        running.nextSeq - 1,
                        running.text.toString(),
                        running.reasoning.toString(),
                        List.copyOf(running.toolCalls)),
                new FeedCursor(sequence, running.attempt, running.nextSeq - 1).toString());
    }

    /**
     * What a reader who has seen everything up to {@code cursor} is told. Every frame gets the cursor of its place in this
     * telling, which is not the one it was first told in: missed events come first, then what was missed of the answer.
     */
    Replay after(FeedCursor cursor) {
        List<Frame> frames = new ArrayList<>();
        long first = firstRemembered();
        for (Frame frame : events) {
            if (sequenceOf(frame) > cursor.sequence()) {
                resetBefore(frame, cursor).ifPresent(frames::add);
                frames.add(SseFrames.under(
                        frame, withEvents(cursor, sequenceOf(frame)).toString()));
            }
        }
        resumeTurn(cursor, frames);
        return new Replay(cursor.sequence() + 1 < first ? first - 1 : 0, frames);
    }

    /** Where {@code frame} ends a turn of which the reader has seen an earlier attempt: word that it is void. */
    private Optional<Frame> resetBefore(Frame frame, FeedCursor cursor) {
        return ended.stream()
                .filter(over -> over.endSequence() == sequenceOf(frame)
                        && cursor.sequence() >= over.startSequence()
                        && cursor.attempt() > 0
                        && cursor.attempt() != over.inCursor())
                .findFirst()
                .map(this::resetBefore);
    }

    /** Whether an event of the archive ends a turn that had started. */
    static boolean endsAnswer(ConversationEvent event) {
        return switch (event.getBody()) {
            case MessageCompleted completed -> true;
            case TurnFailed failed -> true;
            case TurnCancelled cancelled -> cancelled.getGenerationId() != null;
            default -> false;
        };
    }

    /** Word that what a reader at {@code place}, in mid-answer, was shown is void, before the answer's end from the archive. */
    static Frame resetBefore(ConversationKey conversation, ConversationEvent end, FeedCursor place) {
        String messageId = switch (end.getBody()) {
            case MessageCompleted completed -> completed.getMessageId();
            case TurnFailed failed -> failed.getMessageId();
            case TurnCancelled cancelled -> cancelled.getMessageId();
            default ->
                throw new IllegalArgumentException("no end: " + end.getBody().getClass());
        };
        return SseFrames.frame(
                new FeedEvent.MessageReset(
                        conversation,
                        String.valueOf(end.getTurnId()),
                        messageId,
                        Math.min(place.attempt() + 1, UNKNOWN_ATTEMPT),
                        "another_attempt"),
                new FeedCursor(place.sequence(), UNKNOWN_ATTEMPT, -1).toString());
    }

    /** A reader's place after the next event of the archive: in mid-answer still, unless the event ends or starts one. */
    static FeedCursor after(ConversationEvent event, FeedCursor place) {
        return event.getBody() instanceof TurnStarted || endsAnswer(event)
                ? FeedCursor.after(event.getSequence())
                : new FeedCursor(event.getSequence(), place.attempt(), place.seq());
    }

    /** The reader's place after {@code event}, before anything more of the answer. */
    private FeedCursor withEvents(FeedCursor cursor, long event) {
        RunningTurn running = turn;
        boolean midAnswer = (running != null && isOf(cursor, running))
                || ended.stream()
                        .anyMatch(over -> cursor.attempt() > 0
                                && cursor.sequence() >= over.startSequence()
                                && event < over.endSequence());
        return midAnswer ? new FeedCursor(event, cursor.attempt(), cursor.seq()) : FeedCursor.after(event);
    }

    /**
     * Whether a reader has seen more of the running answer than this node has read: another node was ahead, or this one has
     * just been started. Going on from here would tell it twice.
     */
    boolean isBehind(FeedCursor cursor) {
        RunningTurn running = turn;
        return running != null
                && isOf(cursor, running)
                && (cursor.attempt() > running.attempt
                        || (cursor.attempt() == running.attempt && cursor.seq() >= running.nextSeq));
    }

    /** Whether a cursor's attempt is one of the running turn's. */
    private static boolean isOf(FeedCursor cursor, RunningTurn running) {
        return cursor.sequence() >= running.startSequence && cursor.attempt() > 0;
    }

    /** Sequence of the oldest event in memory; one beyond the last where there is none. */
    private long firstRemembered() {
        return events.isEmpty() ? sequence + 1 : sequenceOf(events.getFirst());
    }

    private void resumeTurn(FeedCursor cursor, List<Frame> frames) {
        RunningTurn running = turn;
        if (running == null || running.started == null) {
            return;
        }
        boolean sameTurn = isOf(cursor, running);
        if (sameTurn && cursor.attempt() == running.attempt) {
            resumeAnswer(running, cursor.seq() + 1, frames);
            return;
        }
        if (sameTurn) {
            frames.add(reset(running, "another_attempt"));
        }
        frames.add(restarted(running, running.started));
        resumeAnswer(running, 0, frames);
    }

    private void resumeAnswer(RunningTurn running, int fromSeq, List<Frame> frames) {
        if (fromSeq >= running.nextSeq) {
            return;
        }
        if (running.framesDropped) {
            frames.add(snapshot(running));
            return;
        }
        for (int seq = fromSeq; seq < running.nextSeq; seq++) {
            frames.add(SseFrames.under(
                    running.deltas.get(seq), new FeedCursor(sequence, running.attempt, seq).toString()));
        }
    }

    static long sequenceOf(Frame frame) {
        return frame.event() instanceof FeedEvent.Logged(var key, ConversationEvent event) ? event.getSequence() : 0;
    }

    // Memory

    private void remember(Frame frame) {
        events.addLast(frame);
        bytes += size(frame);
    }

    /** Frees the oldest event; returns the bytes freed, 0 where there is none to free. */
    long forgetOldest() {
        Frame oldest = events.pollFirst();
        if (oldest == null) {
            return 0;
        }
        if (oldest.event() instanceof FeedEvent.Logged(var key, ConversationEvent event)
                && event.getBody() instanceof MessageAccepted accepted) {
            acceptances.remove(accepted.getMessageId());
        }
        bytes -= size(oldest);
        return size(oldest);
    }

    private void forgetEvents() {
        while (forgetOldest() > 0) {
            // One by one, for what hangs on each.
        }
    }

    boolean remembersNothing() {
        return events.isEmpty() && turn == null;
    }

    /** The encoded frame, and as much again for the record that it came from. */
    private static long size(Frame frame) {
        return 2L * frame.sse().length + 200;
    }
}
