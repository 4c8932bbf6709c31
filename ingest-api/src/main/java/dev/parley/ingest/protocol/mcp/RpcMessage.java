package dev.parley.ingest.protocol.mcp;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.ingest.http.Json;
import dev.parley.ingest.http.JsonBody;
import java.util.List;
import java.util.Optional;

/**
 * A message of the client's.
 *
 * @param method empty for an answer to a request, of which this server makes none
 * @param id empty for a notification
 * @param progressToken where the client wants to be told of progress
 */
record RpcMessage(Optional<String> method, Optional<JsonNode> id, JsonBody params, Optional<JsonNode> progressToken) {

    static RpcMessage of(JsonBody body) {
        if (body.oneOf("jsonrpc", List.of("2.0")).isEmpty()) {
            throw JsonBody.required("jsonrpc");
        }
        Optional<String> _ = body.textOrNumber("id");
        JsonBody params = body.object("params").orElseGet(() -> JsonBody.of(new byte[0]));
        Optional<JsonNode> progressToken = params.object("_meta").flatMap(meta -> {
            Optional<String> _ = meta.textOrNumber("progressToken");
            return value(meta, "progressToken");
        });
        return new RpcMessage(body.text("method"), value(body, "id"), params, progressToken);
    }

    /** A text or a number, to be said back as it came. */
    static Optional<JsonNode> value(JsonBody body, String name) {
        return body.json(name).map(text -> {
            try {
                return Json.MAPPER.readTree(text);
            } catch (JsonProcessingException e) {
                throw new IllegalStateException("what was read can be read again", e);
            }
        });
    }
}
