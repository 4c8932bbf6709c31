package dev.parley.ingest.protocol.mcp;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.chat.v1.Passage;
import dev.parley.chat.v1.Source;
import dev.parley.ingest.http.Json;
import dev.parley.ingest.http.JsonBody;
import dev.parley.ingest.http.Request;
import dev.parley.ingest.search.Searches;
import dev.parley.schemas.keys.WorkspaceKey;
import java.util.List;

/** Finds passages in a workspace's documents. */
final class SearchTool implements ImmediateTool {

    private static final int MAX_QUERY_CHARS = 4_000;
    private static final int USUAL_LIMIT = 5;

    private static final ObjectNode DEFINITION = Tool.defined("""
            {
              "name": "search_workspace",
              "title": "Search documents",
              "description": "Finds the passages of a workspace's documents that bear on a query, best first.",
              "inputSchema": {
                "type": "object",
                "properties": {
                  "query": {"type": "string", "minLength": 1, "description": "What to look for, in words"},
                  "workspace": {"type": "string", "description": "Whose documents; left out, the usual ones"},
                  "limit": {"type": "integer", "minimum": 1, "maximum": 50, "default": 5}
                },
                "required": ["query"],
                "additionalProperties": false
              },
              "outputSchema": {
                "type": "object",
                "properties": {
                  "results": {
                    "type": "array",
                    "items": {
                      "type": "object",
                      "properties": {
                        "sourceId": {"type": "string"},
                        "title": {"type": "string"},
                        "uri": {"type": "string"},
                        "score": {"type": "number"},
                        "text": {"type": "string"}
                      },
                      "required": ["sourceId", "title", "score", "text"]
                    }
                  }
                },
                "required": ["results"]
              },
              "annotations": {"readOnlyHint": true, "openWorldHint": false}
            }
            """);

    private final Searches searches;
    private final String defaultWorkspace;

    SearchTool(Searches searches, String defaultWorkspace) {
        this.searches = searches;
        this.defaultWorkspace = defaultWorkspace;
    }

    @Override
    public ObjectNode definition() {
        return DEFINITION;
    }

    @Override
    public ObjectNode call(JsonBody arguments, Request request) {
        String query = arguments.shortText("query", MAX_QUERY_CHARS).orElseThrow(() -> JsonBody.required("query"));
        String workspace =
                arguments.text("workspace", Request.ID, Request.ID_RULE).orElse(defaultWorkspace);
        int limit = arguments
                .integer("limit", 1, Searches.MAX_LIMIT)
                .map(Long::intValue)
                .orElse(USUAL_LIMIT);
        arguments.done();
        WorkspaceKey key = new WorkspaceKey(request.tenant(), workspace);
        List<Passage> found = request.waiting(() -> searches.find(key, query, limit, request.call()));
        ObjectNode structured = Json.object();
        ArrayNode results = structured.putArray("results");
        StringBuilder text = new StringBuilder();
        for (Passage passage : found) {
            Source source = passage.getSource();
            ObjectNode result =
                    results.addObject().put("sourceId", source.getSourceId()).put("title", source.getTitle());
            text.append("## ").append(source.getTitle()).append('\n');
            if (source.getUri() != null) {
                result.put("uri", source.getUri());
                text.append(source.getUri()).append('\n');
            }
            result.put("score", source.getScore()).put("text", passage.getText());
            text.append('\n').append(passage.getText()).append("\n\n");
        }
        return Tool.result(
                text.isEmpty() ? "Nothing was found." : text.toString().strip(), structured);
    }
}
