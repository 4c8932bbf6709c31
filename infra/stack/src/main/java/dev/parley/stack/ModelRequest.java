package dev.parley.stack;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A chat completion request as it arrived.
 *
 * @param headers by lower-case name
 * @param body the parsed JSON
 */
public record ModelRequest(Map<String, String> headers, JsonNode body) {

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

    /** One message of the prompt, its text parts joined. */
    public record Message(String role, String text) {}

    public List<Message> messages() {
        return body.path("messages")
                .valueStream()
                .map(message -> new Message(message.path("role").asText(), text(message.path("content"))))
                .toList();
    }

    /** What the user said last, or an empty text. */
    public String lastUserText() {
        return messages().reversed().stream()
                .filter(message -> message.role().equals("user"))
                .map(Message::text)
                .findFirst()
                .orElse("");
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
