package dev.parley.ingest.door;

import dev.parley.ingest.http.ProblemException;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.sinks.postgres.ConversationQueries.ReadModelUnavailableException;
import java.util.List;
import java.util.Optional;

/** The branches of conversations, for protocols whose callers bring what they show. Callers wait on their own threads. */
public final class Branches {

    private final Turns turns;
    private final Snapshots snapshots;

    Branches(Turns turns, Snapshots snapshots) {
        this.turns = turns;
        this.snapshots = snapshots;
    }

    /**
     * All exchanges so far of a conversation; none of one that nobody has heard of.
     *
     * @return empty where they cannot be read now
     */
    public Optional<Exchanges> of(ConversationKey conversation) {
        try {
            long last = snapshots.lastSequence(conversation);
            return Optional.of(Exchanges.of(last == 0 ? List.of() : turns.eventsUpTo(conversation, last)));
        } catch (ProblemException | ReadModelUnavailableException e) {
            return Optional.empty();
        }
    }
}
