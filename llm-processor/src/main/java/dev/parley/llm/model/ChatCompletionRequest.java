package dev.parley.llm.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.chat.v1.Attachment;
import dev.parley.chat.v1.GenerationOptions;
import dev.parley.chat.v1.GenerationRequest;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.ToolCall;
import dev.parley.chat.v1.ToolDefinition;
import dev.parley.llm.model.History.Part;
import dev.parley.schemas.files.Attachments;
import dev.parley.schemas.files.Shown;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A request as OpenAI's chat completions have it, in a server's dialect of them.
 *
 * @param json the request's body
 * @param leftOut parameters that the caller asked for and the dialect leaves out
 * @see <a href="https://platform.openai.com/docs/api-reference/chat/create">OpenAI: Create chat completion</a>
 */
record ChatCompletionRequest(ObjectNode json, List<String> leftOut) {

    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final String NO_OUTPUT = "(no output)";

    /** Servers want a file to have a name. */
    private static final String UNNAMED = "file";

    /**
     * A request in {@code dialect}.
     *
     * @throws IllegalArgumentException where an option is not JSON, which the door lets through nowhere
     */
    static ChatCompletionRequest of(GenerationRequest request, String model, LearnedDialect dialect) {
        ObjectNode json = MAPPER.createObjectNode().put("model", model);
        json.set("messages", messages(history(request, model, dialect), dialect));
        json.put("stream", true);
        if (dialect.sendsStreamOptions()) {
            json.putObject("stream_options").put("include_usage", true);
        }
        GenerationOptions options = request.getOptions();
        if (options != null) {
            options(options, dialect, json);
        }
        List<String> leftOut = new ArrayList<>();
        for (String parameter : dialect.leaveOut()) {
            if (json.remove(parameter) != null) {
                leftOut.add(parameter);
            }
        }
        return new ChatCompletionRequest(json, leftOut);
    }

    byte[] bytes() {
        try {
            return MAPPER.writeValueAsBytes(json);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("a request is not JSON", e);
        }
    }

    private static List<Part> history(GenerationRequest request, String model, LearnedDialect dialect) {
        List<PromptMessage> messages = Prefill.messages(request);
        if (dialect.withoutInstructions()) {
            messages = messages.stream()
                    .map(message -> message.getRole() == Role.SYSTEM
                            ? PromptMessage.newBuilder(message)
                                    .setRole(Role.USER)
                                    .build()
                            : message)
                    .toList();
        }
        return History.of(messages, dialect.instructionsFirst(), model);
    }

    private static ArrayNode messages(List<Part> parts, LearnedDialect dialect) {
        ArrayNode messages = MAPPER.createArrayNode();
        boolean afterTools = false;
        for (Part part : parts) {
            switch (part) {
                case Part.Instructions(String text) -> message(messages, dialect.instructionsRole(), text);
                case Part.User user -> {
                    if (afterTools && dialect.answersBetween()) {
                        message(messages, "assistant", History.NOTHING);
                    }
                    user(messages, user);
                    afterTools = false;
                }
                case Part.Assistant assistant -> {
                    assistant(messages, assistant, dialect.ids());
                    afterTools = !assistant.calls().isEmpty();
                }
            }
        }
        return messages;
    }

    private static void message(ArrayNode messages, String role, String text) {
        messages.addObject().put("role", role).put("content", text);
    }

    /** Words alone are a text, which all servers take; with pictures and files among them they are parts. */
    private static void user(ArrayNode messages, Part.User user) {
        if (user.attachments().isEmpty()) {
            message(messages, "user", user.text());
            return;
        }
        ArrayNode parts = messages.addObject().put("role", "user").putArray("content");
        for (Shown piece : user.pieces()) {
            switch (piece) {
                case Shown.Words(String text) ->
                    parts.addObject().put("type", "text").put("text", text);
                case Shown.File(Attachment attachment) -> attachment(parts.addObject(), attachment);
            }
        }
    }

    /** {@code image_url}, or {@code file}, of which only the content has a form here. */
    private static void attachment(ObjectNode part, Attachment attachment) {
        if (Attachments.isImage(attachment)) {
            ObjectNode image =
                    part.put("type", "image_url").putObject("image_url").put("url", attachment.getUri());
            if (attachment.getDetail() != null) {
                image.put("detail", attachment.getDetail());
            }
        } else {
            part.put("type", "file")
                    .putObject("file")
                    .put("filename", attachment.getName() == null ? UNNAMED : attachment.getName())
                    .put("file_data", attachment.getUri());
        }
    }

    private static void assistant(ArrayNode messages, Part.Assistant assistant, ToolCallIds ids) {
        ObjectNode message = messages.addObject().put("role", "assistant");
        JsonNode parts = assistant.extras().path("content");
        if (parts.isArray()) {
            // What was said as parts that are signed goes back as parts.
            ArrayNode content = message.putArray("content");
            parts.forEach(content::add);
            if (!assistant.text().isBlank()) {
                content.addObject().put("type", "text").put("text", assistant.text());
            }
        } else if (assistant.text().isBlank()) {
            message.putNull("content");
        } else {
            message.put("content", assistant.text());
        }
        Extras.addTo(message, assistant.extras());
        if (assistant.calls().isEmpty()) {
            return;
        }
        ArrayNode calls = message.putArray("tool_calls");
        for (ToolCall call : assistant.calls()) {
            ObjectNode json = calls.addObject().put("id", ids.of(call.getId())).put("type", "function");
            json.putObject("function")
                    .put("name", call.getName())
                    .put("arguments", call.getArguments().isBlank() ? "{}" : call.getArguments());
            Extras.addTo(json, Extras.ofCall(assistant.extras(), calls.size() - 1));
        }
        assistant
                .results()
                .forEach((id, result) -> messages.addObject()
                        .put("role", "tool")
                        .put("tool_call_id", ids.of(id))
                        .put("content", result.isBlank() ? NO_OUTPUT : result));
    }

    private static void options(GenerationOptions options, LearnedDialect dialect, ObjectNode json) {
        put(json, "temperature", options.getTemperature());
        put(json, "top_p", options.getTopP());
        put(json, "presence_penalty", options.getPresencePenalty());
        put(json, "frequency_penalty", options.getFrequencyPenalty());
        put(json, dialect.tokenLimit(options.getMaxCompletionTokens()), options.getMaxOutputTokens());
        put(json, "seed", options.getSeed());
        put(json, "stop", options.getStop().isEmpty() ? null : options.getStop());
        put(json, "reasoning_effort", options.getReasoningEffort());
        put(json, "user", options.getUser());
        put(json, "response_format", parsed(options.getResponseFormat()));
        JsonNode extra = parsed(options.getExtraParameters());
        if (extra != null) {
            extra.properties().forEach(parameter -> json.set(parameter.getKey(), parameter.getValue()));
        }
        if (!options.getTools().isEmpty()) {
            ArrayNode tools = json.putArray("tools");
            options.getTools().forEach(tool -> tools.add(tool(tool)));
            put(json, "tool_choice", parsed(options.getToolChoice()));
            put(json, "parallel_tool_calls", options.getParallelToolCalls());
        }
    }

    private static ObjectNode tool(ToolDefinition tool) {
        ObjectNode json = MAPPER.createObjectNode().put("type", "function");
        ObjectNode function = json.putObject("function").put("name", tool.getName());
        put(function, "description", tool.getDescription());
        put(function, "parameters", parsed(tool.getParameters()));
        put(function, "strict", tool.getStrict());
        return json;
    }

    private static void put(ObjectNode json, String name, @Nullable Object value) {
        if (value != null) {
            json.set(name, MAPPER.valueToTree(value));
        }
    }

    static @Nullable JsonNode parsed(@Nullable String json) {
        try {
            return json == null ? null : MAPPER.readTree(json);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("an option of the request is not JSON", e);
        }
    }
}
