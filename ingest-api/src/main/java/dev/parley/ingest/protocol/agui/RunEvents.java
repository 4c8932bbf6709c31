package dev.parley.ingest.protocol.agui;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.chat.v1.Attempt;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.Source;
import dev.parley.chat.v1.TurnCancelled;
import dev.parley.chat.v1.TurnEnd;
import dev.parley.chat.v1.TurnFailed;
import dev.parley.chat.v1.UsageDetails;
import dev.parley.ingest.http.Json;
import dev.parley.ingest.protocol.agui.RunEncoding.Names;
import dev.parley.schemas.ErrorCode;
import dev.parley.sinks.json.NativeJson;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** AG-UI's events. What it has no word for is in their {@code metadata.parley}. */
final class RunEvents {

    static final String VERSION = "1.0";

    private static final String STEP = "answer";

    private RunEvents() {}

    private static ObjectNode event(String type) {
        return Json.object().put("type", type);
    }

    static ObjectNode started(Names names) {
        return event("RUN_STARTED")
                .put("threadId", names.threadId())
                .put("runId", names.runId())
                .put("protocolVersion", VERSION);
    }

    static ObjectNode messages(ArrayNode messages) {
        ObjectNode event = event("MESSAGES_SNAPSHOT");
        event.set("messages", messages);
        return event;
    }

    static ObjectNode step(String type) {
        return event(type).put("stepName", STEP);
    }

    static ObjectNode sources(List<Source> sources) {
        ObjectNode event = event("CUSTOM").put("name", "parley.sources");
        event.set("value", NativeJson.tree(json -> NativeJson.sources(json, sources)));
        return event;
    }

    /** What the message of an answer's thoughts is called. */
    static String reasoningId(String answerId) {
        return answerId + "-reasoning";
    }

    static ObjectNode reasoning(String type, String answerId) {
        return event(type).put("messageId", reasoningId(answerId));
    }

    static ObjectNode reasoningStarted(String answerId) {
        return reasoning("REASONING_MESSAGE_START", answerId).put("role", "reasoning");
    }

    static ObjectNode reasoningContent(String answerId, String delta) {
        return reasoning("REASONING_MESSAGE_CONTENT", answerId).put("delta", delta);
    }

    static ObjectNode textStarted(String answerId) {
        return event("TEXT_MESSAGE_START").put("messageId", answerId).put("role", "assistant");
    }

    static ObjectNode textContent(String answerId, String delta, boolean refusal) {
        ObjectNode event =
                event("TEXT_MESSAGE_CONTENT").put("messageId", answerId).put("delta", delta);
        if (refusal) {
            parley(event).put("refusal", true);
        }
        return event;
    }

    static ObjectNode textEnded(String answerId) {
        return event("TEXT_MESSAGE_END").put("messageId", answerId);
    }

    static ObjectNode callStarted(String answerId, String callId, String name) {
        return event("TOOL_CALL_START")
                .put("toolCallId", callId)
                .put("toolCallName", name)
                .put("parentMessageId", answerId);
    }

    static ObjectNode callArguments(String callId, String delta) {
        return event("TOOL_CALL_ARGS").put("toolCallId", callId).put("delta", delta);
    }

    static ObjectNode callEnded(String callId) {
        return event("TOOL_CALL_END").put("toolCallId", callId);
    }

    static ObjectNode finished(Names names, MessageCompleted completed) {
        ObjectNode event = finished(names);
        ObjectNode outcome = event.putObject("outcome").put("type", "success");
        if (!completed.getToolCalls().isEmpty()) {
            ArrayNode pending = outcome.putArray("pendingToolCallIds");
            completed.getToolCalls().forEach(call -> pending.add(call.getId()));
        }
        spent(names, event, completed).put("finishReason", completed.getFinishReason());
        return event;
    }

    /** The end of a stream that shows a thread in which no run goes on. */
    static ObjectNode atRest(Names names, ArrayNode messages) {
        ObjectNode event = finished(names);
        ObjectNode outcome = event.putObject("outcome").put("type", "success");
        if (!messages.isEmpty()) {
            ArrayNode pending = Json.MAPPER.createArrayNode();
            messages.get(messages.size() - 1).path("toolCalls").forEach(call -> pending.add(call.path("id")));
            if (!pending.isEmpty()) {
                outcome.set("pendingToolCallIds", pending);
            }
        }
        return event;
    }

    static ObjectNode cancelled(Names names, TurnCancelled cancelled) {
        ObjectNode event = finished(names);
        event.putObject("outcome").put("type", "cancelled");
        ObjectNode _ = spent(names, event, cancelled);
        return event;
    }

    /** The end of a run that was stopped while a call was being told, as this protocol has none for it but an error. */
    static ObjectNode stoppedInACall(Names names, TurnCancelled cancelled) {
        ObjectNode event = RunErrors.json(
                ErrorCode.CANCELLED.wire(), "the answer was stopped in the middle of a tool call, which is void");
        ObjectNode _ = spent(names, event, cancelled);
        return event;
    }

    private static ObjectNode finished(Names names) {
        return event("RUN_FINISHED").put("threadId", names.threadId()).put("runId", names.runId());
    }

    static ObjectNode error(Names names, TurnFailed failed) {
        ObjectNode event = RunErrors.json(failed.getCode(), failed.getDetail());
        ObjectNode _ = spent(names, event, failed);
        return event;
    }

    /** Adds what an answer took, as far as that is known; returns where more may be said. */
    private static ObjectNode spent(Names names, ObjectNode event, TurnEnd end) {
        if (end.getUsage() != null) {
            ObjectNode usage = event.putArray("usage").addObject();
            int input = end.getUsage().getInputTokens();
            int output = end.getUsage().getOutputTokens();
            from(usage, end.getAttempt(), "provider");
            usage.put("inputTokens", input).put("outputTokens", output).put("totalTokens", (long) input + output);
            UsageDetails details = NativeJson.details(end.getUpstream());
            if (details != null) {
                optional(usage, "reasoningTokens", details.getReasoningTokens());
                optional(usage, "cachedInputTokens", details.getCachedInputTokens());
                optional(usage, "cacheWriteInputTokens", details.getCacheWriteTokens());
            }
        }
        ObjectNode more = parley(event).put("turnId", names.turnId()).put("messageId", end.getMessageId());
        from(more, end.getAttempt(), "engine");
        more.setAll(NativeJson.object(to -> NativeJson.upstream(to, end.getUpstream())));
        return more;
    }

    private static void from(ObjectNode json, @Nullable Attempt attempt, String engine) {
        if (attempt != null) {
            json.put(engine, attempt.getEngine()).put("model", attempt.getModel());
        }
    }

    private static void optional(ObjectNode json, String name, @Nullable Integer value) {
        if (value != null) {
            json.put(name, value);
        }
    }

    private static ObjectNode parley(ObjectNode event) {
        return event.putObject("metadata").putObject("parley");
    }
}
