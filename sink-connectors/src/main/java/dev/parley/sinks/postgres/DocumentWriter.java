package dev.parley.sinks.postgres;

import dev.parley.chat.v1.Document;
import dev.parley.schemas.DocumentKey;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.sql.Types;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Writes a batch of documents in few round trips, in the caller's transaction: the last record of each key counts. */
final class DocumentWriter {

    private static final String PUT = """
            insert into documents (tenant, workspace_id, path, title, uri, content_type, bytes, characters, content_hash,
              updated_at, content, content_exact)
            values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            on conflict (tenant, workspace_id, path) do update set title = excluded.title, uri = excluded.uri,
              content_type = excluded.content_type, bytes = excluded.bytes, characters = excluded.characters,
              content_hash = excluded.content_hash, updated_at = excluded.updated_at, content = excluded.content,
              content_exact = excluded.content_exact
            """;

    private static final String DELETE = "delete from documents where tenant = ? and workspace_id = ? and path = ?";

    /** A document as it was read; null where it was deleted. */
    record Read(DocumentKey key, @Nullable Document document) {}

    private final Connection connection;
    private final Map<DocumentKey, Read> latest = new LinkedHashMap<>();

    DocumentWriter(Connection connection) {
        this.connection = connection;
    }

    void add(Read read) {
        latest.put(read.key(), read);
    }

    void write() throws SQLException {
        if (latest.isEmpty()) {
            return;
        }
        try (PreparedStatement put = connection.prepareStatement(PUT);
                PreparedStatement delete = connection.prepareStatement(DELETE)) {
            for (Read read : latest.values()) {
                @Nullable Document document = read.document();
                PreparedStatement statement = document == null ? delete : put;
                statement.setString(1, read.key().tenant());
                statement.setString(2, read.key().workspace());
                statement.setString(3, read.key().path());
                if (document != null) {
                    set(put, document);
                }
                statement.addBatch();
            }
            delete.executeBatch();
            put.executeBatch();
        }
    }

    private static void set(PreparedStatement put, Document document) throws SQLException {
        DocumentSummary summary = DocumentSummary.of(document);
        ExactText text = ExactText.of(document.getText());
        put.setString(4, summary.title().map(ExactText::readable).orElse(null));
        put.setString(5, summary.uri().map(ExactText::readable).orElse(null));
        put.setString(6, ExactText.readable(summary.contentType()));
        put.setLong(7, summary.bytes());
        put.setInt(8, summary.characters());
        put.setString(9, summary.contentHash());
        put.setTimestamp(10, Timestamp.from(summary.updatedAt()));
        put.setString(11, text.readable());
        if (text.exact() == null) {
            put.setNull(12, Types.BINARY);
        } else {
            put.setBytes(12, text.exact());
        }
    }
}
