package dev.parley.llm.stream;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Reads Anthropic's stream of a message. Its blocks may interleave; events and blocks of kinds that are new say nothing here.
 *
 * @see <a href="https://docs.anthropic.com/en/docs/build-with-claude/streaming">Anthropic: Streaming messages</a>
 */
public final class MessagesReader implements AnswerReader {

    private static final ObjectMapper MAPPER = new ObjectMapper();

    private final ToolCalls calls;
    private final Map<Integer, Block> blocks = new HashMap<>();
    /** Blocks of reasoning, which have to be sent back as they were, signatures included. */
    private final Map<Integer, ObjectNode> thoughts = new LinkedHashMap<>();

    private final ObjectNode counts = MAPPER.createObjectNode();

    /**
     * A block that has begun.
     *
     * @param given the input that a tool's block began with, which counts where no more of it comes
     */
    private record Block(String type, JsonNode given) {}

    /**
     * A reader of one answer.
     *
     * @param ids for the tool call at each position, where the server gives it none
     */
    public MessagesReader(IntFunction<String> ids) {
        this.calls = new ToolCalls(ids);
    }

    @Override
    public List<ModelEvent> read(SseEvent event) {
        String data = event.data().strip();
        if (data.isEmpty() || AnswerReader.isSignOfLife(event)) {
            return List.of();
        }
        if (AnswerReader.isDone(data)) {
            // Of gateways that end all their streams alike.
            return List.of(new ModelEvent.Ended());
        }
        JsonNode json = parsed(event, data);
        String type = json.path("type").asText(event.type());
        List<ModelEvent> events = new ArrayList<>();
        switch (type) {
            case "message_start" -> count(json.path("message").path("usage"), false, events);
            case "content_block_start" -> begin(json.path("index").asInt(), json.path("content_block"), events);
            case "content_block_delta" -> delta(json.path("index").asInt(), json.path("delta"), events);
            case "content_block_stop" -> end(json.path("index").asInt(), events);
            case "message_delta" -> {
                JsonNode reason = json.path("delta").path("stop_reason");
                if (reason.isTextual()) {
                    FinishReasons.of(reason.asText()).ifPresent(events::add);
                }
                count(json.path("usage"), true, events);
            }
            case "message_stop" -> events.add(new ModelEvent.Ended());
            case "error" -> events.add(new ModelEvent.Failed(ServerError.of(json)));
            default -> {
                if (ServerError.isError(json)) {
                    events.add(new ModelEvent.Failed(ServerError.of(json)));
                }
            }
        }
        return events;
    }

    private static JsonNode parsed(SseEvent event, String data) {
        try {
            JsonNode json = MAPPER.readTree(data);
            if (json.isObject()) {
                return json;
            }
            if (json.isNull()) {
                return MAPPER.createObjectNode();
            }
        } catch (JsonProcessingException e) {
            if (event.type().equals("error")) {
                return MAPPER.createObjectNode().put("type", "error").put("message", data);
            }
        }
        throw new UnreadableEventException("the model server sent something that is not its protocol");
    }

    private void begin(int index, JsonNode block, List<ModelEvent> events) {
        String type = block.path("type").asText();
        blocks.put(index, new Block(type, block.path("input")));
        switch (type) {
            case "text" -> text(block.path("text"), events);
            case "thinking" -> {
                thoughts.put(index, ((ObjectNode) block).deepCopy());
                reasoning(block.path("thinking"), events);
            }
            case "redacted_thinking" -> thoughts.put(index, ((ObjectNode) block).deepCopy());
            case "tool_use" -> call(index, block.path("id"), block.path("name"), null, events);
            default -> {} // Of tools that the server runs by itself.
        }
    }

    private void delta(int index, JsonNode delta, List<ModelEvent> events) {
        Block block = blocks.get(index);
        switch (type(delta)) {
            case "text_delta" -> text(delta.path("text"), events);
            case "thinking_delta" -> {
                thought(index, "thinking", delta.path("thinking"));
                reasoning(delta.path("thinking"), events);
            }
            case "signature_delta" -> thought(index, "signature", delta.path("signature"));
            case "input_json_delta" -> {
                if (block == null) {
                    throw new UnreadableEventException(
                            "the model server sent arguments of a tool call that had not begun");
                }
                if (block.type().equals("tool_use")) {
                    call(index, MAPPER.missingNode(), MAPPER.missingNode(), delta.path("partial_json"), events);
                }
            }
            default -> {}
        }
    }

    /** Gateways leave it out, and what a delta has in it says as much. */
    private static String type(JsonNode delta) {
        if (delta.has("type")) {
            return delta.path("type").asText();
        }
        return delta.has("text") ? "text_delta" : delta.has("thinking") ? "thinking_delta" : "";
    }

    private void thought(int index, String member, JsonNode piece) {
        ObjectNode block = thoughts.computeIfAbsent(
                index, _ -> MAPPER.createObjectNode().put("type", "thinking").put("thinking", ""));
        block.put(member, words(block.path(member)) + words(piece));
    }

    private void end(int index, List<ModelEvent> events) {
        Block block = blocks.remove(index);
        if (block != null && block.type().equals("tool_use")) {
            given(index, block, events);
            calls.ended(index, events);
        }
    }

    /** A tool's input that came with its block's beginning, as gateways send it. */
    private void given(int index, Block block, List<ModelEvent> events) {
        if (block.given().isObject() && !block.given().isEmpty() && !calls.hasArguments(index)) {
            call(index, MAPPER.missingNode(), MAPPER.missingNode(), block.given(), events);
        }
    }

    private void call(int index, JsonNode id, JsonNode name, @Nullable JsonNode arguments, List<ModelEvent> events) {
        ObjectNode piece = MAPPER.createObjectNode().put("index", index).put("id", words(id));
        ObjectNode function = piece.putObject("function").put("name", words(name));
        if (arguments != null) {
            function.set("arguments", arguments);
        }
        calls.take(piece, events);
    }

    private static void text(JsonNode said, List<ModelEvent> events) {
        String piece = words(said);
        if (!piece.isEmpty()) {
            events.add(new ModelEvent.Text(piece));
        }
    }

    private static void reasoning(JsonNode said, List<ModelEvent> events) {
        String piece = words(said);
        if (!piece.isEmpty()) {
            events.add(new ModelEvent.Reasoning(piece));
        }
    }

    private static String words(JsonNode said) {
        return said.isTextual() ? said.asText() : "";
    }

    /**
     * The end tells again what is new; the beginning's counts stay where it does not.
     *
     * @param output whether the output is counted: at the beginning it is what is there so far, and says nothing of the whole
     */
    private void count(JsonNode counted, boolean output, List<ModelEvent> events) {
        counted.properties().forEach(count -> {
            if (count.getValue().isNumber() && (output || !count.getKey().equals("output_tokens"))) {
                counts.set(count.getKey(), count.getValue());
            }
        });
        TokenUsage.ofMessages(counts).ifPresent(usage -> events.add(new ModelEvent.Counted(usage)));
    }

    @Override
    public List<ModelEvent> readWhole(JsonNode json) {
        JsonNode content = json.path("content");
        if (!json.path("type").asText().equals("message") || !content.isArray()) {
            return List.of();
        }
        List<ModelEvent> events = new ArrayList<>();
        for (int index = 0; index < content.size(); index++) {
            begin(index, content.path(index), events);
            end(index, events);
        }
        count(json.path("usage"), true, events);
        FinishReasons.of(json.path("stop_reason").asText("")).ifPresent(events::add);
        events.add(new ModelEvent.Ended());
        return events;
    }

    @Override
    public List<ModelEvent> whole() {
        List<ModelEvent> events = new ArrayList<>();
        blocks.forEach((index, block) -> {
            if (block.type().equals("tool_use")) {
                given(index, block, events);
            }
        });
        events.addAll(calls.whole());
        thoughts.values().stream()
                // Without its signature, reasoning is not taken back.
                .filter(block -> block.has("signature") || block.has("data"))
                .forEach(block -> events.add(new ModelEvent.Extra(
                        List.of("thinking"), MAPPER.createArrayNode().add(block))));
        return events;
    }
}
