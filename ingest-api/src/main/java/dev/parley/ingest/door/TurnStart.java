package dev.parley.ingest.door;

import dev.parley.chat.v1.ConversationEvent;
import dev.parley.sinks.feed.ConversationFeed;

/**
 * Where a turn begins, for whom it is to be told to.
 *
 * @param before cursor of the place right before it: from there on, all of it is told
 */
public record TurnStart(String turnId, String before) {

    static TurnStart of(ConversationFeed.Running running) {
        return new TurnStart(running.turnId(), running.before());
    }

    /** That of a turn whose first event comes after the one with the sequence {@code last}. */
    public static TurnStart after(long last, String turnId) {
        return new TurnStart(turnId, Long.toString(last));
    }

    /** That of a turn whose first event is {@code first}. */
    public static TurnStart at(ConversationEvent first) {
        return after(first.getSequence() - 1, String.valueOf(first.getTurnId()));
    }
}
