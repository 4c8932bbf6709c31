package dev.parley.sinks.feed;

import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.MessageAccepted;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The latest events of one conversation's log, as they were told, until their memory is needed for others. */
final class RecentEvents {

    private final Deque<Frame> frames = new ArrayDeque<>();
    private final Map<String, MessageAccepted> acceptances = new HashMap<>();
    private long bytes;

    /** Remembers the frame of an event that follows all others. */
    void add(Frame frame) {
        frames.addLast(frame);
        bytes += size(frame);
        if (event(frame).getBody() instanceof MessageAccepted accepted) {
            acceptances.put(accepted.getMessageId(), accepted);
        }
    }

    /** Frees the oldest event; returns the bytes freed, 0 where there is none to free. */
    long forgetOldest() {
        Frame oldest = frames.pollFirst();
        if (oldest == null) {
            return 0;
        }
        if (event(oldest).getBody() instanceof MessageAccepted accepted) {
            acceptances.remove(accepted.getMessageId());
        }
        bytes -= size(oldest);
        return size(oldest);
    }

    void forgetAll() {
        frames.clear();
        acceptances.clear();
        bytes = 0;
    }

    /** Memory that they take, roughly. */
    long bytes() {
        return bytes;
    }

    boolean isEmpty() {
        return frames.isEmpty();
    }

    /** Sequence of the oldest; empty where there is none. */
    Optional<Long> firstSequence() {
        return Optional.ofNullable(frames.peekFirst()).map(RecentEvents::sequence);
    }

    /** Those after a sequence, oldest first. */
    List<Frame> after(long sequence) {
        List<Frame> found = new ArrayList<>();
        for (Frame frame : frames) {
            if (sequence(frame) > sequence) {
                found.add(frame);
            }
        }
        return found;
    }

    /** Those of a turn, oldest first. */
    List<Frame> ofTurn(String turnId) {
        List<Frame> found = new ArrayList<>();
        for (Frame frame : frames) {
            if (turnId.equals(event(frame).getTurnId())) {
                found.add(frame);
            }
        }
        return found;
    }

    Optional<MessageAccepted> acceptance(String messageId) {
        return Optional.ofNullable(acceptances.get(messageId));
    }

    static long sequence(Frame frame) {
        return event(frame).getSequence();
    }

    /** The event that a frame of the log tells. */
    static ConversationEvent event(Frame frame) {
        if (frame.event() instanceof FeedEvent.Logged(var conversation, ConversationEvent event)) {
            return event;
        }
        throw new IllegalArgumentException(
                "no event of the log: " + frame.event().getClass());
    }

    /** The encoded frame, and as much again for the record that it came from. */
    private static long size(Frame frame) {
        return 2L * frame.encoded().length + 200;
    }
}
