package dev.parley.sinks.postgres;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;

/** How far the tables have come in each partition: kept beside them, and moved in the transaction that writes them. */
final class Offsets {

    /** A partition's offset, to be moved on from where this instance believes it to be. */
    record Move(TopicPartition partition, long from, long to) {}

    /** Another instance has moved a partition's offset: this one's view of it is stale. */
    static final class StaleInstanceException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        StaleInstanceException(List<Move> moves) {
            super("another instance has moved one of " + moves);
        }
    }

    private static final Columns<Move> MOVES = Columns.<Move>none()
            .text("topic", move -> move.partition().topic())
            .int4("log_partition", move -> move.partition().partition())
            .int8("believed", Move::from)
            .int8("next", Move::to);

    private static final String ADVANCE = """
            update sink_offsets as kept set next_position = moved.next
            from %s
            where kept.topic = moved.topic and kept.log_partition = moved.log_partition
              and kept.next_position = moved.believed
            """.formatted(MOVES.unnestedAs("moved"));

    /** A row that another transaction has just made is not seen by the statement that ran into it: the update shows it. */
    private static final String INSTALLATION = """
            insert into sink_installation as kept (prefix) values (?)
            on conflict (the_only) do update set prefix = kept.prefix
            returning prefix
            """;

    private static final String BEGIN = """
            insert into sink_offsets as kept (topic, log_partition, next_position, topic_id) values (?, ?, 0, ?)
            on conflict (topic, log_partition) do update
            set topic_id = case when kept.next_position = 0 then excluded.topic_id else coalesce(kept.topic_id, excluded.topic_id) end
            returning next_position, topic_id
            """;

    /**
     * Where the tables stand in a partition.
     *
     * @param topicId the topic's, when the place in it was first kept
     */
    record Place(long next, String topicId) {}

    private Offsets() {}

    /**
     * Moves offsets on. From here to the end of the transaction, nobody else writes what those partitions hold.
     *
     * @throws StaleInstanceException where one is not where it was believed to be
     */
    static void advance(Connection connection, List<Move> moves) throws SQLException {
        if (MOVES.run(connection, ADVANCE, moves) != moves.size()) {
            throw new StaleInstanceException(moves);
        }
    }

    /** Moves no offset, as far as this may be done: a database that is read-only, or has taken the privilege away, refuses it. */
    static void advanceNothing(Connection connection) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.executeUpdate("update sink_offsets set next_position = next_position where false");
        }
    }

    /** Whose tables these are, by the prefix of the installation's topics: {@code prefix}'s, where they were nobody's. */
    static String installation(Connection connection, String prefix) throws SQLException {
        return new Query(INSTALLATION, prefix)
                .first(connection, row -> row.getString(1))
                .orElseThrow();
    }

    /** Where the tables stand in a partition; its row is made at the first time. */
    static Place begin(Connection connection, TopicPartition partition, String topicId) throws SQLException {
        return new Query(BEGIN, partition.topic(), partition.partition(), topicId)
                .first(connection, row -> new Place(row.getLong(1), row.getString(2)))
                .orElseThrow();
    }

    /** The next position of each partition of a topic that the sink has come to. */
    static Map<Integer, Long> of(Connection connection, String topic) throws SQLException {
        return new Query("select log_partition, next_position from sink_offsets where topic = ?", topic)
                .map(connection, row -> row.getInt(1), row -> row.getLong(2));
    }
}
