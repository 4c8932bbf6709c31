package dev.parley.ingest.protocol.nativeapi;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.ingest.documents.Documents;
import dev.parley.ingest.http.Json;
import dev.parley.ingest.http.ProblemException;
import dev.parley.ingest.http.Request;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.keys.DocumentKey;
import dev.parley.schemas.keys.WorkspaceKey;
import dev.parley.sinks.postgres.DocumentQueries.DocumentPage;
import dev.parley.sinks.postgres.DocumentQueries.StoredDocument;
import dev.parley.sinks.postgres.DocumentSummary;
import io.javalin.http.Context;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** Calls about the knowledge of workspaces. */
final class DocumentCalls {

    private static final int MAX_URI_BYTES = 2048;
    private static final int USUAL_PAGE = 100;
    private static final int MAX_PAGE = 1000;

    private final Documents documents;

    DocumentCalls(Documents documents) {
        this.documents = documents;
    }

    void put(Context ctx, Request request) {
        DocumentKey key = request.document();
        Documents.Said said = new Documents.Said(Optional.ofNullable(ctx.contentType()), title(request), uri(request));
        Documents.Kept kept = documents.put(key, said, request.upload(Documents.MAX_UPLOAD_BYTES), request.call());
        ObjectNode view = view(kept.summary());
        switch (kept.effect()) {
            case UNCHANGED -> Json.answer(ctx, 200, view.put("unchanged", true));
            case REPLACED -> kept(ctx, request, 200, view);
            case CREATED -> kept(ctx, request, 201, view);
        }
    }

    private static void kept(Context ctx, Request request, int status, ObjectNode view) {
        ctx.header("Location", request.location());
        Json.answer(ctx, status, view);
    }

    void get(Context ctx, Request request) {
        StoredDocument document = documents.get(request.document());
        Json.answer(ctx, 200, view(document.summary()).put("text", document.text()));
    }

    void delete(Context ctx, Request request) {
        documents.delete(request.document(), request.call());
        ctx.status(204);
    }

    void list(Context ctx, Request request) {
        WorkspaceKey workspace = request.workspace();
        int limit = request.query("limit", USUAL_PAGE, 1, MAX_PAGE);
        Optional<String> after = request.query("after");
        after.filter(path -> path.indexOf('\u0000') >= 0).ifPresent(path -> {
            throw new ProblemException(
                    ErrorCode.INVALID_CURSOR, "must be the 'next' of an earlier page of documents", "after");
        });
        DocumentPage page = documents.list(workspace, limit, after);
        ObjectNode answer = Json.object();
        ArrayNode list = answer.putArray("documents");
        page.documents().forEach(document -> list.add(view(document)));
        page.next().ifPresent(next -> answer.put("next", next));
        Json.answer(ctx, 200, answer);
    }

    private static ObjectNode view(DocumentSummary summary) {
        ObjectNode json = Json.object().put("path", summary.path());
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
                    || text.codePointCount(0, text.length()) > Documents.MAX_TITLE_CHARS
                    || text.indexOf('\u0000') >= 0) {
                throw new ProblemException(
                        ErrorCode.INVALID_REQUEST,
                        "must be 1 to " + Documents.MAX_TITLE_CHARS + " characters",
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
}
