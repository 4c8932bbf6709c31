package dev.parley.topologies.assembly;

import dev.parley.chat.v1.Tally;
import dev.parley.schemas.TextChecksum;
import java.util.ArrayDeque;
import java.util.Deque;
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

    static final Transcript EMPTY = new Transcript(null, new Segment(0, 0, 0, "", ""));

    /**
     * A stretch of consecutive deltas.
     *
     * @param index its place in the transcript, from 0
     * @param fromSeq the sequence number of its first delta
     * @param nextSeq the sequence number of the delta after its last
     */
    record Segment(int index, int fromSeq, int nextSeq, String text, String reasoning) {

        private boolean full() {
            return text.length() + reasoning.length() >= FULL_SEGMENT_CHARS;
        }
    }

    /** The sequence number that comes next. */
    int nextSeq() {
        return last.nextSeq();
    }

    Transcript plusText(String text) {
        return plus(text, "");
    }

    Transcript plusReasoning(String reasoning) {
        return plus("", reasoning);
    }

    private Transcript plus(String text, String reasoning) {
        int next = last.nextSeq + 1;
        return last.full()
                ? new Transcript(this, new Segment(last.index + 1, last.nextSeq, next, text, reasoning))
                : new Transcript(
                        earlier,
                        new Segment(last.index, last.fromSeq, next, last.text + text, last.reasoning + reasoning));
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

    private String joined(Function<Segment, String> part) {
        Deque<Segment> segments = new ArrayDeque<>();
        for (Transcript at = this; at != null; at = at.earlier) {
            segments.push(at.last);
        }
        StringBuilder all = new StringBuilder();
        segments.forEach(segment -> all.append(part.apply(segment)));
        return all.toString();
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
