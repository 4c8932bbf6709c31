package dev.parley.sinks.postgres;

import dev.parley.chat.v1.ConversationEvent;
import dev.parley.schemas.ConversationKey;
import dev.parley.sinks.postgres.Rows.Change;
import dev.parley.sinks.postgres.Rows.Sql;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.sql.Types;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes a batch of events in few round trips, in the caller's transaction.
 *
 * <p>Statements of one kind go out together. Within a conversation the order of its changes must hold, so a batch is cut
 * into waves: in each, kinds run in the order of {@link Sql}, and a change that would have to run before an earlier one of
 * the same conversation goes into the next wave.
 */
final class RowWriter {

    private static final String INSERT_EVENT = """
            insert into events (tenant, conversation_id, sequence, type, turn_id, time, data, log_partition, log_position)
            values (?, ?, ?, ?, ?, ?, ?, ?, ?)
            on conflict (tenant, conversation_id, sequence) do nothing
            """;

    private static final String LAST_SEQUENCES = """
            select c.tenant, c.id, c.last_sequence
            from conversations c join unnest(?::text[], ?::text[]) as asked (tenant, id) on c.tenant = asked.tenant and c.id = asked.id
            """;

    private static final String ADVANCE =
            "update sink_offsets set next_position = ? where topic = ? and log_partition = ? and next_position = ?";

    /** An event as it was read. */
    @SuppressWarnings("ArrayRecordComponent") // Bytes on their way to a column.
    record Read(ConversationEvent event, byte[] bytes, int partition, long position) {}

    /** Another instance has moved a partition's offset: this one's view of it is stale. */
    static final class StaleInstanceException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        StaleInstanceException(int partition) {
            super("partition " + partition + " is written by another instance");
        }
    }

    /** Where in the waves a conversation's last change stands. */
    private record Place(int wave, Sql kind) {}

    private final Connection connection;

    RowWriter(Connection connection) {
        this.connection = connection;
    }

    /** Writes {@code batch}; returns how many of its events were new. */
    int write(List<Read> batch) throws SQLException {
        List<Read> fresh = withoutKnown(batch);
        insertEvents(fresh);
        List<Map<Sql, List<Change>>> waves = waves(fresh);
        for (Map<Sql, List<Change>> wave : waves) {
            for (Map.Entry<Sql, List<Change>> kind : wave.entrySet()) {
                run(kind.getKey(), kind.getValue());
            }
        }
        return fresh.size();
    }

    private List<Read> withoutKnown(List<Read> batch) throws SQLException {
        Map<ConversationKey, Long> last = lastSequences(batch);
        List<Read> fresh = new ArrayList<>();
        for (Read read : batch) {
            ConversationKey key = key(read.event());
            if (read.event().getSequence() > last.getOrDefault(key, 0L)) {
                last.put(key, read.event().getSequence());
                fresh.add(read);
            }
        }
        return fresh;
    }

    private Map<ConversationKey, Long> lastSequences(List<Read> batch) throws SQLException {
        List<ConversationKey> keys =
                batch.stream().map(read -> key(read.event())).distinct().toList();
        Map<ConversationKey, Long> last = new HashMap<>();
        try (PreparedStatement statement = connection.prepareStatement(LAST_SEQUENCES)) {
            statement.setArray(
                    1,
                    connection.createArrayOf(
                            "text", keys.stream().map(ConversationKey::tenant).toArray()));
            statement.setArray(
                    2,
                    connection.createArrayOf(
                            "text",
                            keys.stream().map(ConversationKey::conversation).toArray()));
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    last.put(new ConversationKey(rows.getString(1), rows.getString(2)), rows.getLong(3));
                }
            }
        }
        return last;
    }

    private static ConversationKey key(ConversationEvent event) {
        return new ConversationKey(event.getTenantId(), event.getConversationId());
    }

    private void insertEvents(List<Read> events) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(INSERT_EVENT)) {
            for (Read read : events) {
                ConversationEvent event = read.event();
                set(
                        statement,
                        event.getTenantId(),
                        event.getConversationId(),
                        event.getSequence(),
                        event.getBody().getClass().getSimpleName(),
                        event.getTurnId(),
                        Timestamp.from(event.getTime()),
                        read.bytes(),
                        read.partition(),
                        read.position());
                statement.addBatch();
            }
            statement.executeBatch();
        }
    }

    private static List<Map<Sql, List<Change>>> waves(List<Read> events) {
        List<Map<Sql, List<Change>>> waves = new ArrayList<>();
        Map<ConversationKey, Place> places = new HashMap<>();
        for (Read read : events) {
            ConversationKey key = key(read.event());
            for (Change change : Rows.of(read.event())) {
                Place before = places.getOrDefault(key, new Place(0, Sql.CREATE_CONVERSATION));
                int wave = change.sql().compareTo(before.kind()) >= 0 ? before.wave() : before.wave() + 1;
                while (waves.size() <= wave) {
                    waves.add(new EnumMap<>(Sql.class));
                }
                waves.get(wave)
                        .computeIfAbsent(change.sql(), any -> new ArrayList<>())
                        .add(change);
                places.put(key, new Place(wave, change.sql()));
            }
        }
        return waves;
    }

    private void run(Sql sql, List<Change> changes) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql.text())) {
            for (Change change : changes) {
                set(statement, change.parameters());
                statement.addBatch();
            }
            statement.executeBatch();
        }
    }

    private static void set(PreparedStatement statement, @Nullable Object... parameters) throws SQLException {
        for (int i = 0; i < parameters.length; i++) {
            if (parameters[i] == null) {
                statement.setNull(i + 1, Types.NULL);
            } else {
                statement.setObject(i + 1, parameters[i]);
            }
        }
    }

    /**
     * Moves a partition's offset on.
     *
     * @throws StaleInstanceException where it is not at {@code from} any more
     */
    void advance(String topic, int partition, long from, long to) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(ADVANCE)) {
            set(statement, to, topic, partition, from);
            if (statement.executeUpdate() != 1) {
                throw new StaleInstanceException(partition);
            }
        }
    }
}
