package dev.parley.ingest.protocol.mcp;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.ingest.http.Json;

/** Something that agents call. */
interface Tool {

    /** Its name, what it is for, and the schemas of what it takes and gives. */
    ObjectNode definition();

    default String name() {
        return definition().path("name").asText();
    }

    /** A definition as it is written. */
    static ObjectNode defined(String json) {
        try {
            return (ObjectNode) Json.MAPPER.readTree(json);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a constant of this program is no JSON", e);
        }
    }

    /** A result: as text for models, and as an object for programs. */
    static ObjectNode result(String text, ObjectNode structured) {
        ObjectNode result = Json.object();
        result.putArray("content").addObject().put("type", "text").put("text", text);
        result.set("structuredContent", structured);
        return result;
    }

    /** A result that says why there is none. */
    static ObjectNode failure(String text) {
        ObjectNode result = Json.object();
        result.putArray("content").addObject().put("type", "text").put("text", text);
        return result.put("isError", true);
    }
}
