package dev.parley.ingest.protocol.anthropic;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.ToolCall;
import dev.parley.chat.v1.Upstream;
import dev.parley.chat.v1.UsageDetails;
import dev.parley.ingest.answer.UpstreamMember;
import dev.parley.ingest.http.Json;
import dev.parley.sinks.json.NativeJson;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The objects that {@code /v1/messages} answers with, with all members that the types of Anthropic's clients have. */
final class MessageJson {

    private static final ObjectReader ONE_VALUE =
            Json.MAPPER.reader().with(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private MessageJson() {}

    /** A whole answer. */
    static ObjectNode whole(AnswerId id, MessageCompleted completed) {
        ObjectNode json = head(id, completed.getAttempt().getModel());
        ArrayNode content = json.putArray("content");
        Optional<String> thoughts =
                Optional.ofNullable(completed.getReasoning()).filter(words -> !words.isEmpty());
        thoughts.ifPresent(words -> content.add(thinking(words, id.text())));
        int before = beforeCalls(completed);
        addText(content, completed.getContent().substring(0, before));
        completed.getToolCalls().forEach(call -> content.add(toolUse(call.getId(), call.getName(), input(call))));
        addText(content, completed.getContent().substring(before));
        if (thoughts.isEmpty() && completed.getExtras() != null) {
            content.add(redacted(id));
        }
        end(json, completed);
        json.putNull("diagnostics");
        json.set("usage", wholeUsage(usage(completed)));
        UpstreamMember.addTo(json, StopReasons.own(completed), completed.getUpstream());
        return json;
    }

    /** How much of the text is told before the calls. */
    private static int beforeCalls(MessageCompleted completed) {
        int all = completed.getContent().length();
        Upstream upstream = completed.getUpstream();
        Integer before = upstream == null || completed.getToolCalls().isEmpty() ? null : upstream.getTextBeforeCalls();
        return before == null ? all : Math.min(before, all);
    }

    private static void addText(ArrayNode content, String text) {
        if (!text.isEmpty()) {
            content.add(text(text));
        }
    }

    /**
     * A message that has just begun.
     *
     * @param inputTokens as estimated: the end has what was counted
     */
    static ObjectNode begun(AnswerId id, String model, int inputTokens) {
        ObjectNode json = head(id, model);
        json.putArray("content");
        json.putNull("stop_reason");
        json.putNull("stop_sequence");
        json.putNull("stop_details");
        json.putNull("container");
        json.putNull("diagnostics");
        json.set("usage", wholeUsage(usage(inputTokens, 0, null)));
        return json;
    }

    private static ObjectNode head(AnswerId id, String model) {
        return Json.object()
                .put("id", id.text())
                .put("type", "message")
                .put("role", "assistant")
                .put("model", model);
    }

    /** Why a message ended. */
    static void end(ObjectNode json, MessageCompleted completed) {
        json.put("stop_reason", StopReasons.of(completed));
        json.putNull("stop_sequence");
        json.putNull("stop_details");
        json.putNull("container");
    }

    static ObjectNode thinking(String thoughts, String signature) {
        return Json.object().put("type", "thinking").put("thinking", thoughts).put("signature", signature);
    }

    /** Stands for what has to be sent back where there are no words to sign. */
    static ObjectNode redacted(AnswerId id) {
        return Json.object().put("type", "redacted_thinking").put("data", id.text());
    }

    static ObjectNode text(String text) {
        return Json.object().put("type", "text").put("text", text).putNull("citations");
    }

    static ObjectNode toolUse(String id, String name, ObjectNode input) {
        ObjectNode block = Json.object().put("type", "tool_use").put("id", id).put("name", name);
        block.set("input", input);
        block.putObject("caller").put("type", "direct");
        return block;
    }

    /** Arguments are an object here; what is none, as a model wrote it, is the only member of one. */
    static ObjectNode input(ToolCall call) {
        String arguments = call.getArguments();
        return arguments.isBlank()
                ? Json.object()
                : object(arguments).orElseGet(() -> Json.object().put("arguments", arguments));
    }

    /** The same as text: as the model wrote it, where that is an object. */
    static String inputText(ToolCall call) {
        String arguments = call.getArguments();
        return object(arguments).isPresent() ? arguments : input(call).toString();
    }

    private static Optional<ObjectNode> object(String json) {
        try {
            return ONE_VALUE.readTree(json) instanceof ObjectNode object ? Optional.of(object) : Optional.empty();
        } catch (JsonProcessingException e) {
            return Optional.empty();
        }
    }

    /** What was used by the end; {@code input_tokens} are those that went past the cache. */
    static ObjectNode usage(MessageCompleted completed) {
        return usage(
                completed.getUsage().getInputTokens(),
                completed.getUsage().getOutputTokens(),
                NativeJson.details(completed.getUpstream()));
    }

    private static ObjectNode usage(int input, int output, @Nullable UsageDetails details) {
        int read = details == null ? 0 : tokens(details.getCachedInputTokens());
        int written = details == null ? 0 : tokens(details.getCacheWriteTokens());
        ObjectNode json = Json.object()
                .put("input_tokens", Math.max(0, input - read - written))
                .put("cache_creation_input_tokens", written)
                .put("cache_read_input_tokens", read)
                .put("output_tokens", output);
        Integer reasoning = details == null ? null : details.getReasoningTokens();
        if (reasoning == null) {
            json.putNull("output_tokens_details");
        } else {
            json.putObject("output_tokens_details").put("thinking_tokens", reasoning);
        }
        return json.putNull("server_tool_use");
    }

    private static int tokens(@Nullable Integer told) {
        return told == null ? 0 : told;
    }

    /** A message has more of it than its last event. */
    private static ObjectNode wholeUsage(ObjectNode usage) {
        return usage.putNull("cache_creation")
                .putNull("inference_geo")
                .put("service_tier", "standard")
                .putNull("speed");
    }
}
