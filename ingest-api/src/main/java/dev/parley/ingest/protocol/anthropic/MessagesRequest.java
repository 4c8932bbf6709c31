package dev.parley.ingest.protocol.anthropic;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.util.RawValue;
import dev.parley.chat.v1.CallerPrompt;
import dev.parley.chat.v1.GenerationOptions;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.ToolCall;
import dev.parley.chat.v1.ToolDefinition;
import dev.parley.ingest.door.Asked;
import dev.parley.ingest.door.ModelCall;
import dev.parley.ingest.door.Models;
import dev.parley.ingest.http.Json;
import dev.parley.ingest.http.JsonBody;
import dev.parley.schemas.TokenEstimate;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The body of {@code POST /v1/messages}. What is not supported is refused by its name; what is about the provider's side alone,
 * such as its cache, is taken and named.
 *
 * @param signatures of the assistant's messages in the call's context and, where the answer's beginning is given, of that, in
 *     their order
 * @see <a href="https://platform.claude.com/docs/en/api/messages">Anthropic: Messages</a>
 */
record MessagesRequest(ModelCall call, boolean stream, List<Optional<AnswerId>> signatures) {

    static final int MAX_MESSAGES = 10_000;
    static final int MAX_TOOLS = 512;
    static final int MAX_STOPS = 16;

    /** A conversation that the server holds between requests; its refusal has clients go on without one. */
    static final String THREAD = "thread";

    private static final String JSON_SCHEMA = "json_schema";

    static MessagesRequest of(JsonBody body, Models models) {
        String model = body.requiredText("model");
        Models.Choice choice = models.choice(model);
        List<JsonBody> messages = body.objects("messages", MAX_MESSAGES);
        if (messages.isEmpty()) {
            throw body.refusal("messages", "must hold at least one message");
        }
        PromptReader.Prompt prompt = PromptReader.read(body, messages);
        Asked asked = Asked.of(prompt.messages(), rule -> messages.getLast().refusal("role", rule));
        GenerationOptions.Builder options = options(body);
        boolean stream = body.flag("stream").orElse(false);
        body.oneOf("service_tier", List.of("auto", "standard_only"));
        body.oneOf("speed", List.of("standard"));
        if (body.has(THREAD)) {
            throw body.refusal(THREAD, "is not supported: send the whole conversation without it");
        }
        // Of the prompt that a provider keeps, or leaves away: nothing that is said to the model.
        body.unused("cache_control");
        body.unused("context_management");
        body.unused("diagnostics");
        body.done();
        return new MessagesRequest(ModelCall.of(model, choice, asked, options, Map.of()), stream, prompt.signatures());
    }

    private static GenerationOptions.Builder options(JsonBody body) {
        GenerationOptions.Builder options = GenerationOptions.newBuilder()
                .setTools(body.objects("tools", MAX_TOOLS).stream()
                        .map(MessagesRequest::tool)
                        .toList())
                .setMaxOutputTokens(body.integer("max_tokens", 1, Integer.MAX_VALUE)
                        .map(Long::intValue)
                        .orElse(null))
                .setTemperature(body.number("temperature", 0, 1).orElse(null))
                .setTopP(body.number("top_p", 0, 1).orElse(null))
                .setStop(body.texts("stop_sequences", MAX_STOPS))
                .setExtraParameters(extra(body).orElse(null));
        body.object("tool_choice").ifPresent(given -> toolChoice(given, options));
        body.object("metadata").ifPresent(metadata -> {
            options.setUser(metadata.text("user_id").orElse(null));
            metadata.unusedRest(Set.of());
        });
        // The older place of what is now a part of the output's configuration.
        body.object("output_format").ifPresent(format -> options.setResponseFormat(responseFormat(format)));
        body.object("output_config").ifPresent(output -> {
            output.text("effort").ifPresent(options::setReasoningEffort);
            output.object("format").ifPresent(format -> options.setResponseFormat(responseFormat(format)));
            output.done();
        });
        return options;
    }

    /** What only some model servers take reaches them as it is. */
    private static Optional<String> extra(JsonBody body) {
        ObjectNode extra = Json.object();
        body.integer("top_k", 0, Integer.MAX_VALUE).ifPresent(topK -> extra.put("top_k", topK));
        body.object("thinking").ifPresent(thinking -> {
            String _ = thinking.requiredText("type");
            body.json("thinking").ifPresent(json -> extra.putRawValue("thinking", new RawValue(json)));
        });
        return Optional.of(extra).filter(any -> !any.isEmpty()).map(ObjectNode::toString);
    }

    private static ToolDefinition tool(JsonBody tool) {
        tool.oneOf("type", List.of("custom")); // Others are run by the provider.
        ToolDefinition definition = new ToolDefinition(
                tool.requiredText("name"),
                tool.text("description").orElse(null),
                tool.object("input_schema")
                        .flatMap(any -> tool.json("input_schema"))
                        .orElse(null),
                tool.flag("strict").orElse(null));
        tool.unusedRest(Set.of());
        return definition;
    }

    /** Anthropic's words for it in OpenAI's, which the log has. */
    private static void toolChoice(JsonBody choice, GenerationOptions.Builder options) {
        String type = choice.oneOf("type", List.of("auto", "any", "tool", "none"))
                .orElseThrow(() -> JsonBody.required(choice.at("type")));
        options.setToolChoice(
                switch (type) {
                    case "any" -> "\"required\"";
                    case "none" -> "\"none\"";
                    case "tool" -> function(choice.requiredText("name"));
                    default -> "\"auto\"";
                });
        if (choice.flag("disable_parallel_tool_use").orElse(false)) {
            options.setParallelToolCalls(false);
        }
        choice.done();
    }

    private static String function(String name) {
        ObjectNode choice = Json.object().put("type", "function");
        choice.putObject("function").put("name", name);
        return choice.toString();
    }

    private static String responseFormat(JsonBody format) {
        String _ = format.oneOf("type", List.of(JSON_SCHEMA)).orElseThrow(() -> JsonBody.required(format.at("type")));
        String schema = format.object("schema")
                .flatMap(any -> format.json("schema"))
                .orElseThrow(() -> JsonBody.required(format.at("schema")));
        format.done();
        ObjectNode json = Json.object().put("type", JSON_SCHEMA);
        json.putObject(JSON_SCHEMA).put("name", "answer").putRawValue("schema", new RawValue(schema));
        return json.toString();
    }

    /** How many tokens its prompt has, estimated from its text: which engine will count them is not known here. */
    int estimatedTokens() {
        CallerPrompt prompt = call.prompt();
        long chars = call.content().length();
        for (PromptMessage message : prompt.getContext()) {
            chars += message.getContent().length();
            for (ToolCall asked : message.getToolCalls()) {
                chars += asked.getName().length() + asked.getArguments().length();
            }
        }
        GenerationOptions options = prompt.getOptions();
        for (ToolDefinition tool : options.getTools()) {
            chars += tool.getName().length() + length(tool.getDescription()) + length(tool.getParameters());
        }
        chars += length(options.getPrefill());
        return Math.max(1, TokenEstimate.ofChars((int) Math.min(Integer.MAX_VALUE, chars)));
    }

    private static int length(@Nullable String text) {
        return text == null ? 0 : text.length();
    }
}
