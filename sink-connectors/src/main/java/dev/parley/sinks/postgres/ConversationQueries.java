package dev.parley.sinks.postgres;

import dev.parley.schemas.keys.ConversationKey;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What front doors ask of the read model. Every method throws {@link ReadModelUnavailableException} where Postgres
 * cannot be asked. Thread-safe.
 */
public interface ConversationQueries {

    /** The conversation with all its messages, oldest first; empty where there is none or it was deleted. */
    Optional<ConversationSnapshot> snapshot(ConversationKey conversation);

    /**
     * A tenant's conversations, newest activity first, deleted ones left out.
     *
     * @param before the {@code next} of the page before; empty for the first page
     * @throws IllegalArgumentException where {@code before} is no such value
     */
    Page conversations(String tenant, int limit, Optional<String> before);

    /**
     * Those of them that have every one of {@code words} in their title or in a message, whatever its case. One call looks
     * through so many conversations and no more: a page may hold fewer than {@code limit}, or none, and still have a next.
     *
     * @param words at least one, none of them blank
     * @throws IllegalArgumentException where {@code before} is no place in the list
     */
    Page search(String tenant, List<String> words, int limit, Optional<String> before);

    /**
     * Those that are chat completions to be found again, as their metadata say, and whose metadata hold all of {@code metadata}, in
     * the order in which they were created.
     *
     * @param newestFirst whether that order is turned round
     * @param after the id of the conversation that they follow; empty for the first ones
     */
    List<ConversationSnapshot.Summary> storedCompletions(
            String tenant, Map<String, String> metadata, boolean newestFirst, int limit, Optional<String> after);

    Presence presence(ConversationKey conversation);

    /** Sequence of the last event that the read model has of a conversation; 0 where it has none. */
    long lastSequence(ConversationKey conversation);

    /** One message, whatever its status; empty where there is none. */
    Optional<ConversationSnapshot.Message> message(ConversationKey conversation, String messageId);

    /**
     * Some conversations of a list.
     *
     * @param next where the following page starts; empty on the last one
     */
    record Page(List<ConversationSnapshot.Summary> conversations, Optional<String> next) {}

    /** What the read model knows of a conversation. */
    enum Presence {
        UNKNOWN,
        PRESENT,
        DELETED
    }

    /** Postgres does not answer now. */
    final class ReadModelUnavailableException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        public ReadModelUnavailableException(Throwable cause) {
            super("the read model does not answer", cause);
        }
    }
}
