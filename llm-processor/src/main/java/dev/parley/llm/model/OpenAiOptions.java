package dev.parley.llm.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.parley.chat.v1.GenerationOptions;
import dev.parley.chat.v1.ToolDefinition;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A request's options as members of a chat completion's JSON. They go past langchain4j's own types, which would not take
 * every JSON Schema as it is.
 */
final class OpenAiOptions {

    private static final ObjectMapper MAPPER = new ObjectMapper();

    private final Map<String, Object> members = new LinkedHashMap<>();

    private OpenAiOptions() {}

    static Map<String, Object> of(@Nullable GenerationOptions options) {
        OpenAiOptions json = new OpenAiOptions();
        if (options == null) {
            return json.members;
        }
        json.put("temperature", options.getTemperature());
        json.put("top_p", options.getTopP());
        json.put("presence_penalty", options.getPresencePenalty());
        json.put("frequency_penalty", options.getFrequencyPenalty());
        // The newer max_completion_tokens is unknown to many model servers, and this to none of them.
        json.put("max_tokens", options.getMaxOutputTokens());
        json.put("seed", options.getSeed());
        json.put("stop", options.getStop().isEmpty() ? null : options.getStop());
        json.put("reasoning_effort", options.getReasoningEffort());
        json.put("user", options.getUser());
        json.put("response_format", parsed(options.getResponseFormat()));
        if (!options.getTools().isEmpty()) {
            json.put("tools", tools(options.getTools()));
            json.put("tool_choice", parsed(options.getToolChoice()));
            json.put("parallel_tool_calls", options.getParallelToolCalls());
        }
        return json.members;
    }

    private void put(String name, @Nullable Object value) {
        if (value != null) {
            members.put(name, value);
        }
    }

    private static List<Map<String, Object>> tools(List<ToolDefinition> tools) {
        return tools.stream()
                .map(tool -> {
                    OpenAiOptions function = new OpenAiOptions();
                    function.put("name", tool.getName());
                    function.put("description", tool.getDescription());
                    function.put("parameters", parsed(tool.getParameters()));
                    function.put("strict", tool.getStrict());
                    return Map.<String, Object>of("type", "function", "function", function.members);
                })
                .toList();
    }

    /** The door lets only JSON through; what came another way and is none fails the attempt. */
    private static @Nullable Object parsed(@Nullable String json) {
        try {
            return json == null ? null : MAPPER.readValue(json, Object.class);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("an option is not JSON", e);
        }
    }
}
