package dev.parley.sinks.postgres;

import dev.parley.schemas.ConversationKey;
import dev.parley.sinks.postgres.ConversationRow.ActiveTurn;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Writes a batch of events, in the caller's transaction: reads the rows of its conversations, has the batch folded into
 * them, and writes each row once. New rows go in by {@code COPY}, changes of one kind by one statement: as many round trips
 * as there are kinds of changes in the batch, however many events.
 */
final class RowWriter {

    private static final String ADVANCE = """
            update sink_offsets as kept set next_position = moved.next
            from %s
            where kept.topic = moved.topic and kept.log_partition = moved.log_partition
              and kept.next_position = moved.believed
            """.formatted(Tables.MOVES.unnestedAs("moved"));

    private static final String STORED = """
            select tenant, id, title, title_exact, updated_at, message_count, last_sequence, active_turn_id,
              active_user_message_id, active_assistant_message_id, active_since, deleted
            from conversations join %s using (tenant, id)
            """.formatted(Tables.KEYS.unnestedAs("asked"));

    private static final String CHANGE_CONVERSATIONS = """
            update conversations as kept set title = folded.title, title_exact = folded.title_exact,
              updated_at = folded.updated_at, message_count = folded.message_count, last_sequence = folded.last_sequence,
              active_turn_id = folded.active_turn_id, active_user_message_id = folded.active_user_message_id,
              active_assistant_message_id = folded.active_assistant_message_id, active_since = folded.active_since,
              deleted = folded.deleted
            from %s
            where kept.tenant = folded.tenant and kept.id = folded.id
            """.formatted(Tables.CHANGED_CONVERSATIONS.unnestedAs("folded"));

    private static final String MOVE_MESSAGES = """
            update messages as kept set status = folded.status
            from %s
            where kept.tenant = folded.tenant and kept.conversation_id = folded.conversation_id and kept.id = folded.id
            """.formatted(Tables.MOVED_MESSAGES.unnestedAs("folded"));

    private static final String END_MESSAGES = """
            update messages as kept set status = folded.status, content = folded.content,
              content_exact = folded.content_exact, reasoning = folded.reasoning, reasoning_exact = folded.reasoning_exact,
              completed_at = folded.completed_at, finish_reason = folded.finish_reason, engine = folded.engine,
              model = folded.model, input_tokens = folded.input_tokens, output_tokens = folded.output_tokens,
              usage_basis = folded.usage_basis, cost_micros = folded.cost_micros, error_code = folded.error_code,
              error_detail = folded.error_detail, tool_calls = folded.tool_calls,
              sources = coalesce(folded.sources, kept.sources)
            from %s
            where kept.tenant = folded.tenant and kept.conversation_id = folded.conversation_id and kept.id = folded.id
            """.formatted(Tables.ENDED_MESSAGES.unnestedAs("folded"));

    private static final String RATE = """
            insert into feedback (%s) select * from %s
            on conflict (tenant, conversation_id, message_id) do update set rating = excluded.rating,
              comment = excluded.comment, comment_exact = excluded.comment_exact, time = excluded.time
            """.formatted(Tables.FEEDBACK.names(), Tables.FEEDBACK.unnestedAs("rated"));

    /** A partition's offset, to be moved on from where this instance believes it to be. */
    record Move(String topic, int partition, long from, long to) {}

    /** Another instance has moved a partition's offset: this one's view of it is stale. */
    static final class StaleInstanceException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        StaleInstanceException(List<Move> moves) {
            super("another instance has moved one of " + moves);
        }
    }

    private final Connection connection;

    RowWriter(Connection connection) {
        this.connection = connection;
    }

    /**
     * Moves offsets on. From here to the end of the transaction, nobody else writes what those partitions hold.
     *
     * @throws StaleInstanceException where one is not where it was believed to be
     */
    void advance(List<Move> moves) throws SQLException {
        if (Tables.MOVES.run(connection, ADVANCE, moves) != moves.size()) {
            throw new StaleInstanceException(moves);
        }
    }

    /** Writes {@code batch}, whose offsets have been moved on before; returns how many of its events were new. */
    int write(List<LoggedEvent> batch) throws SQLException {
        Fold fold = new Fold(stored(batch));
        batch.forEach(fold::take);
        Tables.EVENTS.copy(connection, "events", fold.events());
        Tables.NEW_CONVERSATIONS.copy(connection, "conversations", fold.newConversations());
        Tables.CHANGED_CONVERSATIONS.run(connection, CHANGE_CONVERSATIONS, fold.changedConversations());
        // Before the new ones: what happens to a message before it is there has no effect.
        Tables.MOVED_MESSAGES.run(connection, MOVE_MESSAGES, fold.movedMessages());
        Tables.ENDED_MESSAGES.run(connection, END_MESSAGES, fold.endedMessages());
        Tables.NEW_MESSAGES.copy(connection, "messages", fold.newMessages());
        Tables.GENERATIONS.copy(connection, "generations", fold.generations());
        Tables.FEEDBACK.run(connection, RATE, fold.ratings());
        return fold.events().size();
    }

    /** The rows, as they are, of those of the batch's conversations that have one. */
    private List<ConversationRow> stored(List<LoggedEvent> batch) throws SQLException {
        List<ConversationKey> keys =
                batch.stream().map(LoggedEvent::conversation).distinct().toList();
        List<ConversationRow> stored = new ArrayList<>();
        try (PreparedStatement statement = Tables.KEYS.prepare(connection, STORED, keys);
                ResultSet row = statement.executeQuery()) {
            while (row.next()) {
                stored.add(ConversationRow.stored(
                        new ConversationKey(row.getString("tenant"), row.getString("id")),
                        title(row),
                        time(row, "updated_at"),
                        row.getInt("message_count"),
                        row.getLong("last_sequence"),
                        activeTurn(row),
                        row.getBoolean("deleted")));
            }
        }
        return stored;
    }

    private static @Nullable ExactText title(ResultSet row) throws SQLException {
        String title = row.getString("title");
        return title == null ? null : new ExactText(title, row.getBytes("title_exact"));
    }

    private static @Nullable ActiveTurn activeTurn(ResultSet row) throws SQLException {
        String turn = row.getString("active_turn_id");
        return turn == null
                ? null
                : new ActiveTurn(
                        turn,
                        row.getString("active_user_message_id"),
                        row.getString("active_assistant_message_id"),
                        time(row, "active_since"));
    }

    private static Instant time(ResultSet row, String column) throws SQLException {
        return row.getObject(column, OffsetDateTime.class).toInstant();
    }
}
