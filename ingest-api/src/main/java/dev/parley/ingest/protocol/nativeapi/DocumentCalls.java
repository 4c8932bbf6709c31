package dev.parley.ingest.protocol.nativeapi;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.chat.v1.Document;
import dev.parley.ingest.documents.DocumentLog;
import dev.parley.ingest.documents.DocumentReader;
import dev.parley.ingest.documents.ReadDocument;
import dev.parley.ingest.http.Pause;
import dev.parley.ingest.http.ProblemException;
import dev.parley.ingest.http.Request;
import dev.parley.schemas.DocumentKey;
import dev.parley.schemas.ErrorCode;
import dev.parley.sinks.postgres.ConversationQueries.ReadModelUnavailableException;
import dev.parley.sinks.postgres.DocumentQueries;
import dev.parley.sinks.postgres.DocumentQueries.DocumentPage;
import dev.parley.sinks.postgres.DocumentQueries.StoredDocument;
import dev.parley.sinks.postgres.DocumentSummary;
import io.javalin.http.Context;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;

/**
 * Calls about the knowledge of workspaces.
 *
 * <p>The log is the truth, and what is read comes from the read model, once that has come as far as the log was when it was
 * asked: so a caller reads what it wrote, and what is called unchanged is what the log says. A read model that lags for
 * longer answers with what it has; one that is away keeps nobody from writing.
 */
public final class DocumentCalls {

    static final int MAX_URI_BYTES = 2048;

    private static final int USUAL_PAGE = 100;
    private static final int MAX_PAGE = 1000;

    /** How long a reader waits for the read model to have what the log has. */
    private static final Duration LAG = Duration.ofSeconds(1);

    private static final Duration LAG_PAUSE = Duration.ofMillis(10);

    private final DocumentLog log;
    private final DocumentQueries queries;
    private final DocumentReader reader;

    public DocumentCalls(DocumentLog log, DocumentQueries queries, DocumentReader reader) {
        this.log = log;
        this.queries = queries;
        this.reader = reader;
    }

    void put(Context ctx, Request request) {
        DocumentKey key = request.document();
        Optional<String> givenTitle = title(request);
        Optional<String> uri = uri(request);
        ReadDocument read = reader.read(Optional.ofNullable(ctx.contentType()), key.path(), request.upload());
        String title = givenTitle
                .or(() -> read.title().map(DocumentCalls::shortened).filter(own -> !own.isEmpty()))
                .orElseGet(() -> name(key));
        Document document = new Document(
                key.tenant(),
                key.workspace(),
                key.path(),
                title,
                uri.orElse(null),
                read.contentType(),
                read.text(),
                Instant.now().truncatedTo(ChronoUnit.MILLIS));
        DocumentSummary summary = DocumentSummary.of(document);
        Before before = before(key);
        if (before.isSettled()
                && before.summary().filter(old -> isSame(old, summary)).isPresent()) {
            NativeApi.answer(ctx, 200, view(before.summary().orElseThrow()).put("unchanged", true));
            return;
        }
        log.append(key, document, request.call());
        ctx.header("Location", request.location());
        NativeApi.answer(ctx, before.isSettled() && before.summary().isEmpty() ? 201 : 200, view(summary));
    }

    private static boolean isSame(DocumentSummary one, DocumentSummary other) {
        return one.contentHash().equals(other.contentHash());
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
        for (long deadline = System.nanoTime() + LAG.toNanos(); !queries.hasFolded(end.partition(), end.offset()); ) {
            if (System.nanoTime() > deadline) {
                return false;
            }
            Pause.of(LAG_PAUSE);
        }
        return true;
    }

    /** The same for those who only read: where Kafka does not answer, they get what there is. */
    private void settleIfPossible(DocumentKey any) {
        try {
            settle(any);
        } catch (ProblemException e) {
            if (e.code() != ErrorCode.UNAVAILABLE) {
                throw e;
            }
        }
    }

    void get(Context ctx, Request request) {
        DocumentKey key = request.document();
        settleIfPossible(key);
        StoredDocument document = queries.document(key)
                .orElseThrow(() -> new ProblemException(
                        ErrorCode.DOCUMENT_NOT_FOUND,
                        "there is no document '" + key.path() + "' in workspace '" + key.workspace() + "'"));
        NativeApi.answer(ctx, 200, view(document.summary()).put("text", document.text()));
    }

    void delete(Context ctx, Request request) {
        log.append(request.document(), null, request.call());
        ctx.status(204);
    }

    void list(Context ctx, Request request) {
        String tenant = request.tenant();
        String workspace = request.workspace();
        int limit = request.query("limit", USUAL_PAGE, 1, MAX_PAGE);
        Optional<String> after = request.query("after");
        after.filter(path -> path.indexOf('\u0000') >= 0).ifPresent(path -> {
            throw new ProblemException(ErrorCode.INVALID_CURSOR, "is no 'next' of a list of documents", "after");
        });
        settleIfPossible(new DocumentKey(tenant, workspace, "any"));
        DocumentPage page = queries.documents(tenant, workspace, limit, after);
        ObjectNode answer = Views.MAPPER.createObjectNode();
        ArrayNode documents = answer.putArray("documents");
        page.documents().forEach(document -> documents.add(view(document)));
        page.next().ifPresent(next -> answer.put("next", next));
        NativeApi.answer(ctx, 200, answer);
    }

    static ObjectNode view(DocumentSummary summary) {
        ObjectNode json = Views.MAPPER.createObjectNode().put("path", summary.path());
        summary.title().ifPresent(title -> json.put("title", title));
        summary.uri().ifPresent(uri -> json.put("uri", uri));
        return json.put("contentType", summary.contentType())
                .put("bytes", summary.bytes())
                .put("characters", summary.characters())
                .put("updatedAt", summary.updatedAt().toString());
    }

    private static Optional<String> title(Request request) {
        Optional<String> title = request.query("title");
        title.ifPresent(text -> {
            if (text.isBlank()
                    || text.codePointCount(0, text.length()) > ConversationCalls.MAX_TITLE_CHARS
                    || text.indexOf('\u0000') >= 0) {
                throw new ProblemException(
                        ErrorCode.INVALID_REQUEST,
                        "must be 1 to " + ConversationCalls.MAX_TITLE_CHARS + " characters",
                        "title");
            }
        });
        return title;
    }

    /** A page that shows where an answer comes from makes a link of it, so it has to be one that is safe to follow. */
    private static Optional<String> uri(Request request) {
        Optional<String> uri = request.query("uri");
        uri.ifPresent(text -> {
            if (!isWebAddress(text)) {
                throw new ProblemException(
                        ErrorCode.INVALID_REQUEST,
                        "must be an address that begins with https:// or http://, of at most " + MAX_URI_BYTES
                                + " bytes",
                        "uri");
            }
        });
        return uri;
    }

    private static boolean isWebAddress(String text) {
        if (text.getBytes(StandardCharsets.UTF_8).length > MAX_URI_BYTES) {
            return false;
        }
        try {
            URI address = new URI(text);
            return address.getHost() != null
                    && ("https".equalsIgnoreCase(address.getScheme()) || "http".equalsIgnoreCase(address.getScheme()));
        } catch (URISyntaxException e) {
            return false;
        }
    }

    /** A document's own word for itself, in one line of bearable length. */
    private static String shortened(String title) {
        String line = title.replaceAll("[\\s\\p{Cntrl}]+", " ").strip();
        int end = Math.min(line.codePointCount(0, line.length()), ConversationCalls.MAX_TITLE_CHARS);
        return line.substring(0, line.offsetByCodePoints(0, end));
    }

    private static String name(DocumentKey key) {
        return key.path().substring(key.path().lastIndexOf('/') + 1);
    }
}
