package dev.parley.sinks.feed;

import dev.parley.chat.v1.ConversationEvent;
import dev.parley.schemas.keys.ConversationKey;
import java.util.List;
import java.util.Map;

/** Events older than the feed's memory. Every method throws {@link ArchiveUnavailableException} where it cannot be asked. */
public interface EventArchive {

    /** Up to {@code limit} events of a conversation with a sequence above {@code after}, in order. */
    List<ConversationEvent> events(ConversationKey conversation, long after, int limit);

    /** All events of one turn, in order; empty where the archive has none. */
    List<ConversationEvent> turn(ConversationKey conversation, String turnId);

    /** Up to {@code limit} events of a tenant at positions above those given for each partition, in order within a partition. */
    List<Positioned> tenantEvents(String tenant, Map<Integer, Long> afterPositions, int limit);

    /** For each partition of the log, the position up to which (exclusive) the archive holds it. */
    Map<Integer, Long> positions();

    /** An event with its place in the log. */
    record Positioned(int partition, long position, ConversationEvent event) {}

    /** The archive does not answer now. */
    final class ArchiveUnavailableException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        public ArchiveUnavailableException(Throwable cause) {
            super("the event archive does not answer", cause);
        }
    }
}
