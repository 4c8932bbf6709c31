package dev.parley.sinks.postgres;

import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.Usage;
import dev.parley.chat.v1.UsageBasis;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.sinks.postgres.ConversationSnapshot.ActiveTurn;
import dev.parley.sinks.postgres.ConversationSnapshot.Answer;
import dev.parley.sinks.postgres.ConversationSnapshot.Failure;
import dev.parley.sinks.postgres.ConversationSnapshot.Feedback;
import dev.parley.sinks.postgres.ConversationSnapshot.Message;
import dev.parley.sinks.postgres.ConversationSnapshot.Origin;
import dev.parley.sinks.postgres.ConversationSnapshot.Sent;
import dev.parley.sinks.postgres.ConversationSnapshot.Spent;
import dev.parley.sinks.postgres.ConversationSnapshot.Status;
import dev.parley.sinks.postgres.ConversationSnapshot.Summary;
import dev.parley.sinks.postgres.ConversationSnapshot.Utterance;
import dev.parley.sinks.postgres.Database.Question;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Conversations and their messages, out of their tables. */
final class PostgresConversations implements ConversationQueries {

    private static final String CONVERSATION =
            "select * from conversations where tenant = ? and id = ? and not deleted";

    private static final String MESSAGES = """
            select m.*, f.rating, f.comment, f.comment_exact
            from messages m left join feedback f
              on f.tenant = m.tenant and f.conversation_id = m.conversation_id and f.message_id = m.id
            where m.tenant = ? and m.conversation_id = ?
            """;

    private static final String PRESENCE = "select deleted from conversations where tenant = ? and id = ?";

    private static final String LAST_SEQUENCE = "select last_sequence from conversations where tenant = ? and id = ?";

    private static final String FIRST_PAGE = """
            select * from conversations where tenant = ? and not deleted
            order by updated_at desc, id desc limit ?
            """;

    private static final String PAGE = """
            select * from conversations where tenant = ? and not deleted and (updated_at, id) < (?, ?)
            order by updated_at desc, id desc limit ?
            """;

    private static final String SKIP = " offset ?";

    /** The pair stands here as it does in the index of these alone, which serves no other text. */
    private static final String STORED_COMPLETIONS = """
            select * from conversations where tenant = ? and not deleted
              and metadata @> '{"openai.object": "chat.completion"}' and metadata @> ?::jsonb
            """;

    /** Whole conversations are compared, one after the other, so that a search costs nothing where nobody searches. */
    private static final int SEARCHED = 1_000;

    private static final String HAS_WORD = """
             and (c.title ilike ? or exists (
              select 1 from messages m
              where m.tenant = c.tenant and m.conversation_id = c.id and m.content ilike ?))
            """;

    private final Database database;

    PostgresConversations(Database database) {
        this.database = database;
    }

    private <T> T ask(Question<T> question) {
        return database.ask(question, ReadModelUnavailableException::new);
    }

    @Override
    public Optional<ConversationSnapshot> snapshot(ConversationKey conversation) {
        return ask(connection -> {
            // Conversation and messages as of the same moment.
            connection.setAutoCommit(false);
            connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
            connection.setReadOnly(true);
            try {
                Optional<ConversationSnapshot> snapshot = snapshot(connection, conversation);
                connection.commit();
                return snapshot;
            } finally {
                connection.rollback();
            }
        });
    }

    private static Optional<ConversationSnapshot> snapshot(Connection connection, ConversationKey conversation)
            throws SQLException {
        return new Query(CONVERSATION, conversation.tenant(), conversation.conversation())
                .first(
                        connection,
                        row -> new ConversationSnapshot(
                                summary(row),
                                MessageTree.of(
                                        messages(connection, conversation), row.getString("tip_id"), activeTurn(row)),
                                activeTurn(row),
                                row.getLong("last_sequence")));
    }

    private static List<Message> messages(Connection connection, ConversationKey conversation) throws SQLException {
        return new Query(
                        MESSAGES + " order by m.position, m.role desc",
                        conversation.tenant(),
                        conversation.conversation())
                .list(connection, PostgresConversations::message);
    }

    @Override
    public Optional<Message> message(ConversationKey conversation, String messageId) {
        return ask(connection -> new Query(
                        MESSAGES + " and m.id = ?", conversation.tenant(), conversation.conversation(), messageId)
                .first(connection, PostgresConversations::message));
    }

    @Override
    public Presence presence(ConversationKey conversation) {
        return ask(connection -> new Query(PRESENCE, conversation.tenant(), conversation.conversation())
                .first(connection, row -> row.getBoolean(1) ? Presence.DELETED : Presence.PRESENT)
                .orElse(Presence.UNKNOWN));
    }

    @Override
    public long lastSequence(ConversationKey conversation) {
        return ask(connection -> new Query(LAST_SEQUENCE, conversation.tenant(), conversation.conversation())
                .first(connection, row -> row.getLong(1))
                .orElse(0L));
    }

    /** A place in the list: everything from here on was active before, or at the same moment with a lesser id. */
    private record Place(Instant updatedAt, String id) {

        static Place parse(String text) {
            try {
                String plain = new String(Base64.getUrlDecoder().decode(text), StandardCharsets.UTF_8);
                int space = plain.indexOf(' ');
                return new Place(Instant.parse(plain.substring(0, space)), plain.substring(space + 1));
            } catch (RuntimeException e) {
                throw new IllegalArgumentException("not a place in a list of conversations", e);
            }
        }

        @Override
        public String toString() {
            return Base64.getUrlEncoder()
                    .withoutPadding()
                    .encodeToString((updatedAt + " " + id).getBytes(StandardCharsets.UTF_8));
        }
    }

    @Override
    public Page conversations(String tenant, int limit, Optional<String> before) {
        Query query = before.map(Place::parse)
                .map(place -> new Query(PAGE, tenant, Timestamp.from(place.updatedAt()), place.id(), limit + 1))
                .orElseGet(() -> new Query(FIRST_PAGE, tenant, limit + 1));
        List<Summary> found = ask(connection -> query.list(connection, PostgresConversations::summary));
        if (found.size() <= limit) {
            return new Page(found, Optional.empty());
        }
        List<Summary> page = List.copyOf(found.subList(0, limit));
        Summary last = page.getLast();
        return new Page(page, Optional.of(new Place(last.updatedAt(), last.id()).toString()));
    }

    @Override
    public Page search(String tenant, List<String> words, int limit, Optional<String> before) {
        Optional<Place> from = before.map(Place::parse);
        return ask(connection -> {
            Optional<Place> end = endOfSearch(tenant, from).first(connection, PostgresConversations::place);
            List<Summary> found =
                    search(tenant, words, limit + 1, from, end).list(connection, PostgresConversations::summary);
            if (found.size() <= limit) {
                return new Page(found, end.map(Place::toString));
            }
            List<Summary> page = List.copyOf(found.subList(0, limit));
            Summary last = page.getLast();
            return new Page(page, Optional.of(new Place(last.updatedAt(), last.id()).toString()));
        });
    }

    @Override
    public List<Summary> storedCompletions(
            String tenant, Map<String, String> metadata, boolean newestFirst, int limit, Optional<String> after) {
        StringBuilder sql = new StringBuilder(STORED_COMPLETIONS);
        List<Object> parameters = new ArrayList<>(List.of(tenant, JsonColumns.ofMetadata(metadata)));
        after.ifPresent(id -> {
            sql.append(" and (created_at, id) ")
                    .append(newestFirst ? "<" : ">")
                    .append(" (select created_at, id from conversations where tenant = ? and id = ?)");
            parameters.addAll(List.of(tenant, id));
        });
        sql.append(newestFirst ? " order by created_at desc, id desc limit ?" : " order by created_at, id limit ?");
        parameters.add(limit);
        return ask(connection ->
                new Query(sql.toString(), parameters.toArray()).list(connection, PostgresConversations::summary));
    }

    /** The last conversation to be looked through; empty where there are not so many. */
    private static Query endOfSearch(String tenant, Optional<Place> from) {
        return from.map(place ->
                        new Query(PAGE + SKIP, tenant, Timestamp.from(place.updatedAt()), place.id(), 1, SEARCHED - 1))
                .orElseGet(() -> new Query(FIRST_PAGE + SKIP, tenant, 1, SEARCHED - 1));
    }

    private static Query search(
            String tenant, List<String> words, int limit, Optional<Place> from, Optional<Place> end) {
        StringBuilder sql = new StringBuilder("select * from conversations c where tenant = ? and not deleted");
        List<Object> parameters = new ArrayList<>(List.of(tenant));
        from.ifPresent(place -> {
            sql.append(" and (updated_at, id) < (?, ?)");
            parameters.addAll(List.of(Timestamp.from(place.updatedAt()), place.id()));
        });
        end.ifPresent(place -> {
            sql.append(" and (updated_at, id) >= (?, ?)");
            parameters.addAll(List.of(Timestamp.from(place.updatedAt()), place.id()));
        });
        for (String word : words) {
            sql.append(HAS_WORD);
            String pattern = pattern(word);
            parameters.addAll(List.of(pattern, pattern));
        }
        sql.append(" order by updated_at desc, id desc limit ?");
        parameters.add(limit);
        return new Query(sql.toString(), parameters.toArray());
    }

    /** Of what a text holds, as it is kept for reading. */
    private static String pattern(String word) {
        String plain = ExactText.of(word).readable();
        return "%" + plain.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%";
    }

    private static Place place(ResultSet row) throws SQLException {
        return new Place(row.getTimestamp("updated_at").toInstant(), row.getString("id"));
    }

    private static Summary summary(ResultSet row) throws SQLException {
        return new Summary(
                row.getString("id"),
                text(row, "title"),
                row.getString("workspace_id"),
                JsonColumns.metadata(row.getString("metadata")),
                row.getTimestamp("created_at").toInstant(),
                row.getTimestamp("updated_at").toInstant(),
                row.getInt("message_count"),
                row.getBoolean("deleted"));
    }

    private static Optional<ActiveTurn> activeTurn(ResultSet row) throws SQLException {
        String turnId = row.getString("active_turn_id");
        return turnId == null
                ? Optional.empty()
                : Optional.of(new ActiveTurn(
                        turnId,
                        row.getString("active_user_message_id"),
                        row.getString("active_assistant_message_id"),
                        row.getTimestamp("active_since").toInstant()));
    }

    private static Message message(ResultSet row) throws SQLException {
        return new Message(
                row.getString("id"),
                row.getString("turn_id"),
                new Utterance(
                        Role.valueOf(row.getString("role").toUpperCase(Locale.ROOT)),
                        text(row, "content").orElse(""),
                        Optional.ofNullable(row.getString("after_id"))),
                sent(row),
                Status.valueOf(row.getString("status")),
                row.getTimestamp("created_at").toInstant(),
                answer(row),
                feedback(row));
    }

    private static Optional<Sent> sent(ResultSet row) throws SQLException {
        String fingerprint = row.getString("fingerprint");
        return fingerprint == null
                ? Optional.empty()
                : Optional.of(new Sent(
                        fingerprint,
                        JsonColumns.context(row.getString("context")),
                        JsonColumns.attachments(row.getString("attachments"))));
    }

    private static Answer answer(ResultSet row) throws SQLException {
        return new Answer(
                Optional.ofNullable(row.getTimestamp("completed_at")).map(Timestamp::toInstant),
                text(row, "reasoning"),
                Optional.ofNullable(row.getString("finish_reason")),
                new Spent(usage(row), JsonColumns.upstream(row.getString("upstream"))),
                JsonColumns.sources(row.getString("sources")),
                JsonColumns.toolCalls(row.getString("tool_calls")),
                origin(row),
                failure(row));
    }

    private static Optional<Origin> origin(ResultSet row) throws SQLException {
        String engine = row.getString("engine");
        return engine == null ? Optional.empty() : Optional.of(new Origin(engine, row.getString("model")));
    }

    private static Optional<String> text(ResultSet row, String column) throws SQLException {
        String readable = row.getString(column);
        return readable == null
                ? Optional.empty()
                : Optional.of(ExactText.read(readable, row.getBytes(column + "_exact")));
    }

    private static Optional<Usage> usage(ResultSet row) throws SQLException {
        String basis = row.getString("usage_basis");
        return basis == null
                ? Optional.empty()
                : Optional.of(new Usage(
                        row.getInt("input_tokens"),
                        row.getInt("output_tokens"),
                        UsageBasis.valueOf(basis.toUpperCase(Locale.ROOT)),
                        row.getObject("cost_micros", Long.class)));
    }

    private static Optional<Failure> failure(ResultSet row) throws SQLException {
        String code = row.getString("error_code");
        return code == null
                ? Optional.empty()
                : Optional.of(new Failure(
                        code, Optional.ofNullable(row.getString("error_detail")).orElse("")));
    }

    private static Optional<Feedback> feedback(ResultSet row) throws SQLException {
        String rating = row.getString("rating");
        return rating == null ? Optional.empty() : Optional.of(new Feedback(rating, text(row, "comment")));
    }
}
