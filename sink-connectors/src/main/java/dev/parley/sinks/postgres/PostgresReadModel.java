package dev.parley.sinks.postgres;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.Source;
import dev.parley.chat.v1.ToolCall;
import dev.parley.chat.v1.Usage;
import dev.parley.chat.v1.UsageBasis;
import dev.parley.schemas.ConversationKey;
import dev.parley.schemas.DocumentKey;
import dev.parley.schemas.Topic;
import dev.parley.schemas.Topics;
import dev.parley.sinks.feed.EventArchive;
import dev.parley.sinks.postgres.ConversationSnapshot.ActiveTurn;
import dev.parley.sinks.postgres.ConversationSnapshot.Failure;
import dev.parley.sinks.postgres.ConversationSnapshot.Feedback;
import dev.parley.sinks.postgres.ConversationSnapshot.Message;
import dev.parley.sinks.postgres.ConversationSnapshot.Status;
import dev.parley.sinks.postgres.ConversationSnapshot.Summary;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Reads what the sink wrote. Thread-safe. */
public final class PostgresReadModel implements ConversationQueries, DocumentQueries, EventArchive, AutoCloseable {

    private static final ObjectMapper MAPPER = new ObjectMapper();

    private static final String CONVERSATION = "select * from conversations where tenant = ? and id = ?";

    private static final String MESSAGES = """
            select m.*, f.rating, f.comment, f.comment_exact
            from messages m left join feedback f
              on f.tenant = m.tenant and f.conversation_id = m.conversation_id and f.message_id = m.id
            where m.tenant = ? and m.conversation_id = ?
            """;

    private static final String DOCUMENT_SUMMARY =
            "select path, title, uri, content_type, bytes, characters, content_hash, updated_at";
    private static final String DOCUMENT = " from documents where tenant = ? and workspace_id = ? and path = ?";

    private final Database database;
    private final Topic<String, ConversationEvent> events;
    private final String documentsTopic;

    public PostgresReadModel(PostgresSettings settings, Topics topics) {
        this.database = new Database(settings, "parley-read");
        this.events = topics.events();
        this.documentsTopic = topics.documents().name();
    }

    /** A question to the database. */
    @FunctionalInterface
    private interface Question<T> {
        T ask(Connection connection) throws SQLException;
    }

    private <T> T ask(Question<T> question) {
        try (Connection connection = database.connection()) {
            return question.ask(connection);
        } catch (SQLException e) {
            throw new ReadModelUnavailableException(e);
        }
    }

    private <T> T askArchive(Question<T> question) {
        try (Connection connection = database.connection()) {
            return question.ask(connection);
        } catch (SQLException e) {
            throw new ArchiveUnavailableException(e);
        }
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
        try (PreparedStatement select = connection.prepareStatement(CONVERSATION)) {
            select.setString(1, conversation.tenant());
            select.setString(2, conversation.conversation());
            try (ResultSet row = select.executeQuery()) {
                if (!row.next() || row.getBoolean("deleted")) {
                    return Optional.empty();
                }
                return Optional.of(new ConversationSnapshot(
                        summary(row),
                        messages(connection, conversation),
                        activeTurn(row),
                        row.getLong("last_sequence")));
            }
        }
    }

    private static List<Message> messages(Connection connection, ConversationKey conversation) throws SQLException {
        List<Message> messages = new ArrayList<>();
        try (PreparedStatement select = connection.prepareStatement(MESSAGES + " order by m.position, m.role desc")) {
            select.setString(1, conversation.tenant());
            select.setString(2, conversation.conversation());
            try (ResultSet rows = select.executeQuery()) {
                while (rows.next()) {
                    messages.add(message(rows));
                }
            }
        }
        return messages;
    }

    @Override
    public Optional<Message> message(ConversationKey conversation, String messageId) {
        return ask(connection -> {
            try (PreparedStatement select = connection.prepareStatement(MESSAGES + " and m.id = ?")) {
                select.setString(1, conversation.tenant());
                select.setString(2, conversation.conversation());
                select.setString(3, messageId);
                try (ResultSet row = select.executeQuery()) {
                    return row.next() ? Optional.of(message(row)) : Optional.empty();
                }
            }
        });
    }

    @Override
    public Presence presence(ConversationKey conversation) {
        return ask(connection -> {
            try (PreparedStatement select =
                    connection.prepareStatement("select deleted from conversations where tenant = ? and id = ?")) {
                select.setString(1, conversation.tenant());
                select.setString(2, conversation.conversation());
                try (ResultSet row = select.executeQuery()) {
                    if (!row.next()) {
                        return Presence.UNKNOWN;
                    }
                    return row.getBoolean(1) ? Presence.DELETED : Presence.PRESENT;
                }
            }
        });
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
        Optional<Place> place = before.map(Place::parse);
        return ask(connection -> {
            String sql = "select * from conversations where tenant = ? and not deleted"
                    + (place.isPresent() ? " and (updated_at, id) < (?, ?)" : "")
                    + " order by updated_at desc, id desc limit ?";
            try (PreparedStatement select = connection.prepareStatement(sql)) {
                int parameter = 1;
                select.setString(parameter++, tenant);
                if (place.isPresent()) {
                    select.setTimestamp(parameter++, Timestamp.from(place.get().updatedAt()));
                    select.setString(parameter++, place.get().id());
                }
                select.setInt(parameter, limit + 1);
                List<Summary> found = new ArrayList<>();
                try (ResultSet rows = select.executeQuery()) {
                    while (rows.next()) {
                        found.add(summary(rows));
                    }
                }
                if (found.size() <= limit) {
                    return new Page(found, Optional.empty());
                }
                List<Summary> page = found.subList(0, limit);
                Summary last = page.getLast();
                return new Page(List.copyOf(page), Optional.of(new Place(last.updatedAt(), last.id()).toString()));
            }
        });
    }

    // Archive

    @Override
    public List<ConversationEvent> events(ConversationKey conversation, long after, int limit) {
        return askArchive(connection -> {
            try (PreparedStatement select = connection.prepareStatement("""
                    select data from events where tenant = ? and conversation_id = ? and sequence > ?
                    order by sequence limit ?
                    """)) {
                select.setString(1, conversation.tenant());
                select.setString(2, conversation.conversation());
                select.setLong(3, after);
                select.setInt(4, limit);
                return events(select);
            }
        });
    }

    @Override
    public List<ConversationEvent> turn(ConversationKey conversation, String turnId) {
        return askArchive(connection -> {
            try (PreparedStatement select = connection.prepareStatement("""
                    select data from events where tenant = ? and conversation_id = ? and turn_id = ? order by sequence
                    """)) {
                select.setString(1, conversation.tenant());
                select.setString(2, conversation.conversation());
                select.setString(3, turnId);
                return events(select);
            }
        });
    }

    private List<ConversationEvent> events(PreparedStatement select) throws SQLException {
        List<ConversationEvent> found = new ArrayList<>();
        try (ResultSet rows = select.executeQuery()) {
            while (rows.next()) {
                found.add(event(rows.getBytes(1)));
            }
        }
        return found;
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
        return askArchive(connection -> {
            try (PreparedStatement select = connection.prepareStatement("""
                    select log_position, data from events
                    where tenant = ? and log_partition = ? and log_position > ? order by log_position limit ?
                    """)) {
                select.setString(1, tenant);
                select.setInt(2, partition);
                select.setLong(3, after);
                select.setInt(4, limit);
                List<Positioned> found = new ArrayList<>();
                try (ResultSet rows = select.executeQuery()) {
                    while (rows.next()) {
                        found.add(new Positioned(partition, rows.getLong(1), event(rows.getBytes(2))));
                    }
                }
                return found;
            }
        });
    }

    @Override
    public Map<Integer, Long> positions() {
        return askArchive(connection -> {
            try (PreparedStatement select = connection.prepareStatement(
                    "select log_partition, next_position from sink_offsets where topic = ?")) {
                select.setString(1, events.name());
                Map<Integer, Long> positions = new HashMap<>();
                try (ResultSet rows = select.executeQuery()) {
                    while (rows.next()) {
                        positions.put(rows.getInt(1), rows.getLong(2));
                    }
                }
                return positions;
            }
        });
    }

    private ConversationEvent event(byte[] data) {
        return events.values().deserializer().deserialize(events.name(), data);
    }

    // Rows

    private static Summary summary(ResultSet row) throws SQLException {
        return new Summary(
                row.getString("id"),
                text(row, "title"),
                row.getString("workspace_id"),
                metadata(row.getString("metadata")),
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
                Role.valueOf(row.getString("role").toUpperCase(Locale.ROOT)),
                text(row, "content").orElse(""),
                text(row, "reasoning"),
                Status.valueOf(row.getString("status")),
                row.getTimestamp("created_at").toInstant(),
                Optional.ofNullable(row.getTimestamp("completed_at")).map(Timestamp::toInstant),
                Optional.ofNullable(row.getString("finish_reason")),
                usage(row),
                sources(row.getString("sources")),
                Optional.ofNullable(row.getString("engine")),
                Optional.ofNullable(row.getString("model")),
                failure(row),
                feedback(row),
                Optional.ofNullable(row.getString("fingerprint")),
                toolCalls(parse(row.getString("tool_calls"))),
                context(parse(row.getString("context"))));
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

    private static Map<String, String> metadata(String json) {
        Map<String, String> metadata = new TreeMap<>();
        parse(json)
                .properties()
                .forEach(field -> metadata.put(field.getKey(), field.getValue().asText()));
        return metadata;
    }

    private static List<Source> sources(String json) {
        List<Source> sources = new ArrayList<>();
        for (JsonNode source : parse(json)) {
            sources.add(new Source(
                    source.path("sourceId").asText(),
                    source.path("title").asText(),
                    source.hasNonNull("uri") ? source.get("uri").asText() : null,
                    source.path("score").asDouble()));
        }
        return sources;
    }

    private static List<ToolCall> toolCalls(JsonNode json) {
        List<ToolCall> calls = new ArrayList<>();
        for (JsonNode call : json) {
            calls.add(new ToolCall(
                    call.path("id").asText(),
                    call.path("name").asText(),
                    call.path("arguments").asText()));
        }
        return calls;
    }

    private static List<PromptMessage> context(JsonNode json) {
        List<PromptMessage> messages = new ArrayList<>();
        for (JsonNode message : json) {
            messages.add(new PromptMessage(
                    Role.valueOf(message.path("role").asText().toUpperCase(Locale.ROOT)),
                    message.path("content").asText(),
                    toolCalls(message.path("toolCalls")),
                    message.hasNonNull("toolCallId") ? message.get("toolCallId").asText() : null));
        }
        return messages;
    }

    private static JsonNode parse(String json) {
        try {
            return MAPPER.readTree(json);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a jsonb column holds JSON", e);
        }
    }

    @Override
    public Optional<DocumentSummary> summary(DocumentKey document) {
        return ask(connection ->
                one(connection, DOCUMENT_SUMMARY + DOCUMENT, document, PostgresReadModel::documentSummary));
    }

    @Override
    public Optional<StoredDocument> document(DocumentKey document) {
        return ask(connection -> one(
                connection,
                DOCUMENT_SUMMARY + ", content, content_exact" + DOCUMENT,
                document,
                row -> new StoredDocument(
                        documentSummary(row),
                        ExactText.read(row.getString("content"), row.getBytes("content_exact")))));
    }

    /** Makes something of a row. */
    @FunctionalInterface
    private interface Row<T> {
        T of(ResultSet row) throws SQLException;
    }

    private static <T> Optional<T> one(Connection connection, String sql, DocumentKey document, Row<T> made)
            throws SQLException {
        try (PreparedStatement select = connection.prepareStatement(sql)) {
            select.setString(1, document.tenant());
            select.setString(2, document.workspace());
            select.setString(3, document.path());
            try (ResultSet row = select.executeQuery()) {
                return row.next() ? Optional.of(made.of(row)) : Optional.empty();
            }
        }
    }

    private static DocumentSummary documentSummary(ResultSet row) throws SQLException {
        return new DocumentSummary(
                row.getString("path"),
                Optional.ofNullable(row.getString("title")),
                Optional.ofNullable(row.getString("uri")),
                row.getString("content_type"),
                row.getLong("bytes"),
                row.getInt("characters"),
                row.getString("content_hash"),
                row.getTimestamp("updated_at").toInstant());
    }

    @Override
    public DocumentPage documents(String tenant, String workspace, int limit, Optional<String> after) {
        return ask(connection -> {
            String sql = DOCUMENT_SUMMARY
                    + " from documents where tenant = ? and workspace_id = ? and path > ? order by path limit ?";
            try (PreparedStatement select = connection.prepareStatement(sql)) {
                select.setString(1, tenant);
                select.setString(2, workspace);
                select.setString(3, after.orElse(""));
                select.setInt(4, limit + 1);
                List<DocumentSummary> found = new ArrayList<>();
                try (ResultSet rows = select.executeQuery()) {
                    while (rows.next()) {
                        found.add(documentSummary(rows));
                    }
                }
                return found.size() <= limit
                        ? new DocumentPage(List.copyOf(found), Optional.empty())
                        : new DocumentPage(
                                List.copyOf(found.subList(0, limit)),
                                Optional.of(found.get(limit - 1).path()));
            }
        });
    }

    @Override
    public boolean hasFolded(int partition, long offset) {
        return ask(connection -> {
            try (PreparedStatement select = connection.prepareStatement(
                    "select next_position from sink_offsets where topic = ? and log_partition = ?")) {
                select.setString(1, documentsTopic);
                select.setInt(2, partition);
                try (ResultSet row = select.executeQuery()) {
                    return (row.next() ? row.getLong(1) : 0) >= offset;
                }
            }
        });
    }

    @Override
    public void close() {
        database.close();
    }
}
