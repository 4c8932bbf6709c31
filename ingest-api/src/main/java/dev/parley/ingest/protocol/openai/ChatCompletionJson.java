package dev.parley.ingest.protocol.openai;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.chat.v1.MessageAccepted;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.ToolCall;
import dev.parley.chat.v1.Usage;
import dev.parley.chat.v1.UsageDetails;
import dev.parley.ingest.door.Exchanges;
import dev.parley.ingest.http.Json;
import dev.parley.sinks.json.NativeJson;
import dev.parley.sinks.json.Said;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The objects that {@code /v1/chat/completions} answers with. */
final class ChatCompletionJson {

    private ChatCompletionJson() {}

    /** A whole answer. */
    static ObjectNode whole(String id, Instant created, MessageCompleted completed) {
        ObjectNode json =
                head(id, "chat.completion", created, completed.getAttempt().getModel());
        ObjectNode choice = json.putArray("choices").addObject().put("index", 0);
        ObjectNode message = choice.putObject("message").put("role", "assistant");
        Said said = Said.of(completed.getContent(), completed.getUpstream());
        boolean noText = said.text().isEmpty()
                && (said.refusal().isPresent() || !completed.getToolCalls().isEmpty());
        message.put("content", noText ? null : said.text());
        message.put("refusal", said.refusal().orElse(null));
        if (completed.getReasoning() != null) {
            message.put("reasoning_content", completed.getReasoning());
        }
        if (!completed.getToolCalls().isEmpty()) {
            message.set("tool_calls", toolCalls(completed.getToolCalls()));
        }
        message.putArray("annotations");
        choice.putNull("logprobs");
        choice.put("finish_reason", FinishReasons.of(completed));
        json.set("usage", usage(completed));
        Extension.addTo(json, completed);
        return json;
    }

    /** A caller's own pairs of metadata. */
    static ObjectNode metadata(Map<String, String> metadata) {
        ObjectNode json = Json.object();
        metadata.forEach((key, value) -> {
            if (!key.startsWith(ChatCompletionRequest.RESERVED)) {
                json.put(key, value);
            }
        });
        return json;
    }

    /** The messages that a completion was asked with, each with its id. */
    static List<ObjectNode> messages(String id, MessageAccepted accepted) {
        List<ObjectNode> messages = new ArrayList<>();
        for (PromptMessage message : Exchanges.asked(accepted)) {
            ObjectNode json = Json.object()
                    .put("id", id + "-" + messages.size())
                    .put("role", message.getRole().name().toLowerCase(Locale.ROOT))
                    .put("content", message.getContent())
                    .putNull("refusal")
                    .putNull("name")
                    .putNull("content_parts");
            if (!message.getAttachments().isEmpty()) {
                json.set("content_parts", MessageParts.ofCompletions(message));
            }
            if (message.getToolCallId() != null) {
                json.put("tool_call_id", message.getToolCallId());
            }
            if (!message.getToolCalls().isEmpty()) {
                json.set("tool_calls", toolCalls(message.getToolCalls()));
            }
            messages.add(json);
        }
        return messages;
    }

    /** A chunk of a stream, with {@code delta} in its one choice. */
    static ObjectNode chunk(String id, Instant created, String model, ObjectNode delta, boolean usageFollows) {
        ObjectNode json = head(id, "chat.completion.chunk", created, model);
        ObjectNode choice = json.putArray("choices").addObject().put("index", 0);
        choice.set("delta", delta);
        choice.putNull("logprobs");
        choice.putNull("finish_reason");
        if (usageFollows) {
            json.putNull("usage");
        }
        return json;
    }

    /** The chunk that says why the answer ends. */
    static ObjectNode finish(
            String id, Instant created, String model, MessageCompleted completed, boolean usageFollows) {
        ObjectNode json = chunk(id, created, model, Json.object(), usageFollows);
        ((ObjectNode) json.path("choices").path(0)).put("finish_reason", FinishReasons.of(completed));
        Extension.addTo(json, completed);
        return json;
    }

    /** The chunk after that one, for those who asked for it. */
    static ObjectNode usageChunk(String id, Instant created, String model, MessageCompleted completed) {
        ObjectNode json = head(id, "chat.completion.chunk", created, model);
        json.putArray("choices");
        json.set("usage", usage(completed));
        return json;
    }

    private static ObjectNode head(String id, String object, Instant created, String model) {
        return Json.object()
                .put("id", id)
                .put("object", object)
                .put("created", created.getEpochSecond())
                .put("model", model);
    }

    static ArrayNode toolCalls(List<ToolCall> calls) {
        ArrayNode json = Json.MAPPER.createArrayNode();
        for (ToolCall call : calls) {
            ObjectNode entry = json.addObject().put("id", call.getId()).put("type", "function");
            entry.putObject("function").put("name", call.getName()).put("arguments", call.getArguments());
        }
        return json;
    }

    /** The delta with which a call begins: all of it, but for arguments that are to follow. */
    static ObjectNode callBegun(int index, ToolCall call) {
        ObjectNode delta = Json.object();
        ObjectNode entry = (ObjectNode) toolCalls(List.of(call)).path(0);
        delta.putArray("tool_calls").add(entry.put("index", index));
        return delta;
    }

    /** The delta with more of a call's arguments. */
    static ObjectNode callArguments(int index, String piece) {
        ObjectNode delta = Json.object();
        ObjectNode entry = delta.putArray("tool_calls").addObject().put("index", index);
        entry.putObject("function").put("arguments", piece);
        return delta;
    }

    /** Details are there where the model server told them. */
    static ObjectNode usage(MessageCompleted completed) {
        Usage usage = completed.getUsage();
        ObjectNode json = Json.object()
                .put("prompt_tokens", usage.getInputTokens())
                .put("completion_tokens", usage.getOutputTokens())
                .put("total_tokens", usage.getInputTokens() + usage.getOutputTokens());
        UsageDetails details = NativeJson.details(completed.getUpstream());
        if (details != null) {
            details(json, "prompt_tokens_details", "cached_tokens", details.getCachedInputTokens());
            details(json, "prompt_tokens_details", "audio_tokens", details.getAudioInputTokens());
            details(json, "completion_tokens_details", "reasoning_tokens", details.getReasoningTokens());
            details(json, "completion_tokens_details", "audio_tokens", details.getAudioOutputTokens());
        }
        return json;
    }

    /** One detail, where it was told. */
    static void details(ObjectNode usage, String group, String name, @Nullable Integer tokens) {
        if (tokens != null) {
            usage.withObjectProperty(group).put(name, tokens);
        }
    }
}
