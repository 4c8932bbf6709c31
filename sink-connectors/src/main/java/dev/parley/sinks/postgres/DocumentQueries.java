package dev.parley.sinks.postgres;

import dev.parley.schemas.keys.DocumentKey;
import dev.parley.schemas.keys.WorkspaceKey;
import java.util.List;
import java.util.Optional;

/**
 * What front doors ask of the read model about the knowledge of workspaces. Every method throws
 * {@link ConversationQueries.ReadModelUnavailableException} where Postgres cannot be asked. Thread-safe.
 */
public interface DocumentQueries {

    /** What is said about a document; empty where there is none. */
    Optional<DocumentSummary> summary(DocumentKey document);

    /** The document with its text; empty where there is none. */
    Optional<StoredDocument> document(DocumentKey document);

    /**
     * A workspace's documents, in the order of their paths.
     *
     * @param after a path: those that follow it are told; empty for the first page
     */
    DocumentPage documents(WorkspaceKey workspace, int limit, Optional<String> after);

    /** Whether everything before {@code offset} in a partition of the topic of documents is in the tables. */
    boolean hasFolded(int partition, long offset);

    /**
     * Some documents of a workspace.
     *
     * @param next where the following page starts; empty on the last one
     */
    record DocumentPage(List<DocumentSummary> documents, Optional<String> next) {}

    /** A document with its text. */
    record StoredDocument(DocumentSummary summary, String text) {}
}
