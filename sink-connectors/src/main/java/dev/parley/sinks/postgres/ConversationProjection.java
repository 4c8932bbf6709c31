package dev.parley.sinks.postgres;

import dev.parley.chat.v1.ConversationEvent;
import dev.parley.schemas.Topic;
import dev.parley.schemas.Topics;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.schemas.serde.UndecodableRecordException;
import dev.parley.sinks.postgres.ConversationRow.ActiveTurn;
import dev.parley.sinks.postgres.ConversationRow.Kept;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/**
 * Conversations, their messages, generations and ratings, and the log of record itself, event by event.
 *
 * <p>Reads the rows of a batch's conversations, has the batch folded into them, and writes each row once. New rows go in by
 * {@code COPY}, changes of one kind by one statement: as many round trips as there are kinds of changes in the batch,
 * however many events.
 */
final class ConversationProjection implements Projection<LoggedEvent> {

    private static final String STORED = """
            select tenant, id, title, title_exact, updated_at, message_count, last_sequence, active_turn_id,
              active_user_message_id, active_assistant_message_id, active_since, tip_id, deleted
            from conversations join %s using (tenant, id)
            """.formatted(ConversationTables.KEYS.unnestedAs("asked"));

    private static final String CHANGE_CONVERSATIONS =
            """
            update conversations as kept set title = folded.title, title_exact = folded.title_exact,
              updated_at = folded.updated_at, message_count = folded.message_count, last_sequence = folded.last_sequence,
              active_turn_id = folded.active_turn_id, active_user_message_id = folded.active_user_message_id,
              active_assistant_message_id = folded.active_assistant_message_id, active_since = folded.active_since,
              tip_id = folded.tip_id, deleted = folded.deleted, metadata = coalesce(folded.metadata, kept.metadata)
            from %s
            where kept.tenant = folded.tenant and kept.id = folded.id
            """.formatted(ConversationTables.CHANGED_CONVERSATIONS.unnestedAs("folded"));

    private static final String MOVE_MESSAGES = """
            update messages as kept set status = folded.status, after_id = coalesce(folded.after_id, kept.after_id)
            from %s
            where kept.tenant = folded.tenant and kept.conversation_id = folded.conversation_id and kept.id = folded.id
            """.formatted(ConversationTables.MOVED_MESSAGES.unnestedAs("folded"));

    private static final String END_MESSAGES = """
            update messages as kept set status = folded.status, content = folded.content,
              content_exact = folded.content_exact, reasoning = folded.reasoning, reasoning_exact = folded.reasoning_exact,
              completed_at = folded.completed_at, finish_reason = folded.finish_reason, engine = folded.engine,
              model = folded.model, input_tokens = folded.input_tokens, output_tokens = folded.output_tokens,
              usage_basis = folded.usage_basis, cost_micros = folded.cost_micros, error_code = folded.error_code,
              error_detail = folded.error_detail, upstream = folded.upstream, tool_calls = folded.tool_calls,
              sources = coalesce(folded.sources, kept.sources)
            from %s
            where kept.tenant = folded.tenant and kept.conversation_id = folded.conversation_id and kept.id = folded.id
            """.formatted(ConversationTables.ENDED_MESSAGES.unnestedAs("folded"));

    private static final String RATE =
            """
            insert into feedback (%s) select * from %s
            on conflict (tenant, conversation_id, message_id) do update set rating = excluded.rating,
              comment = excluded.comment, comment_exact = excluded.comment_exact, time = excluded.time
            """.formatted(ConversationTables.FEEDBACK.names(), ConversationTables.FEEDBACK.unnestedAs("rated"));

    private final Topic<String, ConversationEvent> events;

    ConversationProjection(Topics topics) {
        this.events = topics.events();
    }

    @Override
    public String name() {
        return "conversations";
    }

    @Override
    public Topic<?, ?> topic() {
        return events;
    }

    @Override
    public boolean setsPoisonAside() {
        return true;
    }

    @Override
    public LoggedEvent read(ConsumerRecord<byte[], byte[]> record) {
        ConversationEvent event = events.values().deserializer().deserialize(record.topic(), record.value());
        if (event == null || record.key() == null) {
            throw new UndecodableRecordException("key or value is missing");
        }
        return LoggedEvent.of(event, record.value(), record.partition(), record.offset());
    }

    @Override
    public int write(Connection connection, List<LoggedEvent> batch) throws SQLException {
        ConversationFold fold = new ConversationFold(stored(connection, batch));
        batch.forEach(fold::take);
        ConversationTables.EVENTS.copy(connection, "events", fold.events());
        ConversationTables.NEW_CONVERSATIONS.copy(connection, "conversations", fold.newConversations());
        ConversationTables.CHANGED_CONVERSATIONS.run(connection, CHANGE_CONVERSATIONS, fold.changedConversations());
        // Before the new ones: what happens to a message before it is there has no effect.
        ConversationTables.MOVED_MESSAGES.run(connection, MOVE_MESSAGES, fold.movedMessages());
        ConversationTables.ENDED_MESSAGES.run(connection, END_MESSAGES, fold.endedMessages());
        ConversationTables.NEW_MESSAGES.copy(connection, "messages", fold.newMessages());
        ConversationTables.GENERATIONS.copy(connection, "generations", fold.generations());
        ConversationTables.FEEDBACK.run(connection, RATE, fold.ratings());
        return fold.events().size();
    }

    /** The rows, as they are, of those of the batch's conversations that have one. */
    private static List<ConversationRow> stored(Connection connection, List<LoggedEvent> batch) throws SQLException {
        List<ConversationKey> keys =
                batch.stream().map(LoggedEvent::conversation).distinct().toList();
        List<ConversationRow> stored = new ArrayList<>();
        try (PreparedStatement statement = ConversationTables.KEYS.prepare(connection, STORED, keys);
                ResultSet row = statement.executeQuery()) {
            while (row.next()) {
                stored.add(ConversationRow.stored(
                        new ConversationKey(row.getString("tenant"), row.getString("id")),
                        new Kept(
                                title(row),
                                time(row, "updated_at"),
                                row.getInt("message_count"),
                                row.getLong("last_sequence"),
                                activeTurn(row),
                                row.getString("tip_id"),
                                row.getBoolean("deleted"))));
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
