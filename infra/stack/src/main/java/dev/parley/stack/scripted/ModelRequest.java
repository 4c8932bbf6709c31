package dev.parley.stack.scripted;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A request for an answer as it arrived.
 *
 * @param api that it is one of
 * @param headers by lower-case name
 * @param body the parsed JSON
 */
public record ModelRequest(Api api, Map<String, String> headers, JsonNode body) {

    private static final String TOOL = "tool";

    public ModelRequest {
        headers = Map.copyOf(headers);
    }

    /** The header of that name, or an empty text. */
    public String header(String name) {
        return headers.getOrDefault(name.toLowerCase(Locale.ROOT), "");
    }

    public String model() {
        return body.path("model").asText("");
    }

    public boolean stream() {
        return body.path("stream").asBoolean(false);
    }

    public boolean includeUsage() {
        return body.path("stream_options").path("include_usage").asBoolean(false);
    }

    /** One message of the prompt, its text parts joined. A tool's results have the role {@code tool} in either API. */
    public record Message(String role, String text) {}

    public List<Message> messages() {
        return turns().stream()
                .map(turn -> new Message(turn.role(), turn.text()))
                .toList();
    }

    /** What the user said last, or an empty text. */
    public String lastUserText() {
        return turns().reversed().stream()
                .filter(turn -> turn.role().equals("user"))
                .map(Turn::text)
                .findFirst()
                .orElse("");
    }

    /** Whether a tool has answered and there is nothing left to call. */
    boolean isAfterTool() {
        List<Turn> turns = turns();
        return !turns.isEmpty() && turns.getLast().role().equals(TOOL);
    }

    /** The names of the tools that are offered. */
    List<String> tools() {
        return body.path("tools")
                .valueStream()
                .map(tool -> tool.has("name")
                        ? tool.path("name").asText()
                        : tool.at("/function/name").asText())
                .toList();
    }

    /**
     * One message, whatever its API calls things.
     *
     * @param calls ids of the calls that it makes
     * @param results ids of the calls that it has results of
     */
    record Turn(String role, String text, List<String> calls, List<String> results, JsonNode json) {}

    List<Turn> turns() {
        List<Turn> turns = new ArrayList<>();
        if (body.has("system")) {
            turns.add(new Turn("system", text(body.path("system")), List.of(), List.of(), body.path("system")));
        }
        body.path("messages").forEach(message -> turns.add(turn(message)));
        return turns;
    }

    private static Turn turn(JsonNode message) {
        JsonNode content = message.path("content");
        List<String> calls = Stream.concat(
                        ids(message.path("tool_calls"), "function", "id"), ids(content, "tool_use", "id"))
                .toList();
        List<String> results = Stream.concat(
                        message.path("role").asText().equals(TOOL)
                                ? Stream.of(message.path("tool_call_id").asText())
                                : Stream.empty(),
                        ids(content, "tool_result", "tool_use_id"))
                .toList();
        String role = results.isEmpty() ? message.path("role").asText() : TOOL;
        return new Turn(role, text(content), calls, results, message);
    }

    private static Stream<String> ids(JsonNode parts, String type, String name) {
        return parts.isArray()
                ? parts.valueStream()
                        .filter(part -> part.path("type").asText(type).equals(type))
                        .map(part -> part.path(name).asText())
                : Stream.empty();
    }

    private static String text(JsonNode content) {
        if (!content.isArray()) {
            return content.asText("");
        }
        StringBuilder text = new StringBuilder();
        content.forEach(part -> text.append(part.path("text").asText("")));
        return text.toString();
    }
}
