package dev.parley.sinks.postgres;

import dev.parley.chat.v1.Document;
import dev.parley.schemas.Topic;
import dev.parley.schemas.Topics;
import dev.parley.schemas.keys.DocumentKey;
import dev.parley.schemas.serde.UndecodableRecordException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.sql.Types;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/**
 * The knowledge of workspaces: of each path the last record counts. A batch costs few round trips.
 *
 * <p>What is poison the topic's other reader, the indexing, sets aside.
 */
final class DocumentProjection implements Projection<DocumentProjection.Change> {

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

    /** What a record says of a path; the document is null where it was deleted. */
    record Change(DocumentKey key, @Nullable Document document) {}

    private final Topic<String, Document> documents;

    DocumentProjection(Topics topics) {
        this.documents = topics.documents();
    }

    @Override
    public String name() {
        return "documents";
    }

    @Override
    public Topic<?, ?> topic() {
        return documents;
    }

    @Override
    public boolean setsPoisonAside() {
        return false;
    }

    @Override
    public Change read(ConsumerRecord<byte[], byte[]> record) {
        if (record.key() == null) {
            throw new UndecodableRecordException("the key is missing");
        }
        DocumentKey key = DocumentKey.parse(new String(record.key(), StandardCharsets.UTF_8));
        @Nullable Document document = documents.values().deserializer().deserialize(record.topic(), record.value());
        if (document != null && !key.equals(keyOf(document))) {
            throw new UndecodableRecordException("the key is not the document's tenant/workspace/path");
        }
        return new Change(key, document);
    }

    private static DocumentKey keyOf(Document document) {
        return new DocumentKey(document.getTenantId(), document.getWorkspaceId(), document.getPath());
    }

    @Override
    public int write(Connection connection, List<Change> batch) throws SQLException {
        try (PreparedStatement put = connection.prepareStatement(PUT);
                PreparedStatement delete = connection.prepareStatement(DELETE)) {
            for (Change change : lastOfEach(batch)) {
                @Nullable Document document = change.document();
                PreparedStatement statement = document == null ? delete : put;
                statement.setString(1, change.key().tenant());
                statement.setString(2, change.key().workspace());
                statement.setString(3, change.key().path());
                if (document != null) {
                    set(put, document);
                }
                statement.addBatch();
            }
            delete.executeBatch();
            put.executeBatch();
        }
        return batch.size();
    }

    /** What a batch folds to. */
    private static Collection<Change> lastOfEach(List<Change> batch) {
        Map<DocumentKey, Change> last = new LinkedHashMap<>();
        batch.forEach(change -> last.put(change.key(), change));
        return last.values();
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
