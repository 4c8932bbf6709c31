package dev.parley.ingest.door;

import dev.parley.chat.v1.ConversationCreated;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.ingest.http.Pause;
import dev.parley.ingest.http.ProblemException;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.sinks.feed.ConversationFeed;
import dev.parley.sinks.postgres.ConversationQueries;
import dev.parley.sinks.postgres.ConversationQueries.Page;
import dev.parley.sinks.postgres.ConversationSnapshot;
import dev.parley.sinks.postgres.ConversationSnapshot.Summary;
import dev.parley.sinks.postgres.MessageTree;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Conversations as callers are to see them: the read model, and what this node knows better because it has heard of it
 * before the sink could write it.
 */
public final class Snapshots {

    /** How long a caller may be kept for the sink, which writes within milliseconds when all is well. */
    private static final Duration SINK_LAG = Duration.ofSeconds(1);

    private static final Duration PAUSE = Duration.ofMillis(20);

    private final Conversations conversations;
    private final ConversationFeed feed;
    private final ConversationQueries queries;

    Snapshots(Conversations conversations, ConversationFeed feed, ConversationQueries queries) {
        this.conversations = conversations;
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
        return Pause.until(
                        SINK_LAG,
                        PAUSE,
                        () -> stored(conversation),
                        snapshot ->
                                snapshot.filter(any -> any.cursor() >= sequence).isPresent())
                .orElseGet(() -> empty(conversation));
    }

    /** Sequence of the last event that is known of a conversation; 0 where none is. */
    public long lastSequence(ConversationKey conversation) {
        return conversations.lastSequence(conversation);
    }

    /** What the read model has, if anything, of a conversation that has to be there. */
    private Optional<ConversationSnapshot> stored(ConversationKey conversation) {
        if (feed.isDeleted(conversation)) {
            conversations.require(conversation);
        }
        Optional<ConversationSnapshot> snapshot = queries.snapshot(conversation);
        if (snapshot.isEmpty()) {
            conversations.require(conversation);
        }
        return snapshot;
    }

    private ConversationSnapshot empty(ConversationKey conversation) {
        ConversationEvent creation = conversations
                .creation(conversation)
                .orElseThrow(() -> new ProblemException(
                        ErrorCode.UNAVAILABLE, "the conversation is new, and not in the read model yet"));
        return new ConversationSnapshot(
                summary(creation), MessageTree.of(List.of(), null, Optional.empty()), Optional.empty(), 0);
    }

    /**
     * A page of a tenant's stored completions whose metadata hold all of {@code metadata}, in the order in which they were created,
     * without those that this node knows to be deleted. Its {@code next} is what the page after it comes {@code after}.
     *
     * @param limit how many to look at
     * @param after the id of the conversation that they follow; empty for the first ones
     */
    public Page storedCompletions(
            String tenant, Map<String, String> metadata, boolean newestFirst, int limit, Optional<String> after) {
        List<Summary> found = queries.storedCompletions(tenant, metadata, newestFirst, limit, after);
        return new Page(
                shown(tenant, found),
                found.size() < limit
                        ? Optional.empty()
                        : Optional.of(found.getLast().id()));
    }

    private List<Summary> shown(String tenant, List<Summary> found) {
        return found.stream()
                .filter(summary -> !feed.isDeleted(new ConversationKey(tenant, summary.id())))
                .toList();
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

    /**
     * A page of a tenant's conversations, without those that this node knows to be deleted.
     *
     * @param words of which all are in each conversation; empty for all conversations
     */
    public Page page(String tenant, List<String> words, int limit, Optional<String> before) {
        try {
            Page page = words.isEmpty()
                    ? queries.conversations(tenant, limit, before)
                    : queries.search(tenant, words, limit, before);
            return new Page(shown(tenant, page.conversations()), page.next());
        } catch (IllegalArgumentException e) {
            throw new ProblemException(ErrorCode.INVALID_CURSOR, "must be the 'next' of an earlier page", "before");
        }
    }
}
