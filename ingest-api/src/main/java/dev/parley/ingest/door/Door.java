package dev.parley.ingest.door;

import dev.parley.sinks.feed.ConversationFeed;
import dev.parley.sinks.postgres.ConversationQueries;
import io.micrometer.core.instrument.MeterRegistry;

/**
 * What every protocol does at the door: puts commands on the log, and learns from the feed what became of them.
 *
 * <p>Whoever waits subscribes <em>before</em> it looks anything up or appends, so that no answer falls between. Nothing
 * here needs Postgres to be there: it only tells sooner, or of older things. Thread-safe; callers wait on their own threads.
 */
public final class Door implements AutoCloseable {

    private final Watches watches;
    private final Conversations conversations;
    private final Messages messages;
    private final Turns turns;
    private final Snapshots snapshots;
    private final Branches branches;

    public Door(CommandLog log, ConversationFeed feed, ConversationQueries queries, MeterRegistry meters) {
        Presences presences = new Presences(feed, queries);
        watches = new Watches(feed, meters);
        conversations = new Conversations(log, watches, presences);
        messages = new Messages(log, feed, queries, watches, presences);
        turns = new Turns(log, feed, watches, presences);
        snapshots = new Snapshots(conversations, feed, queries);
        branches = new Branches(turns, snapshots);
    }

    public Conversations conversations() {
        return conversations;
    }

    public Messages messages() {
        return messages;
    }

    public Turns turns() {
        return turns;
    }

    public Snapshots snapshots() {
        return snapshots;
    }

    public Branches branches() {
        return branches;
    }

    /** Lets everyone who waits go with what is known. */
    @Override
    public void close() {
        watches.close();
    }
}
