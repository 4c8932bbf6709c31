package dev.parley.ingest.protocol.openai;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.chat.v1.CallerPrompt;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.GenerationOptions;
import dev.parley.chat.v1.MessageAccepted;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.MessageRejected;
import dev.parley.chat.v1.ToolCall;
import dev.parley.chat.v1.ToolDefinition;
import dev.parley.chat.v1.TurnCancelled;
import dev.parley.chat.v1.TurnFailed;
import dev.parley.chat.v1.TurnStarted;
import dev.parley.chat.v1.Usage;
import dev.parley.ingest.protocol.nativeapi.Views;
import dev.parley.schemas.ErrorCode;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** OpenAI's response object, from a turn's events alone: the same from whichever of them it is made. */
final class ResponseJson {

    private final ResponseId id;
    private final ObjectNode json = Views.MAPPER.createObjectNode();

    private ResponseJson(ResponseId id) {
        this.id = id;
    }

    /**
     * The response as of the last of {@code events}.
     *
     * @param events a turn's, in order, its acceptance first
     */
    static ObjectNode of(ResponseId id, List<ConversationEvent> events) {
        ResponseJson response = new ResponseJson(id);
        events.forEach(response::take);
        return response.json;
    }

    private void take(ConversationEvent event) {
        switch (event.getBody()) {
            case MessageAccepted accepted -> asked(accepted, event.getTime());
            case TurnStarted started -> json.put("status", "in_progress");
            case MessageCompleted completed -> completed(completed);
            case TurnFailed failed ->
                failed(failed.getCode(), failed.getDetail(), failed.getContent(), failed.getUsage());
            case TurnCancelled cancelled -> {
                json.put("status", "cancelled");
                json.set("output", partial(cancelled.getContent()));
                usage(cancelled.getUsage());
            }
            case MessageRejected rejected -> failed(rejected.getCode(), rejected.getDetail(), "", null);
            default -> {} // Nothing that a response shows.
        }
    }

    /** The name by which that engine or route can be asked for. */
    private static String model(MessageAccepted accepted) {
        if (accepted.getEngine() != null) {
            return accepted.getEngine();
        }
        return accepted.getIntent() == null ? Models.DEFAULT : accepted.getIntent();
    }

    private void asked(MessageAccepted accepted, Instant time) {
        CallerPrompt prompt = accepted.getPrompt();
        GenerationOptions options =
                prompt == null ? GenerationOptions.newBuilder().build() : prompt.getOptions();
        boolean background = accepted.getMetadata().containsKey(ResponseRequest.BACKGROUND);
        json.put("id", id.toString())
                .put("object", "response")
                .put("created_at", time.getEpochSecond())
                .put("status", "queued")
                .put("background", background)
                .putNull("error")
                .putNull("incomplete_details")
                .put("instructions", options.getInstructions())
                .put("max_output_tokens", options.getMaxOutputTokens())
                .put("model", model(accepted));
        json.putArray("output");
        json.put("parallel_tool_calls", !Boolean.FALSE.equals(options.getParallelToolCalls()));
        json.put("previous_response_id", accepted.getMetadata().get(ResponseRequest.PREVIOUS));
        json.putObject("conversation").put("id", id.conversation());
        json.putObject("reasoning").put("effort", options.getReasoningEffort()).putNull("summary");
        json.put("store", !"false".equals(accepted.getMetadata().get(ChatCompletionRequest.RESERVED + "store")))
                .put("service_tier", "default")
                .put("temperature", options.getTemperature() == null ? 1.0 : options.getTemperature())
                .put("top_p", options.getTopP() == null ? 1.0 : options.getTopP())
                .put("truncation", "auto")
                .put("user", options.getUser());
        json.putObject("text").set("format", format(options.getResponseFormat()));
        json.set("tool_choice", toolChoice(options.getToolChoice()));
        json.set("tools", tools(options.getTools()));
        json.putNull("usage");
        ObjectNode metadata = json.putObject("metadata");
        accepted.getMetadata().forEach((key, value) -> {
            if (!key.startsWith(ChatCompletionRequest.RESERVED)) {
                metadata.put(key, value);
            }
        });
    }

    private void completed(MessageCompleted completed) {
        String cut = switch (completed.getFinishReason()) {
            case "length" -> "max_output_tokens";
            case "content_filter" -> "content_filter";
            default -> null;
        };
        json.put("status", cut == null ? "completed" : "incomplete");
        if (cut != null) {
            json.putObject("incomplete_details").put("reason", cut);
        }
        json.put("model", completed.getAttempt().getModel());
        ArrayNode output = Views.MAPPER.createArrayNode();
        if (completed.getReasoning() != null) {
            output.add(reasoningItem(id, completed.getReasoning(), "completed"));
        }
        // What is cut off is the last item; words before a call are whole.
        String status = cut == null || !completed.getToolCalls().isEmpty() ? "completed" : "incomplete";
        if (!completed.getContent().isEmpty() || completed.getToolCalls().isEmpty()) {
            output.add(messageItem(id, Optional.of(completed.getContent()), status));
        }
        int index = 0;
        for (ToolCall call : completed.getToolCalls()) {
            output.add(callItem(id, index++, call, Optional.of(call.getArguments()), "completed"));
        }
        json.set("output", output);
        usage(completed.getUsage());
    }

    private void failed(String code, String detail, String content, @Nullable Usage usage) {
        json.put("status", "failed");
        json.putObject("error").put("code", openAiCode(code)).put("message", detail);
        json.set("output", partial(content));
        usage(usage);
    }

    /** OpenAI's own codes for these are two; everything else is told by its own name. */
    private static String openAiCode(String code) {
        Optional<ErrorCode> known = ErrorCode.ofWire(code);
        if (known.isPresent() && known.get() == ErrorCode.ENGINE_RATE_LIMITED) {
            return "rate_limit_exceeded";
        }
        return code;
    }

    private ArrayNode partial(String content) {
        ArrayNode output = Views.MAPPER.createArrayNode();
        if (!content.isEmpty()) {
            output.add(messageItem(id, Optional.of(content), "incomplete"));
        }
        return output;
    }

    private void usage(@Nullable Usage usage) {
        if (usage == null) {
            return;
        }
        ObjectNode used = json.putObject("usage").put("input_tokens", usage.getInputTokens());
        used.putObject("input_tokens_details").put("cached_tokens", 0).put("cache_write_tokens", 0);
        used.put("output_tokens", usage.getOutputTokens());
        used.putObject("output_tokens_details").put("reasoning_tokens", 0);
        used.put("total_tokens", usage.getInputTokens() + usage.getOutputTokens());
    }

    // Items, whole and in the making

    /** A message; without text one that has just begun. */
    static ObjectNode messageItem(ResponseId id, Optional<String> text, String status) {
        ObjectNode item = Views.MAPPER
                .createObjectNode()
                .put("id", id.messageItem())
                .put("type", "message")
                .put("status", status)
                .put("role", "assistant");
        ArrayNode content = item.putArray("content");
        text.ifPresent(whole -> content.add(textPart(whole)));
        return item;
    }

    static ObjectNode textPart(String text) {
        ObjectNode part =
                Views.MAPPER.createObjectNode().put("type", "output_text").put("text", text);
        part.putArray("annotations");
        part.putArray("logprobs");
        return part;
    }

    /** A model's thoughts; empty ones have just begun. */
    static ObjectNode reasoningItem(ResponseId id, String thoughts, String status) {
        ObjectNode item = Views.MAPPER
                .createObjectNode()
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
        return Views.MAPPER.createObjectNode().put("type", "summary_text").put("text", text);
    }

    static ObjectNode callItem(ResponseId id, int index, ToolCall call, Optional<String> arguments, String status) {
        return Views.MAPPER
                .createObjectNode()
                .put("id", id.callItem(index))
                .put("type", "function_call")
                .put("status", status)
                .put("call_id", call.getId())
                .put("name", call.getName())
                .put("arguments", arguments.orElse(""));
    }

    // The request, told back

    private static JsonNode format(@Nullable String chatFormat) {
        JsonNode chat = parsed(chatFormat);
        if (chat == null) {
            return Views.MAPPER.createObjectNode().put("type", "text");
        }
        ObjectNode format =
                Views.MAPPER.createObjectNode().put("type", chat.path("type").asText());
        chat.path("json_schema").properties().forEach(entry -> format.set(entry.getKey(), entry.getValue()));
        return format;
    }

    private static JsonNode toolChoice(@Nullable String chatChoice) {
        JsonNode chat = parsed(chatChoice);
        if (chat == null) {
            return Views.MAPPER.getNodeFactory().textNode("auto");
        }
        return chat.isTextual()
                ? chat
                : Views.MAPPER
                        .createObjectNode()
                        .put("type", "function")
                        .put("name", chat.at("/function/name").asText());
    }

    private static ArrayNode tools(List<ToolDefinition> tools) {
        ArrayNode json = Views.MAPPER.createArrayNode();
        for (ToolDefinition tool : tools) {
            ObjectNode entry = json.addObject().put("type", "function").put("name", tool.getName());
            entry.put("description", tool.getDescription());
            entry.set("parameters", parsed(tool.getParameters()));
            entry.put("strict", tool.getStrict());
        }
        return json;
    }

    private static @Nullable JsonNode parsed(@Nullable String json) {
        try {
            return json == null ? null : Views.MAPPER.readTree(json);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("the door lets only JSON through", e);
        }
    }
}
