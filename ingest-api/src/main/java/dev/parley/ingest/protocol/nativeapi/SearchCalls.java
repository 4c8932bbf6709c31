package dev.parley.ingest.protocol.nativeapi;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.chat.v1.Passage;
import dev.parley.chat.v1.Source;
import dev.parley.ingest.http.Json;
import dev.parley.ingest.http.JsonBody;
import dev.parley.ingest.http.Request;
import dev.parley.ingest.search.Searches;
import dev.parley.schemas.keys.WorkspaceKey;
import io.javalin.http.Context;
import java.util.List;

/** Looks into the knowledge of a workspace without a conversation. */
final class SearchCalls {

    static final int MAX_QUERY_CHARS = 4_000;

    private static final int USUAL_LIMIT = 5;

    private final Searches searches;

    SearchCalls(Searches searches) {
        this.searches = searches;
    }

    void search(Context ctx, Request request) {
        WorkspaceKey workspace = request.workspace();
        JsonBody body = request.body();
        String query = body.shortText("query", MAX_QUERY_CHARS).orElseThrow(() -> JsonBody.required("query"));
        int limit = body.integer("k", 1, Searches.MAX_LIMIT).map(Long::intValue).orElse(USUAL_LIMIT);
        body.done();
        List<Passage> found = request.waiting(() -> searches.find(workspace, query, limit, request.call()));
        ObjectNode answer = Json.object();
        ArrayNode results = answer.putArray("results");
        found.forEach(passage -> results.add(view(passage)));
        Json.answer(ctx, 200, answer);
    }

    private static ObjectNode view(Passage passage) {
        Source source = passage.getSource();
        ObjectNode json = Json.object().put("sourceId", source.getSourceId()).put("title", source.getTitle());
        if (source.getUri() != null) {
            json.put("uri", source.getUri());
        }
        return json.put("score", source.getScore()).put("text", passage.getText());
    }
}
