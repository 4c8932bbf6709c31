package dev.parley.ingest.door;

import dev.parley.ingest.http.ProblemException;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.sinks.feed.ConversationFeed;
import dev.parley.sinks.postgres.ConversationQueries.ReadModelUnavailableException;
import java.util.Optional;

/** The branches of conversations, for protocols whose callers bring what they show. Callers wait on their own threads. */
public final class Branches {

    private final Turns turns;
    private final Snapshots snapshots;
    private final ConversationFeed feed;

    Branches(Turns turns, Snapshots snapshots, ConversationFeed feed) {
        this.turns = turns;
        this.snapshots = snapshots;
        this.feed = feed;
    }

    /** All exchanges so far of a conversation that is there; empty where they cannot be read now. */
    public Optional<Exchanges> of(ConversationKey conversation) {
        try {
            long remembered = feed.lastSequence(conversation);
            long last =
                    remembered > 0 ? remembered : snapshots.get(conversation).cursor();
            return Optional.of(Exchanges.of(turns.eventsUpTo(conversation, last)));
        } catch (ProblemException | ReadModelUnavailableException e) {
            return Optional.empty();
        }
    }
}
