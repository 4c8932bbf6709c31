package dev.parley.sinks.feed;

import dev.parley.chat.v1.Attempt;
import dev.parley.chat.v1.ConversationCreated;
import dev.parley.chat.v1.ConversationDeleted;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.ConversationRenamed;
import dev.parley.chat.v1.FeedbackRecorded;
import dev.parley.chat.v1.GenerationChunk;
import dev.parley.chat.v1.MessageAccepted;
import dev.parley.chat.v1.MessageRejected;
import dev.parley.chat.v1.TurnEnd;
import dev.parley.chat.v1.TurnRetrieved;
import dev.parley.chat.v1.TurnRouted;
import dev.parley.chat.v1.TurnStarted;
import dev.parley.chat.v1.Unknown;
import dev.parley.schemas.keys.ConversationKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What this node remembers of one conversation: the latest events of its log, and the running turn with what its current
 * attempt has said. Turns records into frames, in the order of this node's feed. Pure but for its own state; used under the
 * feed's lock.
 *
 * <p><b>Order.</b> Chunks may reach this node before the event that starts their turn; they wait for it, so that nothing of
 * a turn is shown before its start, nor after its end.
 */
final class Timeline {

    private final ConversationKey conversation;
    private final FrameEncoder encoder;
    private final RecentEvents events = new RecentEvents();
    private final EarlyChunks early = new EarlyChunks();
    private final EndedTurns ended = new EndedTurns();
    private long sequence;
    private boolean deleted;
    private @Nullable RunningTurn turn;
    private @Nullable String latestTurn;

    Timeline(ConversationKey conversation, FrameEncoder encoder) {
        this.conversation = conversation;
        this.encoder = encoder;
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
        return events.acceptance(messageId);
    }

    /** Memory that events and deltas take, roughly, in bytes. */
    long bytes() {
        return events.bytes() + (turn == null ? 0 : turn.bytes());
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
            events.forgetAll();
        }
        sequence = event.getSequence();
        List<Frame> frames = new ArrayList<>();
        switch (event.getBody()) {
            case MessageAccepted accepted -> latestTurn = event.getTurnId();
            case ConversationDeleted gone -> deleted = true;
            case TurnEnd end -> end(event, end.getAttempt(), frames);
            // Nothing more to know of it, or not yet.
            case ConversationCreated _,
                    ConversationRenamed _,
                    MessageRejected _,
                    TurnStarted _,
                    TurnRouted _,
                    TurnRetrieved _,
                    FeedbackRecorded _,
                    Unknown _ -> {}
        }
        Frame frame = encoder.encode(new FeedEvent.Logged(conversation, event), here().toString());
        events.add(frame);
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
        return turn == null ? FeedCursor.after(sequence) : turn.place(sequence);
    }

    private void begin(ConversationEvent event, TurnStarted started, List<Frame> frames) {
        turn = new RunningTurn(conversation, encoder, String.valueOf(event.getTurnId()), started, sequence);
        // Chunks of later turns stay: a node that starts reads them long before the events.
        early.take(started.getGenerationId()).forEach(chunk -> frames.addAll(accept(chunk)));
    }

    /**
     * The turn is over, {@code by} the attempt that decided it. The log may tell so before the chunks of that attempt are
     * read here: then what was shown of another is void.
     */
    private void end(ConversationEvent event, @Nullable Attempt by, List<Frame> frames) {
        RunningTurn running = turn;
        if (running == null || !running.turnId().equals(event.getTurnId())) {
            return;
        }
        EndedTurns.Ended over = running.endedBy(by, sequence);
        ended.add(over);
        if (over.unread() && running.isAnswering()) {
            frames.add(resetBefore(over));
        }
        turn = null;
    }

    private Frame resetBefore(EndedTurns.Ended over) {
        return encoder.encode(
                new FeedEvent.MessageReset(
                        conversation, over.turnId(), over.messageId(), over.attempt(), "another_attempt"),
                new FeedCursor(over.endSequence() - 1, over.inCursor(), -1).toString());
    }

    /** Takes the next chunk; the frames that follow from it. */
    List<Frame> accept(GenerationChunk chunk) {
        RunningTurn running = turn;
        if (running != null && running.generationId().equals(chunk.getGenerationId())) {
            return running.accept(chunk, sequence);
        }
        // Of a turn that has not started here yet, or of one that is over: which of the two, only the start can tell.
        if (!ended.hasGeneration(chunk.getGenerationId())) {
            early.keep(chunk);
        }
        return List.of();
    }

    /** The events of a turn in memory, in order. */
    List<ConversationEvent> turn(String turnId) {
        return events.ofTurn(turnId).stream().map(RecentEvents::event).toList();
    }

    /** The turn of the last message that joined, where this memory goes back that far. */
    Optional<String> latestTurn() {
        return Optional.ofNullable(latestTurn);
    }

    /** The turn that runs, and the place right before its start. */
    Optional<ConversationFeed.Running> running() {
        return Optional.ofNullable(turn)
                .map(running -> new ConversationFeed.Running(
                        running.turnId(),
                        running.messageId(),
                        FeedCursor.after(running.startSequence() - 1).toString()));
    }

    /** What a reader without a cursor is told: the running turn so far, its text in one piece. */
    List<Frame> joining() {
        RunningTurn running = turn;
        if (running == null) {
            return List.of();
        }
        List<Frame> frames = new ArrayList<>();
        for (Frame frame : events.ofTurn(running.turnId())) {
            frames.add(encoder.under(
                    frame, FeedCursor.after(RecentEvents.sequence(frame)).toString()));
        }
        frames.addAll(running.joining(sequence));
        return frames;
    }

    /** The running answer so far in one piece, where there is one. */
    Optional<Frame> snapshot() {
        return Optional.ofNullable(turn).flatMap(running -> running.snapshot(sequence));
    }

    /**
     * What follows a reader's cursor, as far as this memory goes.
     *
     * @param missingBefore where above 0, events up to this sequence are to be fetched from elsewhere and come first
     */
    record Replay(long missingBefore, List<Frame> frames) {}

    /**
     * What a reader who has seen everything up to {@code cursor} is told. Every frame gets the cursor of its place in this
     * telling, which is not the one it was first told in: missed events come first, then what was missed of the answer.
     */
    Replay after(FeedCursor cursor) {
        List<Frame> frames = new ArrayList<>();
        for (Frame frame : events.after(cursor.sequence())) {
            long event = RecentEvents.sequence(frame);
            ended.voidedBy(event, cursor).ifPresent(over -> frames.add(resetBefore(over)));
            frames.add(encoder.under(frame, withEvents(cursor, event).toString()));
        }
        if (turn != null) {
            frames.addAll(turn.after(cursor, sequence));
        }
        long first = events.firstSequence().orElse(sequence + 1);
        return new Replay(cursor.sequence() + 1 < first ? first - 1 : 0, frames);
    }

    /** The reader's place after the event with this sequence, before anything more of the answer. */
    private FeedCursor withEvents(FeedCursor cursor, long event) {
        boolean midAnswer = (turn != null && turn.has(cursor)) || ended.hasInMidAnswer(cursor, event);
        return midAnswer ? new FeedCursor(event, cursor.attempt(), cursor.seq()) : FeedCursor.after(event);
    }

    /**
     * Whether a reader has seen more of the running answer than this node has read: another node was ahead, or this one has
     * just been started. Going on from here would tell it twice.
     */
    boolean isBehind(FeedCursor cursor) {
        return turn != null && turn.isBehind(cursor);
    }

    /** Frees the oldest event; returns the bytes freed, 0 where there is none to free. */
    long forgetOldest() {
        return events.forgetOldest();
    }

    boolean remembersNothing() {
        return events.isEmpty() && turn == null;
    }
}
