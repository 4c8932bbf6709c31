package dev.parley.ingest.door;

import dev.parley.chat.v1.ConversationCreated;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.ingest.http.Pause;
import dev.parley.ingest.http.ProblemException;
import dev.parley.schemas.ConversationKey;
import dev.parley.schemas.ErrorCode;
import dev.parley.sinks.feed.ConversationFeed;
import dev.parley.sinks.postgres.ConversationQueries;
import dev.parley.sinks.postgres.ConversationQueries.Page;
import dev.parley.sinks.postgres.ConversationSnapshot;
import dev.parley.sinks.postgres.ConversationSnapshot.Summary;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Conversations as callers are to see them: the read model, and what this node knows better because it has heard of it
 * before the sink could write it.
 */
public final class Snapshots {

    /** How long a caller may be kept for the sink, which writes within milliseconds when all is well. */
    private static final Duration SINK_LAG = Duration.ofSeconds(1);

    private static final Duration PAUSE = Duration.ofMillis(20);

    private final Door door;
    private final ConversationFeed feed;
    private final ConversationQueries queries;

    public Snapshots(Door door, ConversationFeed feed, ConversationQueries queries) {
        this.door = door;
        this.feed = feed;
        this.queries = queries;
    }

    /**
     * The snapshot. A conversation that is so new that the sink has yet to write it is empty as of cursor 0, from where a
     * stream tells everything.
     *
     * @throws ProblemException where there is no such conversation, or none any more
     */
    public ConversationSnapshot get(ConversationKey conversation) {
        return get(conversation, feed.lastSequence(conversation));
    }

    /** The same, if possible with the event {@code sequence} included. */
    public ConversationSnapshot get(ConversationKey conversation, long sequence) {
        long deadline = System.nanoTime() + SINK_LAG.toNanos();
        while (true) {
            if (feed.isDeleted(conversation)) {
                door.require(conversation);
            }
            Optional<ConversationSnapshot> snapshot = queries.snapshot(conversation);
            boolean late = System.nanoTime() > deadline;
            if (snapshot.isPresent() && (late || snapshot.get().cursor() >= sequence)) {
                return snapshot.get();
            }
            if (snapshot.isEmpty()) {
                door.require(conversation);
                if (late) {
                    return empty(conversation);
                }
            }
            Pause.of(PAUSE);
        }
    }

    private ConversationSnapshot empty(ConversationKey conversation) {
        ConversationEvent creation = door.creation(conversation)
                .orElseThrow(() -> new ProblemException(
                        ErrorCode.UNAVAILABLE, "the conversation is new, and not in the read model yet"));
        return new ConversationSnapshot(summary(creation), List.of(), Optional.empty(), 0);
    }

    /** A conversation as its first event says. */
    public static Summary summary(ConversationEvent creation) {
        ConversationCreated created = (ConversationCreated) creation.getBody();
        return new Summary(
                creation.getConversationId(),
                Optional.ofNullable(created.getTitle()),
                created.getWorkspaceId(),
                created.getMetadata(),
                creation.getTime(),
                creation.getTime(),
                0,
                false);
    }

    /** A page of a tenant's conversations, without those that this node knows to be deleted. */
    public Page page(String tenant, int limit, Optional<String> before) {
        try {
            Page page = queries.conversations(tenant, limit, before);
            return new Page(
                    page.conversations().stream()
                            .filter(summary -> !feed.isDeleted(new ConversationKey(tenant, summary.id())))
                            .toList(),
                    page.next());
        } catch (IllegalArgumentException e) {
            throw new ProblemException(ErrorCode.INVALID_CURSOR, "must be the 'next' of an earlier page", "before");
        }
    }

    /** One message; empty where there is none, or Postgres is away. */
    public Optional<ConversationSnapshot.Message> message(ConversationKey conversation, String messageId) {
        try {
            return queries.message(conversation, messageId);
        } catch (ConversationQueries.ReadModelUnavailableException e) {
            return Optional.empty();
        }
    }
}
