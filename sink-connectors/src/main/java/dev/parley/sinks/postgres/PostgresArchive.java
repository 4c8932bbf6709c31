package dev.parley.sinks.postgres;

import dev.parley.chat.v1.ConversationEvent;
import dev.parley.schemas.Topic;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.sinks.feed.EventArchive;
import dev.parley.sinks.postgres.Database.Question;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The log of record, out of the table that holds it event by event. */
final class PostgresArchive implements EventArchive {

    private static final String EVENTS = """
            select data from events where tenant = ? and conversation_id = ? and sequence > ?
            order by sequence limit ?
            """;

    private static final String EVENTS_OF_TURN = """
            select data from events where tenant = ? and conversation_id = ? and turn_id = ? order by sequence
            """;

    private static final String EVENTS_OF_TENANT = """
            select log_position, data from events
            where tenant = ? and log_partition = ? and log_position > ? order by log_position limit ?
            """;

    private final Database database;
    private final Topic<String, ConversationEvent> events;

    PostgresArchive(Database database, Topic<String, ConversationEvent> events) {
        this.database = database;
        this.events = events;
    }

    private <T> T ask(Question<T> question) {
        return database.ask(question, ArchiveUnavailableException::new);
    }

    @Override
    public List<ConversationEvent> events(ConversationKey conversation, long after, int limit) {
        return events(new Query(EVENTS, conversation.tenant(), conversation.conversation(), after, limit));
    }

    @Override
    public List<ConversationEvent> turn(ConversationKey conversation, String turnId) {
        return events(new Query(EVENTS_OF_TURN, conversation.tenant(), conversation.conversation(), turnId));
    }

    private List<ConversationEvent> events(Query query) {
        return ask(connection -> query.list(connection, row -> event(row.getBytes(1))));
    }

    @Override
    public List<Positioned> tenantEvents(String tenant, Map<Integer, Long> afterPositions, int limit) {
        List<Positioned> found = new ArrayList<>();
        for (Map.Entry<Integer, Long> partition : new TreeMap<>(afterPositions).entrySet()) {
            if (found.size() >= limit) {
                break;
            }
            found.addAll(tenantEvents(tenant, partition.getKey(), partition.getValue(), limit - found.size()));
        }
        return found;
    }

    private List<Positioned> tenantEvents(String tenant, int partition, long after, int limit) {
        Query query = new Query(EVENTS_OF_TENANT, tenant, partition, after, limit);
        return ask(connection ->
                query.list(connection, row -> new Positioned(partition, row.getLong(1), event(row.getBytes(2)))));
    }

    @Override
    public Map<Integer, Long> positions() {
        return ask(connection -> Offsets.of(connection, events.name()));
    }

    private ConversationEvent event(byte[] data) {
        return events.values().deserializer().deserialize(events.name(), data);
    }
}
