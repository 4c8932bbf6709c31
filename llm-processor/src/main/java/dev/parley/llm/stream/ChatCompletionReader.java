package dev.parley.llm.stream;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Reads OpenAI's chat completion chunks as model servers and gateways really send them: members that are null, missing, at
 * another place or under another name; errors among them; events of other kinds between them.
 *
 * @see <a href="https://platform.openai.com/docs/api-reference/chat-streaming">OpenAI: Chat completion chunks</a>
 */
public final class ChatCompletionReader implements AnswerReader {

    /** Python writes probabilities as it does its own numbers, of which JSON has not all. */
    private static final ObjectMapper MAPPER = JsonMapper.builder()
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            .build();

    /** Under which names a delta's reasoning comes: the same in all of them where there are several. */
    private static final List<String> REASONING =
            List.of("reasoning_content", "reasoning", "thinking", "reasoning_text");

    /** Members of a delta that have to be sent back as they are. */
    private static final List<String> EXTRAS = List.of(
            "reasoning_details", "thinking_blocks", "extra_content", "provider_specific_fields", "reasoning_signature");

    private final ToolCalls calls;
    private final @Nullable ThinkTags tags;
    private @Nullable Integer choice;
    /** Whether anything came as a delta. */
    private boolean deltas;

    /** How reasoning comes in the text. */
    public enum Thinking {
        /** It does not. */
        APART,
        /** Between {@code <think>} and {@code </think>}, at the beginning. */
        TAGGED,
        /** From the beginning on, up to {@code </think>}. */
        OPENED
    }

    /**
     * A reader of one answer.
     *
     * @param ids for the tool call at each position, where the server gives it none
     */
    public ChatCompletionReader(Thinking thinking, IntFunction<String> ids) {
        this.calls = new ToolCalls(ids);
        this.tags = switch (thinking) {
            case APART -> null;
            case TAGGED -> new ThinkTags(false);
            case OPENED -> new ThinkTags(true);
        };
    }

    @Override
    public List<ModelEvent> read(SseEvent event) {
        String data = event.data().strip();
        if (event.type().equals("error")) {
            return List.of(new ModelEvent.Failed(ServerError.ofBody(data)));
        }
        if (data.isEmpty() || AnswerReader.isSignOfLife(event)) {
            return List.of();
        }
        if (AnswerReader.isDone(data)) {
            return List.of(new ModelEvent.Ended());
        }
        List<ModelEvent> events = new ArrayList<>();
        JsonNode json = parsed(data);
        if (json.isArray()) {
            json.forEach(each -> chunk(each, events));
        } else {
            chunk(json, events);
        }
        return events;
    }

    private static JsonNode parsed(String data) {
        try {
            return MAPPER.readTree(data);
        } catch (JsonProcessingException e) {
            throw new UnreadableEventException("the model server sent something that is not its protocol");
        }
    }

    private void chunk(JsonNode chunk, List<ModelEvent> events) {
        if (chunk.isNull()) {
            return;
        }
        if (!chunk.isObject()) {
            throw new UnreadableEventException("the model server sent something that is not its protocol");
        }
        JsonNode choices = chunk.path("choices");
        JsonNode ours = ours(choices.isObject() ? List.of(choices) : choices);
        Optional<ModelEvent> end = ours.isMissingNode() ? Optional.empty() : choice(ours, events);
        if (end.isEmpty() && chunk.hasNonNull("finish_reason")) {
            end = finish(chunk.path("finish_reason"));
        }
        if (ServerError.isError(chunk)) {
            events.add(new ModelEvent.Failed(ServerError.of(chunk)));
            return;
        }
        JsonNode error = ours.path("error");
        if (error.isObject() && !error.isEmpty()) {
            events.add(new ModelEvent.Failed(ServerError.of(ours)));
            return;
        }
        end.ifPresent(events::add);
        usage(chunk, ours).ifPresent(usage -> events.add(new ModelEvent.Counted(usage)));
    }

    /** The choice that is read: one was asked for, so it is the first that comes. */
    private JsonNode ours(Iterable<JsonNode> choices) {
        for (JsonNode each : choices) {
            int index = each.path("index").asInt();
            if (each.isObject() && (choice == null || choice == index)) {
                choice = index;
                return each;
            }
        }
        return MAPPER.missingNode();
    }

    private Optional<ModelEvent> choice(JsonNode ours, List<ModelEvent> events) {
        JsonNode delta = delta(ours);
        reasoning(delta, events);
        content(delta.has("content") ? delta.path("content") : ours.path("text"), events);
        JsonNode refusal = delta.path("refusal");
        if (refusal.isTextual() && !refusal.asText().isEmpty()) {
            events.add(new ModelEvent.Refusal(refusal.asText()));
        }
        if (delta.hasNonNull("tool_calls")) {
            calls.take(delta.path("tool_calls"), events);
        }
        if (delta.path("function_call").isObject()) {
            calls.takeFunction(delta.path("function_call"), events);
        }
        for (String member : EXTRAS) {
            if (delta.hasNonNull(member)
                    && !(delta.path(member).isContainerNode()
                            && delta.path(member).isEmpty())) {
                events.add(new ModelEvent.Extra(List.of(member), delta.path(member)));
            }
        }
        JsonNode reason = ours.hasNonNull("finish_reason") ? ours.path("finish_reason") : delta.path("finish_reason");
        return finish(reason);
    }

    /** What a choice says now: after deltas, a message in their place says once more what they said. */
    private JsonNode delta(JsonNode ours) {
        JsonNode delta = ours.path("delta");
        if (delta.isObject()) {
            deltas |= !delta.isEmpty();
            return delta;
        }
        return deltas ? MAPPER.missingNode() : ours.path("message");
    }

    private static Optional<ModelEvent> finish(JsonNode said) {
        JsonNode reason = said.isObject() ? said.path(said.has("type") ? "type" : "reason") : said;
        return reason.isTextual() || reason.isNumber() ? FinishReasons.of(reason.asText()) : Optional.empty();
    }

    private void reasoning(JsonNode delta, List<ModelEvent> events) {
        StringBuilder text = new StringBuilder();
        for (String member : REASONING) {
            if (text.isEmpty()) {
                appendText(delta.path(member), text);
            }
        }
        if (text.isEmpty()) {
            // OpenRouter tells the same once more, piece by piece; some that imitate it tell it here alone.
            for (JsonNode detail : delta.path("reasoning_details")) {
                appendText(detail.has("text") ? detail.path("text") : detail.path("summary"), text);
            }
        }
        if (!text.isEmpty()) {
            events.add(new ModelEvent.Reasoning(text.toString()));
        }
    }

    private void content(JsonNode content, List<ModelEvent> events) {
        if (content.isArray()) {
            content.forEach(part -> part(part, events));
        } else if (content.isObject()) {
            part(content, events);
        } else if (content.isValueNode() && !content.isNull()) {
            text(content.asText(), events);
        }
    }

    private void part(JsonNode part, List<ModelEvent> events) {
        if (part.isTextual()) {
            text(part.asText(), events);
            return;
        }
        StringBuilder words = new StringBuilder();
        switch (part.path("type").asText("text")) {
            case "thinking", "reasoning" -> {
                appendText(part.has("thinking") ? part.path("thinking") : part.path("reasoning"), words);
                if (words.isEmpty()) {
                    appendText(part.path("text"), words);
                }
                if (!words.isEmpty()) {
                    events.add(new ModelEvent.Reasoning(words.toString()));
                }
            }
            case "refusal" -> {
                appendText(part.path("refusal"), words);
                if (!words.isEmpty()) {
                    events.add(new ModelEvent.Refusal(words.toString()));
                }
            }
            case "text", "output_text" -> {
                appendText(part.path("text"), words);
                text(words.toString(), events);
            }
            // An image, a reference: not text, and yet said.
            default ->
                events.add(new ModelEvent.Extra(
                        List.of("content"), MAPPER.createArrayNode().add(part)));
        }
        if (part.hasNonNull("signature")) {
            events.add(new ModelEvent.Extra(
                    List.of("content"), MAPPER.createArrayNode().add(part)));
        }
    }

    private static void appendText(JsonNode said, StringBuilder text) {
        if (said.isTextual()) {
            text.append(said.asText());
        } else if (said.isArray()) {
            said.forEach(each -> appendText(each, text));
        } else if (said.isObject()) {
            appendText(said.path(said.has("text") ? "text" : said.has("content") ? "content" : "value"), text);
        }
    }

    private void text(String piece, List<ModelEvent> events) {
        if (piece.isEmpty()) {
            return;
        }
        if (tags == null) {
            events.add(new ModelEvent.Text(piece));
        } else {
            events.addAll(tags.take(piece));
        }
    }

    private static Optional<TokenUsage> usage(JsonNode chunk, JsonNode ours) {
        for (JsonNode place : List.of(
                chunk.path("usage"),
                ours.path("usage"),
                ours.path("delta").path("usage"),
                chunk.path("x_groq").path("usage"))) {
            Optional<TokenUsage> usage = TokenUsage.ofChatCompletions(place);
            if (usage.isPresent()) {
                return usage;
            }
        }
        return TokenUsage.ofTimings(chunk.path("timings"));
    }

    @Override
    public List<ModelEvent> readWhole(JsonNode json) {
        JsonNode first = json.path("choices").path(0);
        if (!first.path("message").isObject() && !first.path("text").isTextual()) {
            return List.of();
        }
        List<ModelEvent> events = new ArrayList<>();
        chunk(json, events);
        events.add(new ModelEvent.Ended());
        return events;
    }

    @Override
    public List<ModelEvent> whole() {
        List<ModelEvent> events = new ArrayList<>();
        if (tags != null) {
            events.addAll(tags.rest());
        }
        events.addAll(calls.whole());
        return events;
    }
}
