package dev.parley.ingest.protocol.mcp;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.ingest.door.Snapshots;
import dev.parley.ingest.http.Json;
import dev.parley.ingest.http.JsonBody;
import dev.parley.ingest.http.Request;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.sinks.json.NativeJson;
import dev.parley.sinks.postgres.ConversationSnapshot;
import dev.parley.sinks.postgres.ConversationSnapshot.Message;
import java.util.List;

/** Reads what was said in a conversation. */
final class ReadTool implements ImmediateTool {

    private static final int MAX_MESSAGES = 200;
    private static final int USUAL_LIMIT = 50;

    private static final ObjectNode DEFINITION = Tool.defined("""
            {
              "name": "read_conversation",
              "title": "Read a conversation",
              "description": "The latest messages of a conversation, oldest first, with how each answer stands.",
              "inputSchema": {
                "type": "object",
                "properties": {
                  "conversation": {"type": "string", "description": "Its id"},
                  "limit": {"type": "integer", "minimum": 1, "maximum": 200, "default": 50}
                },
                "required": ["conversation"],
                "additionalProperties": false
              },
              "outputSchema": {
                "type": "object",
                "properties": {
                  "conversation": {"type": "string"},
                  "title": {"type": "string"},
                  "workspace": {"type": "string"},
                  "earlier": {"type": "integer", "description": "How many messages come before these"},
                  "messages": {
                    "type": "array",
                    "items": {
                      "type": "object",
                      "properties": {
                        "id": {"type": "string"},
                        "role": {"type": "string"},
                        "content": {"type": "string"},
                        "status": {"type": "string"},
                        "createdAt": {"type": "string"}
                      },
                      "required": ["id", "role", "content", "status", "createdAt"]
                    }
                  }
                },
                "required": ["conversation", "workspace", "earlier", "messages"]
              },
              "annotations": {"readOnlyHint": true, "openWorldHint": false}
            }
            """);

    private final Snapshots snapshots;

    ReadTool(Snapshots snapshots) {
        this.snapshots = snapshots;
    }

    @Override
    public ObjectNode definition() {
        return DEFINITION;
    }

    @Override
    public ObjectNode call(JsonBody arguments, Request request) {
        String id = arguments
                .text("conversation", Request.ID, Request.ID_RULE)
                .orElseThrow(() -> JsonBody.required("conversation"));
        int limit =
                arguments.integer("limit", 1, MAX_MESSAGES).map(Long::intValue).orElse(USUAL_LIMIT);
        arguments.done();
        ConversationSnapshot snapshot = snapshots.get(new ConversationKey(request.tenant(), id));
        List<Message> all = snapshot.messages();
        int earlier = Math.max(0, all.size() - limit);
        ObjectNode structured = Json.object().put("conversation", id);
        snapshot.conversation().title().ifPresent(title -> structured.put("title", title));
        structured.put("workspace", snapshot.conversation().workspaceId()).put("earlier", earlier);
        ArrayNode messages = structured.putArray("messages");
        StringBuilder text = new StringBuilder();
        for (Message message : all.subList(earlier, all.size())) {
            String role = NativeJson.name(message.role());
            String status = NativeJson.name(message.status());
            messages.addObject()
                    .put("id", message.id())
                    .put("role", role)
                    .put("content", message.content())
                    .put("status", status)
                    .put("createdAt", message.createdAt().toString());
            text.append(role)
                    .append(" (")
                    .append(status)
                    .append("): ")
                    .append(message.content())
                    .append("\n\n");
        }
        return Tool.result(
                text.isEmpty() ? "Nothing was said yet." : text.toString().strip(), structured);
    }
}
