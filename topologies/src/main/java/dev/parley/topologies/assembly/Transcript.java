package dev.parley.topologies.assembly;

import dev.parley.chat.v1.Tally;
import dev.parley.chat.v1.ToolCall;
import dev.parley.schemas.TextChecksum;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The text of one attempt so far, in segments: a delta changes the last segment only, so keeping up with it costs a write
 * of a few KiB however long the answer is. Immutable; adding to it shares all earlier segments.
 *
 * @param earlier everything before {@code last}; null where that is nothing
 */
record Transcript(@Nullable Transcript earlier, Segment last) {

    /** Characters from which on a segment takes no further delta. */
    static final int FULL_SEGMENT_CHARS = 4096;

    static final Transcript EMPTY = new Transcript(null, new Segment(0, 0, 0, "", "", List.of()));

    /**
     * A stretch of consecutive deltas.
     *
     * @param index its place in the transcript, from 0
     * @param fromSeq the sequence number of its first delta
     * @param nextSeq the sequence number of the delta after its last
     */
    record Segment(int index, int fromSeq, int nextSeq, String text, String reasoning, List<ToolCall> toolCalls) {

        private boolean full() {
            return text.length() + reasoning.length() + callChars() >= FULL_SEGMENT_CHARS;
        }

        private int callChars() {
            return toolCalls.stream()
                    .mapToInt(call -> call.getArguments().length())
                    .sum();
        }

        /** This and one more delta. */
        private Segment plus(String moreText, String moreReasoning, List<ToolCall> moreCalls) {
            List<ToolCall> calls = toolCalls;
            if (!moreCalls.isEmpty()) {
                calls = new ArrayList<>(toolCalls);
                calls.addAll(moreCalls);
            }
            return new Segment(index, fromSeq, nextSeq + 1, text + moreText, reasoning + moreReasoning, calls);
        }
    }

    /** The sequence number that comes next. */
    int nextSeq() {
        return last.nextSeq();
    }

    Transcript plusText(String text) {
        return plus(text, "", List.of());
    }

    Transcript plusReasoning(String reasoning) {
        return plus("", reasoning, List.of());
    }

    Transcript plusCall(ToolCall call) {
        return plus("", "", List.of(call));
    }

    /** One more delta, of which nothing is kept. */
    Transcript plusNothing() {
        return plus("", "", List.of());
    }

    private Transcript plus(String text, String reasoning, List<ToolCall> calls) {
        return last.full()
                ? new Transcript(
                        this, new Segment(last.index + 1, last.nextSeq, last.nextSeq + 1, text, reasoning, calls))
                : new Transcript(earlier, last.plus(text, reasoning, calls));
    }

    /**
     * Takes up a stored segment where it continues this transcript; returns null where it does not, since it or one before
     * it is of another write than the rest (see {@link GenerationStores}).
     */
    @Nullable
    Transcript continuedBy(Segment stored) {
        if (stored.fromSeq != nextSeq() || stored.nextSeq < stored.fromSeq) {
            return null;
        }
        boolean empty = earlier == null && nextSeq() == 0;
        return new Transcript(empty ? null : this, stored);
    }

    String text() {
        return joined(Segment::text);
    }

    String reasoning() {
        return joined(Segment::reasoning);
    }

    /** The calls that the model asks for, in order. */
    List<ToolCall> toolCalls() {
        return segments().stream()
                .flatMap(segment -> segment.toolCalls().stream())
                .toList();
    }

    private String joined(Function<Segment, String> part) {
        StringBuilder all = new StringBuilder();
        segments().forEach(segment -> all.append(part.apply(segment)));
        return all.toString();
    }

    private Deque<Segment> segments() {
        Deque<Segment> segments = new ArrayDeque<>();
        for (Transcript at = this; at != null; at = at.earlier) {
            segments.push(at.last);
        }
        return segments;
    }

    /** Whether this is what the worker says it sent. */
    boolean matches(Tally tally) {
        if (tally.getSeq() != nextSeq()) {
            return false;
        }
        TextChecksum checksum = TextChecksum.of(text());
        return tally.getTextBytes() == checksum.bytes() && tally.getTextCrc32c() == checksum.crc32c();
    }
}
