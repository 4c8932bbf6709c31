package dev.parley.llm.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.chat.v1.Attachment;
import dev.parley.chat.v1.GenerationOptions;
import dev.parley.chat.v1.GenerationRequest;
import dev.parley.chat.v1.ToolCall;
import dev.parley.chat.v1.ToolDefinition;
import dev.parley.llm.model.History.Part;
import dev.parley.schemas.files.Attachments;
import dev.parley.schemas.files.Shown;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A request as Anthropic's messages have it. Penalties, seed and reasoning effort have no counterpart there and are left out; so
 * are parameters of other servers' own.
 *
 * @param json the request's body
 * @param leftOut parameters that the caller asked for and the engine's configuration leaves out, or this protocol has no word for
 * @see <a href="https://docs.anthropic.com/en/api/messages">Anthropic: Messages</a>
 */
record MessagesRequest(ObjectNode json, List<String> leftOut) {

    private static final ObjectMapper MAPPER = new ObjectMapper();

    /** Anthropic wants to be told a limit. */
    private static final int DEFAULT_MAX_TOKENS = 4096;

    private static final double MAX_TEMPERATURE = 1.0;

    /** Of the parameters that callers send along, those that mean the same here. */
    private static final Set<String> SHARED = Set.of("top_k", "thinking");

    /**
     * A request.
     *
     * @param leaveOut parameters not to be sent
     * @throws IllegalArgumentException where an option is not JSON, which the door lets through nowhere
     */
    static MessagesRequest of(GenerationRequest request, String model, List<String> leaveOut) {
        GenerationOptions options = request.getOptions();
        Integer limit = options == null ? null : options.getMaxOutputTokens();
        List<Part> parts = History.of(Prefill.messages(request), true, model);
        ObjectNode json = MAPPER.createObjectNode()
                .put("model", model)
                .put("max_tokens", limit == null ? DEFAULT_MAX_TOKENS : limit)
                .put("stream", true);
        if (parts.getFirst() instanceof Part.Instructions(String instructions)) {
            text(json.putArray("system"), instructions);
        }
        json.set("messages", messages(parts));
        List<String> leftOut = new ArrayList<>();
        if (options != null) {
            options(options, json);
            parsed(options.getExtraParameters()).properties().forEach(parameter -> {
                if (SHARED.contains(parameter.getKey())) {
                    json.set(parameter.getKey(), parameter.getValue());
                } else {
                    leftOut.add(parameter.getKey());
                }
            });
        }
        for (String parameter : leaveOut) {
            if (json.remove(parameter) != null) {
                leftOut.add(parameter);
            }
        }
        return new MessagesRequest(json, leftOut);
    }

    byte[] bytes() {
        try {
            return MAPPER.writeValueAsBytes(json);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("a request is not JSON", e);
        }
    }

    /** Results of tools are the user's to tell, before anything else in the same message. */
    private static ArrayNode messages(List<Part> parts) {
        ArrayNode messages = MAPPER.createArrayNode();
        for (int i = 0; i < parts.size(); i++) {
            switch (parts.get(i)) {
                case Part.Instructions instructions -> {}
                case Part.User user -> user(content(messages, "user"), user);
                case Part.Assistant(String text, List<ToolCall> calls, var results, JsonNode extras) -> {
                    ArrayNode content = content(messages, "assistant");
                    // Before what came of it, as it was thought.
                    extras.path("thinking").forEach(content::add);
                    boolean last = i == parts.size() - 1 && calls.isEmpty();
                    if (!text.isBlank()) {
                        // What an answer is to begin with may not end with a blank.
                        text(content, last ? text.stripTrailing() : text);
                    }
                    calls.forEach(call -> content.addObject()
                            .put("type", "tool_use")
                            .put("id", ToolCallIds.ANTHROPIC.of(call.getId()))
                            .put("name", call.getName())
                            .set("input", input(call.getArguments())));
                    results.forEach((id, result) -> result(content(messages, "user"), id, result));
                }
            }
        }
        return messages;
    }

    private static ArrayNode content(ArrayNode messages, String role) {
        JsonNode last = messages.isEmpty() ? MAPPER.missingNode() : messages.get(messages.size() - 1);
        return last.path("role").asText().equals(role)
                ? (ArrayNode) last.path("content")
                : messages.addObject().put("role", role).putArray("content");
    }

    private static void user(ArrayNode content, Part.User user) {
        for (Shown piece : user.pieces()) {
            switch (piece) {
                case Shown.Words(String text) -> text(content, text);
                case Shown.File(Attachment attachment) -> attachment(content.addObject(), attachment);
            }
        }
    }

    /** {@code image}, or {@code document}: PDF as it is, all other files as the text that they are. */
    private static void attachment(ObjectNode block, Attachment attachment) {
        block.put("type", Attachments.isImage(attachment) ? "image" : "document");
        ObjectNode source = block.putObject("source");
        Optional<DataUrl> data = DataUrl.parse(String.valueOf(attachment.getUri()));
        if (data.isEmpty()) {
            source.put("type", "url").put("url", attachment.getUri());
        } else if (Attachments.isText(attachment)) {
            source.put("type", "text")
                    .put("media_type", "text/plain")
                    .put("data", data.get().text());
        } else {
            source.put("type", "base64")
                    .put("media_type", data.get().mediaType())
                    .put("data", data.get().base64());
        }
        if (!Attachments.isImage(attachment) && attachment.getName() != null) {
            block.put("title", attachment.getName());
        }
    }

    private static void text(ArrayNode content, String text) {
        content.addObject().put("type", "text").put("text", text);
    }

    private static void result(ArrayNode content, String id, String result) {
        ObjectNode block =
                content.addObject().put("type", "tool_result").put("tool_use_id", ToolCallIds.ANTHROPIC.of(id));
        if (!result.isBlank()) {
            block.put("content", result);
        }
    }

    /** Arguments are an object here; what is none, as a model wrote it, is the only member of one. */
    private static JsonNode input(String arguments) {
        try {
            JsonNode input = MAPPER.readTree(arguments.isBlank() ? "{}" : arguments);
            if (input.isObject()) {
                return input;
            }
        } catch (JsonProcessingException e) {
            // As it was written, then.
        }
        return MAPPER.createObjectNode().put("arguments", arguments);
    }

    private static void options(GenerationOptions options, ObjectNode json) {
        if (options.getTemperature() != null) {
            json.put("temperature", Math.min(MAX_TEMPERATURE, options.getTemperature()));
        }
        if (options.getTopP() != null) {
            json.put("top_p", options.getTopP());
        }
        if (!options.getStop().isEmpty()) {
            options.getStop().forEach(json.putArray("stop_sequences")::add);
        }
        if (options.getUser() != null) {
            json.putObject("metadata").put("user_id", options.getUser());
        }
        JsonNode schema = parsed(options.getResponseFormat()).at("/json_schema/schema");
        if (schema.isObject()) {
            json.putObject("output_config")
                    .putObject("format")
                    .put("type", "json_schema")
                    .set("schema", schema);
        }
        if (!options.getTools().isEmpty()) {
            ArrayNode tools = json.putArray("tools");
            options.getTools().forEach(tool -> tools.add(tool(tool)));
            json.set("tool_choice", toolChoice(options));
        }
    }

    private static ObjectNode tool(ToolDefinition tool) {
        ObjectNode json = MAPPER.createObjectNode().put("name", tool.getName());
        if (tool.getDescription() != null) {
            json.put("description", tool.getDescription());
        }
        JsonNode parameters = parsed(tool.getParameters());
        json.set(
                "input_schema",
                parameters.isObject() ? parameters : MAPPER.createObjectNode().put("type", "object"));
        return json;
    }

    /** OpenAI's words for it in Anthropic's. */
    private static ObjectNode toolChoice(GenerationOptions options) {
        JsonNode choice = parsed(options.getToolChoice());
        ObjectNode json = MAPPER.createObjectNode();
        String function = choice.at("/function/name").asText();
        if (function.isEmpty()) {
            json.put(
                    "type",
                    switch (choice.asText()) {
                        case "required" -> "any";
                        case "none" -> "none";
                        default -> "auto";
                    });
        } else {
            json.put("type", "tool").put("name", function);
        }
        if (Boolean.FALSE.equals(options.getParallelToolCalls())
                && !json.path("type").asText().equals("none")) {
            json.put("disable_parallel_tool_use", true);
        }
        return json;
    }

    private static JsonNode parsed(@Nullable String json) {
        JsonNode parsed = ChatCompletionRequest.parsed(json);
        return parsed == null ? MAPPER.missingNode() : parsed;
    }
}
