package dev.parley.ingest.protocol.openai;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.chat.v1.CallerPrompt;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.ConversationFact;
import dev.parley.chat.v1.GenerationOptions;
import dev.parley.chat.v1.MessageAccepted;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.MessageRejected;
import dev.parley.chat.v1.ToolCall;
import dev.parley.chat.v1.TurnCancelled;
import dev.parley.chat.v1.TurnFailed;
import dev.parley.chat.v1.TurnPreparation;
import dev.parley.chat.v1.TurnStarted;
import dev.parley.chat.v1.Unknown;
import dev.parley.chat.v1.Upstream;
import dev.parley.chat.v1.Usage;
import dev.parley.chat.v1.UsageDetails;
import dev.parley.ingest.door.Models;
import dev.parley.ingest.http.Json;
import dev.parley.schemas.ErrorCode;
import dev.parley.sinks.json.NativeJson;
import dev.parley.sinks.json.Said;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** OpenAI's response object, from a turn's events alone: the same from whichever of them it is made. */
final class ResponseJson {

    private final ResponseId id;
    private final ObjectNode json = Json.object();

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
            case TurnFailed failed -> {
                failed(
                        failed.getCode(),
                        failed.getDetail(),
                        failed.getContent(),
                        failed.getUsage(),
                        failed.getUpstream());
                Extension.addAttempt(json, failed.getAttempt());
            }
            case TurnCancelled cancelled -> {
                json.put("status", "cancelled");
                json.set("output", partial(Said.of(cancelled.getContent(), cancelled.getUpstream())));
                usage(cancelled.getUsage(), NativeJson.details(cancelled.getUpstream()));
                Extension.addTo(json, cancelled.getUpstream());
                Extension.addAttempt(json, cancelled.getAttempt());
            }
            case MessageRejected rejected -> failed(rejected.getCode(), rejected.getDetail(), "", null, null);
            case ConversationFact _, TurnPreparation _, Unknown _ -> {} // Nothing that a response shows.
        }
    }

    /** The name that was asked for, from the first event to the last; which model it led to stands beside. */
    private static String model(MessageAccepted accepted) {
        String asked = accepted.getMetadata().get(ResponseRequest.MODEL);
        return asked == null ? nameOf(accepted.getIntent(), accepted.getEngine()) : asked;
    }

    /** The name by which an engine or a route can be asked for. */
    static String nameOf(@Nullable String intent, @Nullable String engine) {
        if (engine != null) {
            return engine;
        }
        return intent == null ? Models.DEFAULT : intent;
    }

    private void asked(MessageAccepted accepted, Instant time) {
        CallerPrompt prompt = accepted.getPrompt();
        GenerationOptions options =
                prompt == null ? GenerationOptions.newBuilder().build() : prompt.getOptions();
        boolean background = accepted.getMetadata().containsKey(ResponseRequest.BACKGROUND);
        json.put("id", id.toString())
                .put("object", "response")
                .put("created_at", time.getEpochSecond())
                .putNull("access_programs")
                .put("status", background ? "queued" : "in_progress")
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
        json.put("store", !"false".equals(accepted.getMetadata().get(ChatCompletionRequest.STORE)))
                .put("service_tier", "default")
                .put("temperature", options.getTemperature() == null ? 1.0 : options.getTemperature())
                .put("top_p", options.getTopP() == null ? 1.0 : options.getTopP())
                .put("truncation", "auto");
        if (options.getUser() != null) {
            json.put("user", options.getUser());
        }
        json.putObject("text").set("format", RequestOptions.format(options.getResponseFormat()));
        json.set("tool_choice", RequestOptions.toolChoice(options.getToolChoice()));
        json.set("tools", RequestOptions.tools(options.getTools()));
        json.set("metadata", ChatCompletionJson.metadata(accepted.getMetadata()));
    }

    private void completed(MessageCompleted completed) {
        Optional<String> cut = FinishReasons.incomplete(completed);
        json.put("status", cut.isEmpty() ? "completed" : "incomplete");
        cut.ifPresent(reason -> json.putObject("incomplete_details").put("reason", reason));
        ArrayNode output = Json.MAPPER.createArrayNode();
        output(id, completed).forEach(output::add);
        json.set("output", output);
        usage(completed.getUsage(), NativeJson.details(completed.getUpstream()));
        Extension.addTo(json, completed);
        Extension.addAttempt(json, completed.getAttempt());
    }

    /** The items of an answer, each with its id. */
    static List<ObjectNode> output(ResponseId id, MessageCompleted completed) {
        Optional<String> cut = FinishReasons.incomplete(completed);
        List<ObjectNode> output = new ArrayList<>();
        if (completed.getReasoning() != null) {
            output.add(ResponseItems.reasoning(id, completed.getReasoning(), "completed"));
        }
        // What is cut off is the last item; words before a call are whole.
        String status = cut.isEmpty() || !completed.getToolCalls().isEmpty() ? "completed" : "incomplete";
        List<ObjectNode> calls = new ArrayList<>();
        for (ToolCall call : completed.getToolCalls()) {
            calls.add(ResponseItems.call(id, calls.size(), call, Optional.of(call.getArguments()), "completed"));
        }
        boolean callsFirst = callsFirst(completed.getUpstream());
        if (callsFirst) {
            output.addAll(calls);
        }
        if (!completed.getContent().isEmpty() || calls.isEmpty()) {
            Said said = Said.of(completed.getContent(), completed.getUpstream());
            output.add(ResponseItems.message(id, Optional.of(said), status));
        }
        if (!callsFirst) {
            output.addAll(calls);
        }
        return output;
    }

    /** Whether the model began to call before it said a word. */
    private static boolean callsFirst(@Nullable Upstream upstream) {
        Integer before = upstream == null ? null : upstream.getTextBeforeCalls();
        return before != null && before == 0;
    }

    private void failed(
            String code, String detail, String content, @Nullable Usage usage, @Nullable Upstream upstream) {
        json.put("status", "failed");
        json.putObject("error").put("code", openAiCode(code)).put("message", detail);
        Extension.addCode(json, code);
        json.set("output", partial(Said.of(content, upstream)));
        usage(usage, NativeJson.details(upstream));
        Extension.addTo(json, upstream);
    }

    /** The nearest of OpenAI's codes, which are few; its own name stands beside. */
    private static String openAiCode(String code) {
        ErrorCode known = ErrorCode.ofWire(code).orElse(ErrorCode.INTERNAL);
        return switch (known) {
            case ENGINE_RATE_LIMITED, QUEUE_FULL, OVERLOADED -> "rate_limit_exceeded";
            case ENGINE_REJECTED, CONTEXT_LENGTH_EXCEEDED, CONTENT_FILTERED -> "invalid_prompt";
            default -> "server_error";
        };
    }

    private ArrayNode partial(Said said) {
        ArrayNode output = Json.MAPPER.createArrayNode();
        if (!said.whole().isEmpty()) {
            output.add(ResponseItems.message(id, Optional.of(said), "incomplete"));
        }
        return output;
    }

    /** OpenAI's clients want a number for every detail, and fail where one is null: of those that nobody told it is 0. */
    private void usage(@Nullable Usage usage, @Nullable UsageDetails details) {
        if (usage != null) {
            json.set("usage", used(usage, details));
        }
    }

    static ObjectNode used(Usage usage, @Nullable UsageDetails details) {
        ObjectNode used = Json.object().put("input_tokens", usage.getInputTokens());
        used.putObject("input_tokens_details")
                .put("cached_tokens", orNone(details, UsageDetails::getCachedInputTokens))
                .put("cache_write_tokens", orNone(details, UsageDetails::getCacheWriteTokens));
        used.put("output_tokens", usage.getOutputTokens());
        used.putObject("output_tokens_details")
                .put("reasoning_tokens", orNone(details, UsageDetails::getReasoningTokens));
        used.put("total_tokens", usage.getInputTokens() + usage.getOutputTokens());
        if (details != null) {
            // No members of OpenAI's.
            ChatCompletionJson.details(used, "input_tokens_details", "audio_tokens", details.getAudioInputTokens());
            ChatCompletionJson.details(used, "output_tokens_details", "audio_tokens", details.getAudioOutputTokens());
        }
        return used;
    }

    private static int orNone(@Nullable UsageDetails details, Function<UsageDetails, @Nullable Integer> detail) {
        Integer told = details == null ? null : detail.apply(details);
        return told == null ? 0 : told;
    }
}
