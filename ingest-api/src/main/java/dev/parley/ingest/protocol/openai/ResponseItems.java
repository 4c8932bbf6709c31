package dev.parley.ingest.protocol.openai;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.chat.v1.ToolCall;
import dev.parley.ingest.http.Json;
import dev.parley.sinks.json.Said;
import java.util.Optional;

/** The items of a response's output, whole and in the making. */
final class ResponseItems {

    private ResponseItems() {}

    /** A message; without text one that has just begun. */
    static ObjectNode message(ResponseId id, Optional<Said> said, String status) {
        ObjectNode item = Json.object()
                .put("id", id.messageItem())
                .put("type", "message")
                .put("status", status)
                .put("role", "assistant");
        ArrayNode content = item.putArray("content");
        said.ifPresent(whole -> {
            if (!whole.text().isEmpty() || whole.refusal().isEmpty()) {
                content.add(textPart(whole.text()));
            }
            whole.refusal().ifPresent(words -> content.add(refusalPart(words)));
        });
        return item;
    }

    static ObjectNode refusalPart(String words) {
        return Json.object().put("type", "refusal").put("refusal", words);
    }

    static ObjectNode textPart(String text) {
        ObjectNode part = Json.object().put("type", "output_text").put("text", text);
        part.putArray("annotations");
        part.putArray("logprobs");
        return part;
    }

    /** A model's thoughts; empty ones have just begun. */
    static ObjectNode reasoning(ResponseId id, String thoughts, String status) {
        ObjectNode item = Json.object()
                .put("id", id.reasoningItem())
                .put("type", "reasoning")
                .put("status", status);
        ArrayNode summary = item.putArray("summary");
        if (!thoughts.isEmpty()) {
            summary.add(summaryPart(thoughts));
        }
        return item;
    }

    static ObjectNode summaryPart(String text) {
        return Json.object().put("type", "summary_text").put("text", text);
    }

    static ObjectNode call(ResponseId id, int index, ToolCall call, Optional<String> arguments, String status) {
        return Json.object()
                .put("id", id.callItem(index))
                .put("type", "function_call")
                .put("status", status)
                .put("call_id", call.getId())
                .put("name", call.getName())
                .put("arguments", arguments.orElse(""));
    }
}
