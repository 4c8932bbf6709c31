package dev.parley.sinks.postgres;

import dev.parley.schemas.keys.DocumentKey;
import dev.parley.schemas.keys.WorkspaceKey;
import dev.parley.sinks.postgres.ConversationQueries.ReadModelUnavailableException;
import dev.parley.sinks.postgres.Database.Question;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;

/** The knowledge of workspaces, out of its table. */
final class PostgresDocuments implements DocumentQueries {

    private static final String SUMMARY =
            "select path, title, uri, content_type, bytes, characters, content_hash, updated_at";
    private static final String OF_ONE = " from documents where tenant = ? and workspace_id = ? and path = ?";
    private static final String OF_A_PAGE =
            " from documents where tenant = ? and workspace_id = ? and path > ? order by path limit ?";

    private final Database database;
    private final String topic;

    PostgresDocuments(Database database, String topic) {
        this.database = database;
        this.topic = topic;
    }

    private <T> T ask(Question<T> question) {
        return database.ask(question, ReadModelUnavailableException::new);
    }

    @Override
    public Optional<DocumentSummary> summary(DocumentKey document) {
        return ask(connection -> one(SUMMARY, document).first(connection, PostgresDocuments::summary));
    }

    @Override
    public Optional<StoredDocument> document(DocumentKey document) {
        return ask(connection -> one(SUMMARY + ", content, content_exact", document)
                .first(
                        connection,
                        row -> new StoredDocument(
                                summary(row),
                                ExactText.read(row.getString("content"), row.getBytes("content_exact")))));
    }

    private static Query one(String select, DocumentKey document) {
        return new Query(select + OF_ONE, document.tenant(), document.workspace(), document.path());
    }

    private static DocumentSummary summary(ResultSet row) throws SQLException {
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
    public DocumentPage documents(WorkspaceKey workspace, int limit, Optional<String> after) {
        Query query =
                new Query(SUMMARY + OF_A_PAGE, workspace.tenant(), workspace.workspace(), after.orElse(""), limit + 1);
        List<DocumentSummary> found = ask(connection -> query.list(connection, PostgresDocuments::summary));
        return found.size() <= limit
                ? new DocumentPage(List.copyOf(found), Optional.empty())
                : new DocumentPage(
                        List.copyOf(found.subList(0, limit)),
                        Optional.of(found.get(limit - 1).path()));
    }

    @Override
    public boolean hasFolded(int partition, long offset) {
        return ask(connection -> Offsets.of(connection, topic).getOrDefault(partition, 0L)) >= offset;
    }
}
