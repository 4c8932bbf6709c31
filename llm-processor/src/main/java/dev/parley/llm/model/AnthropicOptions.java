package dev.parley.llm.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.parley.chat.v1.GenerationOptions;
import dev.parley.chat.v1.ToolDefinition;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A request's options as members of Anthropic's JSON. Penalties, seed and reasoning effort have no counterpart there and
 * are left out.
 *
 * @see <a href="https://docs.anthropic.com/en/api/messages">Anthropic: Messages</a>
 */
final class AnthropicOptions {

    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final double MAX_TEMPERATURE = 1.0;

    private AnthropicOptions() {}

    static Map<String, Object> of(@Nullable GenerationOptions options) {
        Map<String, Object> members = new LinkedHashMap<>();
        if (options == null) {
            return members;
        }
        if (options.getTemperature() != null) {
            members.put("temperature", Math.min(MAX_TEMPERATURE, options.getTemperature()));
        }
        if (options.getTopP() != null) {
            members.put("top_p", options.getTopP());
        }
        if (!options.getStop().isEmpty()) {
            members.put("stop_sequences", options.getStop());
        }
        if (options.getUser() != null) {
            members.put("metadata", Map.of("user_id", options.getUser()));
        }
        JsonNode schema = parsed(options.getResponseFormat()).at("/json_schema/schema");
        if (schema.isObject()) {
            members.put("output_config", Map.of("format", Map.of("type", "json_schema", "schema", schema)));
        }
        if (!options.getTools().isEmpty()) {
            members.put(
                    "tools",
                    options.getTools().stream().map(AnthropicOptions::tool).toList());
            members.put("tool_choice", toolChoice(options));
        }
        return members;
    }

    private static Map<String, Object> tool(ToolDefinition tool) {
        Map<String, Object> members = new LinkedHashMap<>();
        members.put("name", tool.getName());
        if (tool.getDescription() != null) {
            members.put("description", tool.getDescription());
        }
        JsonNode parameters = parsed(tool.getParameters());
        members.put("input_schema", parameters.isObject() ? parameters : Map.of("type", "object"));
        return members;
    }

    /** OpenAI's words for it in Anthropic's. */
    private static Map<String, Object> toolChoice(GenerationOptions options) {
        JsonNode choice = parsed(options.getToolChoice());
        Map<String, Object> members = new LinkedHashMap<>();
        String function = choice.at("/function/name").asText();
        if (function.isEmpty()) {
            members.put(
                    "type",
                    switch (choice.asText()) {
                        case "required" -> "any";
                        case "none" -> "none";
                        default -> "auto";
                    });
        } else {
            members.put("type", "tool");
            members.put("name", function);
        }
        if (Boolean.FALSE.equals(options.getParallelToolCalls()) && !"none".equals(members.get("type"))) {
            members.put("disable_parallel_tool_use", true);
        }
        return members;
    }

    /** The door lets only JSON through; what came another way and is none fails the attempt. */
    private static JsonNode parsed(@Nullable String json) {
        try {
            return json == null ? MAPPER.missingNode() : MAPPER.readTree(json);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("an option is not JSON", e);
        }
    }
}
