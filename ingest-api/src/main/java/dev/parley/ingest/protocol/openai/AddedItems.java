package dev.parley.ingest.protocol.openai;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.ingest.http.Json;
import dev.parley.ingest.http.JsonBody;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** Items that callers add to a conversation without a turn, as they are kept: checked, and in the form in which they are told. */
final class AddedItems {

    private static final int MAX_PARTS = 1_000;

    private AddedItems() {}

    /**
     * What one item comes to: itself, or what a reference stands for.
     *
     * @param references finds the messages that a reference to an item of an earlier response stands for
     */
    static List<ObjectNode> of(JsonBody item, Function<String, List<PromptMessage>> references) {
        return switch (item.text("type").orElse("message")) {
            case "reasoning" -> List.of(reasoning(item));
            case Compaction.TYPE -> List.of(Compaction.of(item).json());
            default -> {
                ContentParts.refuseAttached(
                        item, "content", "must be of text: images and files come with a response's own input alone");
                yield ResponseRequest.messages(List.of(item), references).stream()
                        .flatMap(message -> PromptItems.of(message).stream())
                        .toList();
            }
        };
    }

    /** Thoughts that a model had elsewhere; models are not shown them, callers get them back. */
    private static ObjectNode reasoning(JsonBody item) {
        ObjectNode kept = Json.object().put("type", "reasoning");
        ArrayNode summary = kept.putArray("summary");
        texts(item, "summary").forEach(text -> summary.add(ResponseItems.summaryPart(text)));
        List<String> content = texts(item, "content");
        if (!content.isEmpty()) {
            ArrayNode parts = kept.putArray("content");
            content.forEach(
                    text -> parts.addObject().put("type", "reasoning_text").put("text", text));
        }
        item.text("encrypted_content").ifPresent(opaque -> kept.put("encrypted_content", opaque));
        item.pass("id");
        item.pass("status");
        item.unusedRest(ChatCompletionRequest.MEANINGFUL);
        return kept;
    }

    private static List<String> texts(JsonBody item, String name) {
        List<String> texts = new ArrayList<>();
        for (JsonBody part : item.objects(name, MAX_PARTS)) {
            part.pass("type");
            texts.add(part.requiredText("text"));
            part.unusedRest(ChatCompletionRequest.MEANINGFUL);
        }
        return texts;
    }
}
