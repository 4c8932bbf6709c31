package dev.parley.faults;

import dev.parley.faults.History.ConversationRow;
import dev.parley.faults.History.EventRow;
import dev.parley.faults.History.GenerationRow;
import dev.parley.faults.History.MessageRow;
import dev.parley.faults.History.MessageState;
import dev.parley.faults.History.Tables;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.apache.kafka.common.utils.Bytes;

/** Reads the rows of some conversations with plain SQL. */
final class TableReader {

    private static final String SCHEMA = "parley";

    private final String jdbcUrl;

    TableReader(String jdbcUrl) {
        this.jdbcUrl = jdbcUrl;
    }

    private interface Row<R> {
        R of(ResultSet row) throws SQLException;
    }

    /** In one transaction that sees one state. */
    Tables read(Collection<String> conversations) throws SQLException {
        try (Connection connection = DriverManager.getConnection(jdbcUrl)) {
            connection.setSchema(SCHEMA);
            connection.setAutoCommit(false);
            connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
            return new Tables(
                    rows(
                            connection,
                            conversations,
                            "select conversation_id, sequence, log_partition, log_position, data from events"
                                    + " where conversation_id = any(?) order by conversation_id, sequence",
                            row -> new EventRow(
                                    row.getString(1),
                                    row.getLong(2),
                                    row.getInt(3),
                                    row.getLong(4),
                                    Bytes.wrap(row.getBytes(5)))),
                    rows(
                            connection,
                            conversations,
                            "select id, title, message_count, last_sequence, active_turn_id, deleted from conversations"
                                    + " where id = any(?) order by id",
                            row -> new ConversationRow(
                                    row.getString(1),
                                    Optional.ofNullable(row.getString(2)),
                                    row.getInt(3),
                                    row.getLong(4),
                                    Optional.ofNullable(row.getString(5)),
                                    row.getBoolean(6))),
                    rows(
                            connection,
                            conversations,
                            "select conversation_id, id, turn_id, position, role, status, content, input_tokens,"
                                    + " output_tokens, error_code from messages"
                                    + " where conversation_id = any(?) order by conversation_id, position",
                            row -> new MessageRow(
                                    row.getString(1),
                                    row.getString(2),
                                    row.getString(3),
                                    row.getLong(4),
                                    row.getString(5),
                                    new MessageState(
                                            row.getString(6),
                                            row.getString(7),
                                            integer(row, 8),
                                            integer(row, 9),
                                            Optional.ofNullable(row.getString(10))))),
                    rows(
                            connection,
                            conversations,
                            "select conversation_id, id, turn_id, message_id, outcome, attempt_id, input_tokens,"
                                    + " output_tokens from generations"
                                    + " where conversation_id = any(?) order by conversation_id, id",
                            row -> new GenerationRow(
                                    row.getString(1),
                                    row.getString(2),
                                    row.getString(3),
                                    row.getString(4),
                                    row.getString(5),
                                    Optional.ofNullable(row.getString(6)),
                                    integer(row, 7),
                                    integer(row, 8))));
        }
    }

    private static Optional<Integer> integer(ResultSet row, int column) throws SQLException {
        int value = row.getInt(column);
        return row.wasNull() ? Optional.empty() : Optional.of(value);
    }

    private static <R> List<R> rows(Connection connection, Collection<String> conversations, String sql, Row<R> make)
            throws SQLException {
        List<R> rows = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setArray(1, connection.createArrayOf("text", conversations.toArray()));
            try (ResultSet found = statement.executeQuery()) {
                while (found.next()) {
                    rows.add(make.of(found));
                }
            }
        }
        return rows;
    }
}
