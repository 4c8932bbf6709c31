package dev.parley.ingest.documents;

import dev.parley.chat.v1.Document;
import dev.parley.ingest.http.Call;
import dev.parley.ingest.http.Pause;
import dev.parley.ingest.http.ProblemException;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.keys.DocumentKey;
import dev.parley.schemas.keys.WorkspaceKey;
import dev.parley.sinks.postgres.ConversationQueries.ReadModelUnavailableException;
import dev.parley.sinks.postgres.DocumentQueries;
import dev.parley.sinks.postgres.DocumentQueries.DocumentPage;
import dev.parley.sinks.postgres.DocumentQueries.StoredDocument;
import dev.parley.sinks.postgres.DocumentSummary;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;

/**
 * The documents of workspaces: kept, read, listed and taken away.
 *
 * <p>The log is the truth, and what is read comes from the read model, once that has come as far as the log was when it was
 * asked: so a caller reads what it wrote, and what is called unchanged is what the log says. A read model that lags for
 * longer answers with what it has; one that is away keeps nobody from writing.
 */
public final class Documents {

    /** Of an upload. */
    public static final int MAX_UPLOAD_BYTES = DocumentReader.MAX_UPLOAD_BYTES;

    /** Of the text that is made of one, in UTF-8. */
    public static final int MAX_TEXT_BYTES = DocumentReader.MAX_TEXT_BYTES;

    /** Of a title, whoever gives it. */
    public static final int MAX_TITLE_CHARS = 200;

    /** How long a reader waits for the read model to have what the log has. */
    private static final Duration LAG = Duration.ofSeconds(1);

    private static final Duration LAG_PAUSE = Duration.ofMillis(10);

    private final DocumentLog log;
    private final DocumentQueries queries;
    private final DocumentReader reader = new DocumentReader();

    public Documents(DocumentLog log, DocumentQueries queries) {
        this.log = log;
        this.queries = queries;
    }

    /**
     * What its sender says of an upload.
     *
     * @param title in place of the one that it gives itself
     * @param uri where it is from
     */
    public record Said(Optional<String> contentType, Optional<String> title, Optional<String> uri) {}

    /** A document that is kept now. */
    public record Kept(DocumentSummary summary, Effect effect) {}

    /** What keeping it changed. */
    public enum Effect {
        CREATED,
        /** There was one already, or it cannot be told. */
        REPLACED,
        UNCHANGED
    }

    /**
     * Keeps an upload under {@code key}, unless the same is there.
     *
     * @throws ProblemException where no text can be made of it, or the log does not confirm it
     */
    public Kept put(DocumentKey key, Said said, byte[] upload, Call call) {
        ReadDocument read = reader.read(said.contentType(), key.path(), upload);
        String title = said.title()
                .or(() -> read.title().map(Documents::shortened).filter(own -> !own.isEmpty()))
                .orElseGet(() -> name(key));
        Document document = new Document(
                key.tenant(),
                key.workspace(),
                key.path(),
                title,
                said.uri().orElse(null),
                read.contentType(),
                read.text(),
                Instant.now().truncatedTo(ChronoUnit.MILLIS));
        DocumentSummary summary = DocumentSummary.of(document);
        Before before = before(key);
        Optional<DocumentSummary> same =
                before.summary().filter(old -> old.contentHash().equals(summary.contentHash()));
        if (before.isSettled() && same.isPresent()) {
            return new Kept(same.get(), Effect.UNCHANGED);
        }
        log.append(key, document, call);
        boolean created = before.isSettled() && before.summary().isEmpty();
        return new Kept(summary, created ? Effect.CREATED : Effect.REPLACED);
    }

    /** A document's own word for itself, in one line of bearable length. */
    private static String shortened(String title) {
        String line = title.replaceAll("[\\s\\p{Cntrl}]+", " ").strip();
        int end = Math.min(line.codePointCount(0, line.length()), MAX_TITLE_CHARS);
        return line.substring(0, line.offsetByCodePoints(0, end));
    }

    private static String name(DocumentKey key) {
        return key.path().substring(key.path().lastIndexOf('/') + 1);
    }

    /** What there was, and whether that is all that the log knew. */
    private record Before(Optional<DocumentSummary> summary, boolean isSettled) {}

    private Before before(DocumentKey key) {
        try {
            boolean settled = settle(key);
            return new Before(queries.summary(key), settled);
        } catch (ReadModelUnavailableException e) {
            return new Before(Optional.empty(), false);
        }
    }

    /** Waits until the read model has what the log has; returns whether it has. */
    private boolean settle(DocumentKey any) {
        DocumentLog.Place end = log.end(any);
        return Pause.until(
                LAG, LAG_PAUSE, () -> queries.hasFolded(end.partition(), end.offset()), Boolean::booleanValue);
    }

    /** The same for those who only read: where Kafka does not answer, they get what there is. */
    private void settleIfPossible(DocumentKey any) {
        try {
            boolean _ = settle(any);
        } catch (ProblemException e) {
            if (e.code() != ErrorCode.UNAVAILABLE) {
                throw e;
            }
        }
    }

    /**
     * A document with its text.
     *
     * @throws ProblemException {@code document_not_found} where there is none
     */
    public StoredDocument get(DocumentKey key) {
        settleIfPossible(key);
        return queries.document(key)
                .orElseThrow(() -> new ProblemException(
                        ErrorCode.DOCUMENT_NOT_FOUND,
                        "there is no document '" + key.path() + "' in workspace '" + key.workspace() + "'"));
    }

    /** Takes a document away; without effect where there is none. */
    public void delete(DocumentKey key, Call call) {
        log.append(key, null, call);
    }

    /**
     * A page of a workspace's documents.
     *
     * @param after what the page before it says to be next
     */
    public DocumentPage list(WorkspaceKey workspace, int limit, Optional<String> after) {
        settleIfPossible(new DocumentKey(workspace, "any"));
        return queries.documents(workspace, limit, after);
    }
}
