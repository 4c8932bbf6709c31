package dev.parley.ingest.door;

import dev.parley.ingest.http.Pause;
import dev.parley.ingest.http.ProblemException;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.schemas.keys.MessageId;
import dev.parley.sinks.feed.ConversationFeed;
import dev.parley.sinks.postgres.ConversationQueries;
import dev.parley.sinks.postgres.ConversationQueries.Presence;
import dev.parley.sinks.postgres.ConversationQueries.ReadModelUnavailableException;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * What is there, as far as this node can tell: by what its feed remembers, or else by the read model. Whatever is unknown
 * gets a moment to arrive from another node, and where only an absent Postgres could tell, the log decides alone.
 */
final class Presences {

    /** How long another node's very recent conversation or message may be unknown here. */
    private static final Duration LAG = Duration.ofMillis(500);

    private static final Duration LAG_PAUSE = Duration.ofMillis(25);

    private final ConversationFeed feed;
    private final ConversationQueries queries;

    Presences(ConversationFeed feed, ConversationQueries queries) {
        this.feed = feed;
        this.queries = queries;
    }

    /** What {@code look} sees, which has a moment to see what has {@code arrived}. */
    static <T> T arrived(Supplier<T> look, Predicate<T> arrived) {
        return Pause.until(LAG, LAG_PAUSE, look, arrived);
    }

    /** Makes sure that a conversation is there to be used; throws where it is not, or was deleted. */
    void require(ConversationKey conversation) {
        switch (settled(conversation)) {
            case PRESENT -> {}
            case DELETED -> throw deleted();
            case UNKNOWN -> throw unknown(conversation);
        }
    }

    static ProblemException deleted() {
        return new ProblemException(ErrorCode.CONVERSATION_DELETED, "the conversation was deleted");
    }

    static ProblemException unknown(ConversationKey conversation) {
        return new ProblemException(
                ErrorCode.CONVERSATION_NOT_FOUND, "there is no conversation '" + conversation.conversation() + "'");
    }

    /** What is known of a conversation, once what another node knows has had its moment. */
    Presence settled(ConversationKey conversation) {
        return arrived(() -> now(conversation), presence -> presence != Presence.UNKNOWN);
    }

    /** What is known of a conversation here and now; where only Postgres could tell and is away, it is taken to exist. */
    Presence now(ConversationKey conversation) {
        return remembered(conversation).orElseGet(() -> stored(conversation).orElse(Presence.PRESENT));
    }

    /** The same; where only Postgres could tell and is away, it is unknown. */
    Presence ifKnown(ConversationKey conversation) {
        return remembered(conversation).orElseGet(() -> stored(conversation).orElse(Presence.UNKNOWN));
    }

    private Optional<Presence> remembered(ConversationKey conversation) {
        if (feed.isDeleted(conversation)) {
            return Optional.of(Presence.DELETED);
        }
        return feed.lastSequence(conversation) > 0 ? Optional.of(Presence.PRESENT) : Optional.empty();
    }

    /** What Postgres says; empty where it is away. */
    private Optional<Presence> stored(ConversationKey conversation) {
        try {
            return Optional.of(queries.presence(conversation));
        } catch (ReadModelUnavailableException e) {
            return Optional.empty();
        }
    }

    /** Sequence of the last event that is known of a conversation; 0 where none is. */
    long lastSequence(ConversationKey conversation) {
        long remembered = feed.lastSequence(conversation);
        return remembered > 0 ? remembered : queries.lastSequence(conversation);
    }

    /** Whether a turn runs, as far as this node knows. */
    boolean isBusy(ConversationKey conversation) {
        return feed.running(conversation).isPresent();
    }

    /** Makes sure that a message is there, as far as can be told; throws where it is not. */
    void requireMessage(ConversationKey conversation, MessageId messageId) {
        if (feed.acceptance(conversation, messageId.text()).isPresent()) {
            return;
        }
        try {
            if (arrived(() -> queries.message(conversation, messageId.text()), Optional::isPresent)
                    .isEmpty()) {
                throw new ProblemException(
                        ErrorCode.MESSAGE_NOT_FOUND, "the conversation has no message '" + messageId + "'");
            }
        } catch (ReadModelUnavailableException e) {
            // The topology knows, and drops what is about nothing.
        }
    }
}
