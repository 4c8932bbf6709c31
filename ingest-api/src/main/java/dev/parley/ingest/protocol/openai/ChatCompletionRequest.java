package dev.parley.ingest.protocol.openai;

import dev.parley.chat.v1.GenerationOptions;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.ToolCall;
import dev.parley.chat.v1.ToolDefinition;
import dev.parley.ingest.door.Asked;
import dev.parley.ingest.door.ModelCall;
import dev.parley.ingest.door.Models;
import dev.parley.ingest.http.JsonBody;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The body of {@code POST /v1/chat/completions}. What is not supported is refused by its name; what clients and SDKs add to
 * messages is theirs, and taken.
 *
 * @param includeUsage whether a stream is to end with the tokens that were used
 */
record ChatCompletionRequest(ModelCall call, boolean stream, boolean includeUsage) {

    static final int MAX_MESSAGES = 10_000;
    static final int MAX_TOOLS = 512;

    /** Members of messages that say something to a model: to pass over them would be to answer something else. */
    static final Set<String> MEANINGFUL = Set.of(
            "tool_calls", "function_call", "audio", "images", "files", "attachments", "experimental_attachments");

    private static final int MAX_STOPS = 16;
    private static final List<String> ROLES = List.of("system", "developer", "user", "assistant", "tool");

    static ChatCompletionRequest of(JsonBody body, Models models) {
        String model = body.requiredText("model");
        Models.Choice choice = models.choice(model);
        List<JsonBody> messages = body.objects("messages", MAX_MESSAGES);
        if (messages.isEmpty()) {
            throw body.refusal("messages", "must hold at least one message");
        }
        Asked asked = Asked.of(
                messages.stream().map(ChatCompletionRequest::message).toList(),
                rule -> messages.getLast().refusal("role", rule));
        GenerationOptions.Builder options = options(body);
        Map<String, String> metadata = metadata(body);
        boolean stream = body.flag("stream").orElse(false);
        boolean includeUsage = includeUsage(body, stream);
        body.integer("n", 1, 1);
        body.texts("modalities", 1).stream()
                .filter(modality -> !modality.equals("text"))
                .findFirst()
                .ifPresent(other -> {
                    throw body.refusal("modalities", "must be text alone");
                });
        body.done();
        return new ChatCompletionRequest(ModelCall.of(model, choice, asked, options, metadata), stream, includeUsage);
    }

    /** Whether a stream is to end with the tokens that were used. */
    static boolean includeUsage(JsonBody body, boolean stream) {
        Optional<JsonBody> options = body.object("stream_options");
        if (options.isPresent() && !stream) {
            throw body.refusal("stream_options", "is for streams only");
        }
        return options.map(given -> {
                    boolean wanted = given.flag("include_usage").orElse(false);
                    refuseUnlessFalse(given, "include_obfuscation");
                    given.done();
                    return wanted;
                })
                .orElse(false);
    }

    /** The texts before which an answer is to end. */
    static List<String> stop(JsonBody body) {
        return body.isText("stop") ? List.of(body.requiredText("stop")) : body.texts("stop", MAX_STOPS);
    }

    static void refuseUnlessFalse(JsonBody body, String name) {
        if (body.flag(name).orElse(false)) {
            throw body.refusal(name, "is not supported");
        }
    }

    /** The caller's own pairs. */
    static Map<String, String> ownMetadata(JsonBody body) {
        Map<String, String> metadata = new LinkedHashMap<>(body.metadata("metadata"));
        metadata.keySet().stream()
                .filter(key -> key.startsWith(RESERVED))
                .findFirst()
                .ifPresent(key -> {
                    throw body.refusal("metadata." + key, "must not begin with " + RESERVED);
                });
        return metadata;
    }

    /** What is kept with the message: the caller's own pairs, and hints that have no effect yet. */
    static Map<String, String> metadata(JsonBody body) {
        Map<String, String> metadata = ownMetadata(body);
        for (String hint : List.of("safety_identifier", "prompt_cache_key", "prompt_cache_retention")) {
            body.text(hint).ifPresent(value -> metadata.put(RESERVED + hint, value));
        }
        body.flag("store").ifPresent(value -> metadata.put(STORE, value.toString()));
        body.oneOf("service_tier", List.of("auto", "default"));
        return metadata;
    }

    /** Keys of metadata that are this protocol's own begin with this. */
    static final String RESERVED = "openai.";

    static final String STORE = RESERVED + "store";

    Map<String, String> ownMetadata() {
        Map<String, String> own = new LinkedHashMap<>(call.metadata());
        own.keySet().removeIf(key -> key.startsWith(RESERVED));
        return own;
    }

    /** Whether it is to be found again, by its id and in the list. */
    boolean store() {
        return "true".equals(call.metadata().get(STORE));
    }

    private static GenerationOptions.Builder options(JsonBody body) {
        Optional<Integer> older = tokens(body, "max_tokens");
        Optional<Integer> newer = tokens(body, "max_completion_tokens");
        return sampling(body)
                .setTools(body.objects("tools", MAX_TOOLS).stream()
                        .map(ChatCompletionRequest::tool)
                        .toList())
                .setToolChoice(body.json("tool_choice").orElse(null))
                .setResponseFormat(body.json("response_format").orElse(null))
                .setPresencePenalty(body.number("presence_penalty", -2, 2).orElse(null))
                .setFrequencyPenalty(body.number("frequency_penalty", -2, 2).orElse(null))
                .setSeed(body.integer("seed", Long.MIN_VALUE, Long.MAX_VALUE).orElse(null))
                .setStop(stop(body))
                .setReasoningEffort(body.text("reasoning_effort").orElse(null))
                .setMaxOutputTokens(newer.or(() -> older).orElse(null))
                .setMaxCompletionTokens(newer.isPresent())
                .setExtraParameters(
                        ExtraParameters.of(body).withLogprobs(body).json().orElse(null));
    }

    /** The options that every model API has under the same names. */
    static GenerationOptions.Builder sampling(JsonBody body) {
        return GenerationOptions.newBuilder()
                .setTemperature(body.number("temperature", 0, 2).orElse(null))
                .setTopP(body.number("top_p", 0, 1).orElse(null))
                .setParallelToolCalls(body.flag("parallel_tool_calls").orElse(null))
                .setUser(body.text("user").orElse(null));
    }

    static Optional<Integer> tokens(JsonBody body, String name) {
        return body.integer(name, 1, Integer.MAX_VALUE).map(Long::intValue);
    }

    private static ToolDefinition tool(JsonBody tool) {
        String type = tool.requiredText("type");
        if (!type.equals("function")) {
            throw tool.refusal("type", "must be function");
        }
        ToolDefinition definition =
                definition(tool.object("function").orElseThrow(() -> JsonBody.required(tool.at("function"))));
        tool.done();
        return definition;
    }

    /** A function's own description. */
    static ToolDefinition definition(JsonBody function) {
        ToolDefinition definition = new ToolDefinition(
                function.requiredText("name"),
                function.text("description").orElse(null),
                function.object("parameters")
                        .flatMap(any -> function.json("parameters"))
                        .orElse(null),
                function.flag("strict").orElse(null));
        function.done();
        return definition;
    }

    private static PromptMessage message(JsonBody message) {
        String role = message.oneOf("role", ROLES).orElseThrow(() -> JsonBody.required(message.at("role")));
        PromptMessage read = switch (role) {
            case "assistant" -> assistant(message);
            case "tool" ->
                new PromptMessage(
                        Role.TOOL,
                        ContentParts.text(message, "content"),
                        List.of(),
                        message.requiredText("tool_call_id"),
                        null);
            case "user" -> ContentParts.user(message, "content");
            default -> new PromptMessage(Role.SYSTEM, ContentParts.text(message, "content"), List.of(), null, null);
        };
        message.unusedRest(MEANINGFUL);
        return read;
    }

    private static PromptMessage assistant(JsonBody message) {
        List<ToolCall> calls = message.objects("tool_calls", MAX_TOOLS).stream()
                .map(ChatCompletionRequest::toolCall)
                .toList();
        Optional<String> refusal = message.text("refusal").filter(text -> !text.isBlank());
        boolean mayBeSilent = !calls.isEmpty() || refusal.isPresent();
        String content = mayBeSilent && !message.has("content") ? "" : ContentParts.text(message, "content");
        // What a model said instead of an answer is what it said.
        String said = refusal.map(text -> content.isBlank() ? text : content + "\n\n" + text)
                .orElse(content);
        return new PromptMessage(Role.ASSISTANT, said, calls, null, null);
    }

    private static ToolCall toolCall(JsonBody call) {
        String id = call.requiredText("id");
        call.oneOf("type", List.of("function"));
        JsonBody function = call.object("function").orElseThrow(() -> JsonBody.required(call.at("function")));
        String name = function.requiredText("name");
        String arguments = function.requiredText("arguments");
        function.unusedRest(Set.of());
        call.pass("index");
        call.unusedRest(Set.of());
        return new ToolCall(id, name, arguments);
    }
}
