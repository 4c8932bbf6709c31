package dev.parley.sinks.postgres;

import dev.parley.chat.v1.ConversationEvent;
import dev.parley.schemas.keys.ConversationKey;

/**
 * An event as it was read.
 *
 * @param bytes the record's value as on the topic
 */
@SuppressWarnings("ArrayRecordComponent") // Bytes on their way to a column.
record LoggedEvent(ConversationKey conversation, ConversationEvent event, byte[] bytes, int partition, long position) {

    static LoggedEvent of(ConversationEvent event, byte[] bytes, int partition, long position) {
        return new LoggedEvent(
                new ConversationKey(event.getTenantId(), event.getConversationId()), event, bytes, partition, position);
    }

    /** The event's turn; empty where it is of none. */
    String turnId() {
        return event.getTurnId() == null ? "" : event.getTurnId();
    }
}
