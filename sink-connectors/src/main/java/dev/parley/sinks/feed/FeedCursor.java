package dev.parley.sinks.feed;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A place in one conversation's stream: after the event with this sequence, and within the running turn after a delta.
 * As text: {@code S}, {@code S.A} (attempt A has started) or {@code S.A.n} (delta n of it was shown).
 *
 * @param attempt 0 where no attempt's start has been shown since the event
 * @param seq of the last delta shown; -1 for none
 */
record FeedCursor(long sequence, int attempt, int seq) {

    /** The attempt of a reader who knows that whatever it was shown of the answer before is void. */
    static final int UNKNOWN_ATTEMPT = 999_999_999;

    private static final Pattern TEXT = Pattern.compile("(\\d{1,18})(?:\\.(\\d{1,9})(?:\\.(\\d{1,9}))?)?");

    static FeedCursor after(long sequence) {
        return new FeedCursor(sequence, 0, -1);
    }

    /**
     * Reads a cursor.
     *
     * @throws InvalidCursorException for anything but the text of one
     */
    static FeedCursor parse(String text) {
        Matcher matcher = TEXT.matcher(text);
        if (!matcher.matches()) {
            throw new InvalidCursorException("not a cursor of this stream");
        }
        return new FeedCursor(
                Long.parseLong(matcher.group(1)),
                matcher.group(2) == null ? 0 : Integer.parseInt(matcher.group(2)),
                matcher.group(3) == null ? -1 : Integer.parseInt(matcher.group(3)));
    }

    @Override
    public String toString() {
        if (attempt == 0) {
            return Long.toString(sequence);
        }
        return seq < 0 ? sequence + "." + attempt : sequence + "." + attempt + "." + seq;
    }
}
