package dev.parley.ingest.protocol.openai;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.util.RawValue;
import dev.parley.chat.v1.GenerationOptions;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.SubmitMessage;
import dev.parley.chat.v1.ToolCall;
import dev.parley.chat.v1.ToolDefinition;
import dev.parley.ingest.door.Asked;
import dev.parley.ingest.door.ModelCall;
import dev.parley.ingest.door.Models;
import dev.parley.ingest.http.Json;
import dev.parley.ingest.http.JsonBody;
import dev.parley.ingest.http.Request;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * The body of {@code POST /v1/responses}. What is not supported is refused by its name.
 *
 * @param previous the response that this one continues
 * @param conversation the conversation that it continues
 * @param store whether it runs on without a reader
 * @param background whether the caller wants no more than its id
 */
record ResponseRequest(
        ModelCall call,
        Optional<String> previous,
        Optional<String> conversation,
        boolean stream,
        boolean store,
        boolean background) {

    /** Where it is kept what the request continued, for the response to tell. */
    static final String PREVIOUS = ChatCompletionRequest.RESERVED + "previous_response_id";

    /** The name by which a model was asked for, where engine and intent do not say it. No part of the fingerprint. */
    static final String MODEL = ChatCompletionRequest.RESERVED + "model";

    /** There where a background response is told to be queued before it is told to be in progress. No part of the fingerprint. */
    static final String QUEUED = ChatCompletionRequest.RESERVED + "queued";

    static final String BACKGROUND = ChatCompletionRequest.RESERVED + "background";

    private static final int MAX_INCLUDES = 16;
    private static final String LOGPROBS = "message.output_text.logprobs";

    /** Parts of outputs that a caller may ask to be told. */
    static final Set<String> INCLUDES = Set.of(
            LOGPROBS,
            "reasoning.encrypted_content",
            "code_interpreter_call.outputs",
            "computer_call_output.output.image_url",
            "file_search_call.results",
            "message.input_image.image_url",
            "web_search_call.action.sources",
            "web_search_call.results");

    /**
     * Reads a body.
     *
     * @param references finds the messages that a reference to an item of an earlier response stands for
     */
    static ResponseRequest of(JsonBody body, Models models, Function<String, List<PromptMessage>> references) {
        String model = body.text("model").orElse(Models.DEFAULT);
        Models.Choice choice = models.choice(model);
        Asked asked = Asked.of(
                new Input(references).messages(body),
                rule -> body.refusal("input", "ends with a message that " + rule));
        Optional<String> previous = body.text("previous_response_id");
        Optional<String> conversation = conversation(body);
        if (previous.isPresent() && conversation.isPresent()) {
            throw body.refusal("previous_response_id", "cannot be given together with conversation");
        }
        boolean stream = body.flag("stream").orElse(false);
        boolean store = body.flag("store").orElse(true);
        boolean background = body.flag("background").orElse(false);
        if (background && !store) {
            throw body.refusal("background", "needs store");
        }
        body.object("stream_options").ifPresent(given -> {
            ChatCompletionRequest.refuseUnlessFalse(given, "include_obfuscation");
            given.done();
        });
        GenerationOptions.Builder options = options(body);
        Map<String, String> metadata = ChatCompletionRequest.metadata(body);
        previous.ifPresent(id -> metadata.put(PREVIOUS, id));
        if (background) {
            metadata.put(BACKGROUND, "true");
        }
        // What this server does anyway: history beyond the budget is left out.
        body.oneOf("truncation", List.of("auto", "disabled"));
        includes(body);
        body.done();
        return new ResponseRequest(
                ModelCall.of(model, choice, asked, options, metadata),
                previous,
                conversation,
                stream,
                store,
                background);
    }

    /**
     * {@code submit} with what its response will have to tell beside.
     *
     * @param more pairs of metadata to be kept with it
     */
    SubmitMessage kept(SubmitMessage submit, Map<String, String> more) {
        Map<String, String> metadata = new LinkedHashMap<>(submit.getMetadata());
        metadata.putAll(more);
        if (!call.model().equals(ResponseJson.nameOf(submit.getIntent(), submit.getEngine()))) {
            metadata.put(MODEL, call.model());
        }
        if (background) {
            metadata.put(QUEUED, "true");
        }
        return SubmitMessage.newBuilder(submit).setMetadata(metadata).build();
    }

    /** What some clients ask for on every call: there is nothing of the kind to be left out, but for probabilities. */
    private static void includes(JsonBody body) {
        for (String name : body.texts("include", MAX_INCLUDES)) {
            if (!INCLUDES.contains(name)) {
                throw body.refusal("include", "holds " + name + ", which is not supported");
            }
            if (name.equals(LOGPROBS)) {
                body.unused("include");
            }
        }
    }

    private static Optional<String> conversation(JsonBody body) {
        if (!body.has("conversation") || body.isText("conversation")) {
            return body.text("conversation", Request.ID, Request.ID_RULE);
        }
        return body.object("conversation").map(given -> {
            String id =
                    given.text("id", Request.ID, Request.ID_RULE).orElseThrow(() -> JsonBody.required(given.at("id")));
            given.done();
            return id;
        });
    }

    private static GenerationOptions.Builder options(JsonBody body) {
        ExtraParameters extra = ExtraParameters.of(body).withTopLogprobs(body);
        GenerationOptions.Builder options = ChatCompletionRequest.sampling(body)
                .setInstructions(body.text("instructions")
                        .filter(text -> !text.isBlank())
                        .orElse(null))
                .setTools(body.objects("tools", ChatCompletionRequest.MAX_TOOLS).stream()
                        .map(ResponseRequest::tool)
                        .toList())
                .setToolChoice(toolChoice(body).orElse(null))
                .setMaxOutputTokens(
                        ChatCompletionRequest.tokens(body, "max_output_tokens").orElse(null));
        body.object("text").ifPresent(text -> {
            text.object("format").flatMap(ResponseRequest::format).ifPresent(options::setResponseFormat);
            text.oneOf("verbosity", List.of("low", "medium", "high"))
                    .ifPresent(verbosity -> extra.put("verbosity", '"' + verbosity + '"'));
            text.done();
        });
        body.object("reasoning").ifPresent(reasoning -> {
            options.setReasoningEffort(reasoning.text("effort").orElse(null));
            reasoning.oneOf("summary", List.of("auto", "concise", "detailed"));
            reasoning.unused("generate_summary");
            reasoning.done();
        });
        return options.setExtraParameters(extra.json().orElse(null));
    }

    private static ToolDefinition tool(JsonBody tool) {
        String type = tool.requiredText("type");
        if (!type.equals("function")) {
            throw tool.refusal("type", "must be function: this server has no tools of its own");
        }
        return ChatCompletionRequest.definition(tool);
    }

    /** The choice in the form of chat completions, which names a function one level deeper. */
    private static Optional<String> toolChoice(JsonBody body) {
        if (!body.has("tool_choice") || body.isText("tool_choice")) {
            return body.oneOf("tool_choice", List.of("auto", "none", "required"))
                    .map(choice -> "\"" + choice + "\"");
        }
        return body.object("tool_choice").map(choice -> {
            choice.oneOf("type", List.of("function"));
            String name = choice.requiredText("name");
            choice.done();
            ObjectNode json = Json.object().put("type", "function");
            json.putObject("function").put("name", name);
            return json.toString();
        });
    }

    /** The form of the answer as chat completions say it; empty for plain text, which needs no saying. */
    private static Optional<String> format(JsonBody format) {
        String type = format.oneOf("type", List.of("text", "json_object", "json_schema"))
                .orElseThrow(() -> JsonBody.required(format.at("type")));
        ObjectNode json = Json.object().put("type", type);
        if (type.equals("json_schema")) {
            ObjectNode schema = json.putObject("json_schema").put("name", format.requiredText("name"));
            format.text("description").ifPresent(text -> schema.put("description", text));
            format.flag("strict").ifPresent(strict -> schema.put("strict", strict));
            schema.putRawValue(
                    "schema",
                    new RawValue(format.json("schema").orElseThrow(() -> JsonBody.required(format.at("schema")))));
        }
        format.done();
        return Optional.of(json.toString()).filter(any -> !type.equals("text"));
    }

    /** The input of a body as messages. */
    static List<PromptMessage> input(JsonBody body, Function<String, List<PromptMessage>> references) {
        return new Input(references).messages(body);
    }

    /** Items as messages; thoughts are none. */
    static List<PromptMessage> messages(List<JsonBody> items, Function<String, List<PromptMessage>> references) {
        Input input = new Input(references);
        items.forEach(input::add);
        return input.messages;
    }

    /** The input's items as messages. */
    private static final class Input {
        private final Function<String, List<PromptMessage>> references;
        private final List<PromptMessage> messages = new ArrayList<>();

        Input(Function<String, List<PromptMessage>> references) {
            this.references = references;
        }

        List<PromptMessage> messages(JsonBody body) {
            if (!body.isList("input")) {
                messages.add(new PromptMessage(Role.USER, body.requiredText("input"), List.of(), null, null));
                return messages;
            }
            for (JsonBody item : body.objects("input", ChatCompletionRequest.MAX_MESSAGES)) {
                add(item);
            }
            if (messages.isEmpty()) {
                throw body.refusal("input", "must hold at least one item");
            }
            return messages;
        }

        private void add(JsonBody item) {
            String type = item.text("type").orElse("message");
            switch (type) {
                case "message" -> message(item);
                case "function_call" -> {
                    call(new ToolCall(
                            item.requiredText("call_id"), item.requiredText("name"), item.requiredText("arguments")));
                    sentBack(item);
                }
                case "function_call_output" -> {
                    messages.add(new PromptMessage(
                            Role.TOOL,
                            ContentParts.text(item, "output"),
                            List.of(),
                            item.requiredText("call_id"),
                            null));
                    sentBack(item);
                }
                case "item_reference" -> {
                    String id = item.requiredText("id");
                    item.done();
                    references.apply(id).forEach(this::append);
                }
                case "reasoning" -> {} // A model's earlier thoughts are no part of a prompt.
                case Compaction.TYPE -> messages.add(Compaction.of(item).message());
                default ->
                    throw item.refusal(
                            "type",
                            "must be message, function_call, function_call_output, reasoning, compaction or"
                                    + " item_reference");
            }
        }

        private void message(JsonBody item) {
            String role = item.oneOf("role", List.of("user", "assistant", "system", "developer"))
                    .orElseThrow(() -> JsonBody.required(item.at("role")));
            PromptMessage message = role.equals("user")
                    ? ContentParts.user(item, "content")
                    : new PromptMessage(
                            role.equals("assistant") ? Role.ASSISTANT : Role.SYSTEM,
                            ContentParts.text(item, "content"),
                            List.of(),
                            null,
                            null);
            item.pass("phase");
            sentBack(item);
            append(message);
        }

        /** Members of this server's own output, which callers send back as they came. */
        private static void sentBack(JsonBody item) {
            item.pass("id");
            item.pass("status");
            item.unusedRest(ChatCompletionRequest.MEANINGFUL);
        }

        /** Chat completions know an assistant's words and the calls beside them as one message. */
        private void append(PromptMessage message) {
            PromptMessage before = messages.isEmpty() ? null : messages.getLast();
            if (message.getRole() == Role.ASSISTANT && message.getContent().isEmpty()) {
                message.getToolCalls().forEach(this::call);
            } else if (message.getRole() == Role.ASSISTANT
                    && before != null
                    && before.getRole() == Role.ASSISTANT
                    && before.getContent().isEmpty()) {
                messages.removeLast();
                messages.add(
                        new PromptMessage(Role.ASSISTANT, message.getContent(), before.getToolCalls(), null, null));
            } else {
                messages.add(message);
            }
        }

        private void call(ToolCall call) {
            PromptMessage before = messages.isEmpty() ? null : messages.getLast();
            if (before == null || before.getRole() != Role.ASSISTANT) {
                messages.add(new PromptMessage(Role.ASSISTANT, "", List.of(call), null, null));
                return;
            }
            List<ToolCall> calls = new ArrayList<>(before.getToolCalls());
            calls.add(call);
            messages.removeLast();
            messages.add(new PromptMessage(Role.ASSISTANT, before.getContent(), calls, null, null));
        }
    }
}
