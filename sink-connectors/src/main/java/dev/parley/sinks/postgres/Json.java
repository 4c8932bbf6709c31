package dev.parley.sinks.postgres;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.Source;
import dev.parley.chat.v1.ToolCall;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What columns of JSON hold. As Postgres cannot keep U+0000 in them, U+FFFD stands in its place. */
final class Json {

    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final String NONE = "[]";

    private Json() {}

    static String of(Map<String, String> map) {
        ObjectNode json = MAPPER.createObjectNode();
        map.forEach((key, value) -> json.put(ExactText.readable(key), ExactText.readable(value)));
        return json.toString();
    }

    static String ofSources(List<Source> sources) {
        if (sources.isEmpty()) {
            return NONE;
        }
        ArrayNode json = MAPPER.createArrayNode();
        for (Source source : sources) {
            ObjectNode entry = json.addObject();
            entry.put("sourceId", ExactText.readable(source.getSourceId()));
            entry.put("title", ExactText.readable(source.getTitle()));
            if (source.getUri() != null) {
                entry.put("uri", ExactText.readable(source.getUri()));
            }
            entry.put("score", source.getScore());
        }
        return json.toString();
    }

    static String ofMessages(List<PromptMessage> messages) {
        if (messages.isEmpty()) {
            return NONE;
        }
        ArrayNode json = MAPPER.createArrayNode();
        for (PromptMessage message : messages) {
            ObjectNode entry = json.addObject()
                    .put("role", message.getRole().name().toLowerCase(Locale.ROOT))
                    .put("content", ExactText.readable(message.getContent()));
            if (!message.getToolCalls().isEmpty()) {
                entry.set("toolCalls", calls(message.getToolCalls()));
            }
            if (message.getToolCallId() != null) {
                entry.put("toolCallId", ExactText.readable(message.getToolCallId()));
            }
        }
        return json.toString();
    }

    static String ofCalls(List<ToolCall> calls) {
        return calls.isEmpty() ? NONE : calls(calls).toString();
    }

    private static ArrayNode calls(List<ToolCall> calls) {
        ArrayNode json = MAPPER.createArrayNode();
        for (ToolCall call : calls) {
            json.addObject()
                    .put("id", ExactText.readable(call.getId()))
                    .put("name", ExactText.readable(call.getName()))
                    .put("arguments", ExactText.readable(call.getArguments()));
        }
        return json;
    }
}
