package dev.parley.ingest.protocol.openai;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.chat.v1.ToolDefinition;
import dev.parley.ingest.http.Json;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Options of a request, which are kept in the form of chat completions, told back in that of responses. */
final class RequestOptions {

    private RequestOptions() {}

    static JsonNode format(@Nullable String chatFormat) {
        JsonNode chat = parsed(chatFormat);
        if (chat == null) {
            return Json.object().put("type", "text");
        }
        ObjectNode format = Json.object().put("type", chat.path("type").asText());
        chat.path("json_schema").properties().forEach(entry -> format.set(entry.getKey(), entry.getValue()));
        return format;
    }

    static JsonNode toolChoice(@Nullable String chatChoice) {
        JsonNode chat = parsed(chatChoice);
        if (chat == null) {
            return Json.MAPPER.getNodeFactory().textNode("auto");
        }
        return chat.isTextual()
                ? chat
                : Json.object()
                        .put("type", "function")
                        .put("name", chat.at("/function/name").asText());
    }

    static ArrayNode tools(List<ToolDefinition> tools) {
        ArrayNode json = Json.MAPPER.createArrayNode();
        for (ToolDefinition tool : tools) {
            ObjectNode entry = json.addObject().put("type", "function").put("name", tool.getName());
            entry.put("description", tool.getDescription());
            entry.set("parameters", parsed(tool.getParameters()));
            entry.put("strict", tool.getStrict());
        }
        return json;
    }

    private static @Nullable JsonNode parsed(@Nullable String json) {
        try {
            return json == null ? null : Json.MAPPER.readTree(json);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("the door lets only JSON through", e);
        }
    }
}
