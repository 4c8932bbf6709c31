package dev.parley.sinks.feed;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;

/** The latest turns of one conversation that are over, for readers who were cut in an attempt that did not decide theirs. */
final class EndedTurns {

    private static final int MAX_TURNS = 16;

    private final Deque<Ended> turns = new ArrayDeque<>();

    /**
     * A turn that is over.
     *
     * @param attempt that decided it
     * @param unread whether this node has not read of that attempt: then its number is a guess, and none that a reader has
     *     seen
     */
    record Ended(
            String turnId,
            String messageId,
            String generationId,
            long startSequence,
            long endSequence,
            int attempt,
            boolean unread) {

        /** The attempt of a reader who knows that all others are void. */
        int inCursor() {
            return unread ? FeedCursor.UNKNOWN_ATTEMPT : attempt;
        }

        /** Whether a reader was cut while this turn's answer was told. */
        boolean hasInMidAnswer(FeedCursor cursor) {
            return cursor.attempt() > 0 && cursor.sequence() >= startSequence;
        }
    }

    void add(Ended over) {
        turns.addLast(over);
        if (turns.size() > MAX_TURNS) {
            turns.removeFirst();
        }
    }

    boolean hasGeneration(String generationId) {
        return turns.stream().anyMatch(over -> over.generationId().equals(generationId));
    }

    /** The turn that the event with this sequence ends, where the reader was shown another attempt than the one that counts. */
    Optional<Ended> voidedBy(long endSequence, FeedCursor cursor) {
        return turns.stream()
                .filter(over -> over.endSequence() == endSequence
                        && over.hasInMidAnswer(cursor)
                        && cursor.attempt() != over.inCursor())
                .findFirst();
    }

    /** Whether a reader is in mid-answer still after the event with this sequence. */
    boolean hasInMidAnswer(FeedCursor cursor, long event) {
        return turns.stream().anyMatch(over -> over.hasInMidAnswer(cursor) && event < over.endSequence());
    }
}
