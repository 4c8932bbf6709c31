package dev.parley.ingest.documents;

import dev.parley.chat.v1.Document;
import dev.parley.ingest.http.Call;
import dev.parley.ingest.http.ProblemException;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.keys.DocumentKey;
import dev.parley.schemas.keys.WorkspaceKey;
import dev.parley.sinks.postgres.ConversationQueries.ReadModelUnavailableException;
import dev.parley.sinks.postgres.DocumentQueries;
import dev.parley.sinks.postgres.DocumentSummary;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A log of documents, and a read model of it that is always up to date, until it lags or is away. */
public final class FakeDocuments implements DocumentLog, DocumentQueries {

    /** A record as it reached the log. */
    public record Appended(DocumentKey key, Optional<Document> document, Call call) {}

    private final List<Appended> log = new ArrayList<>();
    private int folded;
    private boolean lagging;
    private boolean kafkaAway;
    private boolean postgresAway;

    public synchronized List<Appended> log() {
        return List.copyOf(log);
    }

    /** From now on nothing arrives in the read model. */
    public synchronized void lagging() {
        lagging = true;
    }

    public synchronized void kafkaAway() {
        kafkaAway = true;
    }

    public synchronized void postgresAway() {
        postgresAway = true;
    }

    @Override
    public synchronized void append(DocumentKey key, @Nullable Document document, Call call) {
        checkKafka();
        log.add(new Appended(key, Optional.ofNullable(document), call));
        folded = lagging ? folded : log.size();
    }

    private void checkKafka() {
        if (kafkaAway) {
            throw new ProblemException(ErrorCode.UNAVAILABLE, "Kafka did not confirm the request in time");
        }
    }

    @Override
    public synchronized Place end(DocumentKey any) {
        checkKafka();
        return new Place(0, log.size());
    }

    @Override
    public void close() {}

    private NavigableMap<String, Document> workspace(WorkspaceKey workspace) {
        if (postgresAway) {
            throw new ReadModelUnavailableException(new SQLException("away"));
        }
        NavigableMap<String, Document> documents = new TreeMap<>();
        for (Appended appended : log.subList(0, folded)) {
            DocumentKey key = appended.key();
            if (key.workspaceKey().equals(workspace)) {
                documents.remove(key.path());
                appended.document().ifPresent(document -> documents.put(key.path(), document));
            }
        }
        return documents;
    }

    @Override
    public synchronized Optional<DocumentSummary> summary(DocumentKey document) {
        return document(document).map(StoredDocument::summary);
    }

    @Override
    public synchronized Optional<StoredDocument> document(DocumentKey key) {
        return Optional.ofNullable(workspace(key.workspaceKey()).get(key.path()))
                .map(document -> new StoredDocument(DocumentSummary.of(document), document.getText()));
    }

    @Override
    public synchronized DocumentPage documents(WorkspaceKey workspace, int limit, Optional<String> after) {
        List<DocumentSummary> found = workspace(workspace).tailMap(after.orElse(""), false).values().stream()
                .map(DocumentSummary::of)
                .toList();
        return found.size() <= limit
                ? new DocumentPage(found, Optional.empty())
                : new DocumentPage(
                        found.subList(0, limit),
                        Optional.of(found.get(limit - 1).path()));
    }

    @Override
    public synchronized boolean hasFolded(int partition, long offset) {
        workspace(new WorkspaceKey("any", "any"));
        return folded >= offset;
    }
}
