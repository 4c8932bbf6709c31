package dev.parley.ingest.door;

import dev.parley.chat.v1.CancelTurn;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.ConversationFact;
import dev.parley.chat.v1.MessageAccepted;
import dev.parley.chat.v1.MessageRejected;
import dev.parley.chat.v1.TurnEnd;
import dev.parley.chat.v1.TurnPreparation;
import dev.parley.chat.v1.TurnStarted;
import dev.parley.chat.v1.Unknown;
import dev.parley.ingest.door.Watches.Watch;
import dev.parley.ingest.http.Call;
import dev.parley.ingest.http.ProblemException;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.sinks.feed.ConversationFeed;
import dev.parley.sinks.postgres.ConversationQueries.Presence;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Turns that are there: what they have come to, and how they are stopped. Callers wait on their own threads. */
public final class Turns {

    private final CommandLog log;
    private final ConversationFeed feed;
    private final Watches watches;
    private final Presences presences;

    Turns(CommandLog log, ConversationFeed feed, Watches watches, Presences presences) {
        this.log = log;
        this.feed = feed;
        this.watches = watches;
        this.presences = presences;
    }

    static boolean isEnd(ConversationEvent event, String turnId) {
        return turnId.equals(event.getTurnId())
                && switch (event.getBody()) {
                    case TurnEnd _, MessageRejected _ -> true;
                    case ConversationFact _, TurnPreparation _, MessageAccepted _, TurnStarted _, Unknown _ -> false;
                };
    }

    /**
     * The events of a turn so far, in order, its acceptance first; one that is unknown here gets a moment to arrive from
     * another node.
     *
     * @return empty where there is no such turn
     */
    public List<ConversationEvent> events(ConversationKey conversation, String turnId) {
        return Presences.arrived(() -> feed.turn(conversation, turnId), events -> !events.isEmpty());
    }

    /** The same as is known here and now, from memory or archive. */
    public List<ConversationEvent> knownEvents(ConversationKey conversation, String turnId) {
        return feed.turn(conversation, turnId);
    }

    /**
     * A conversation's events up to and including {@code sequence}, which must have happened.
     *
     * @throws ProblemException where they cannot be read now
     */
    public List<ConversationEvent> eventsUpTo(ConversationKey conversation, long sequence) {
        List<ConversationEvent> events = new ArrayList<>();
        Expectation last = new Expectation(event -> {
            events.add(event);
            return event.getSequence() >= sequence;
        });
        try (Watch watch = watches.whole(conversation, last)) {
            return last.within(Watches.REPLAY).map(event -> List.copyOf(events)).orElseThrow(Watches::unreadable);
        }
    }

    /** The end of a turn; empty where it does not come in time. */
    public Optional<ConversationEvent> end(ConversationKey conversation, String turnId, Duration limit) {
        Expectation end = new Expectation(event -> isEnd(event, turnId));
        try (Watch watch = watches.live(conversation, end)) {
            return feed.turn(conversation, turnId).stream()
                    .filter(event -> isEnd(event, turnId))
                    .findFirst()
                    .or(() -> end.within(limit));
        }
    }

    /** The turn of the last message that joined a conversation, where this node knows it. */
    public Optional<String> latest(ConversationKey conversation) {
        return feed.latestTurn(conversation);
    }

    /** The same, where it has not ended. */
    public Optional<TurnStart> latestOpen(ConversationKey conversation) {
        return latest(conversation)
                .map(turnId -> feed.turn(conversation, turnId))
                .filter(events -> !events.isEmpty()
                        && events.stream().noneMatch(event -> isEnd(event, String.valueOf(event.getTurnId()))))
                .map(events -> TurnStart.at(events.getFirst()));
    }

    /** The turn that runs in a conversation now. */
    public Optional<TurnStart> running(ConversationKey conversation) {
        return feed.running(conversation).map(TurnStart::of);
    }

    /** Stops a turn, or all; without effect where none runs or waits. */
    public void cancel(ConversationKey conversation, CancelTurn cancel, Call call) {
        if (presences.settled(conversation) == Presence.UNKNOWN) {
            throw Presences.unknown(conversation);
        }
        log.append(conversation, cancel, call);
    }
}
