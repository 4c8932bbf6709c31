package dev.parley.ingest.protocol.openai;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.chat.v1.MessageAccepted;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.ToolCall;
import dev.parley.ingest.door.Exchanges;
import dev.parley.ingest.http.Json;
import java.util.ArrayList;
import java.util.List;

/** What a model was given, as items of OpenAI's API. */
final class PromptItems {

    private PromptItems() {}

    /** The items of one message, without ids: what an assistant said, then what it called. */
    static List<ObjectNode> of(PromptMessage message) {
        List<ObjectNode> items = new ArrayList<>();
        switch (message.getRole()) {
            case USER, SYSTEM -> items.add(input(message));
            case ASSISTANT -> {
                if (!message.getContent().isEmpty() || message.getToolCalls().isEmpty()) {
                    ObjectNode item = message("assistant");
                    item.putArray("content").add(ResponseItems.textPart(message.getContent()));
                    items.add(item);
                }
                message.getToolCalls().forEach(call -> items.add(call(call)));
            }
            case TOOL -> {
                ObjectNode item = item("function_call_output").put("call_id", message.getToolCallId());
                items.add(
                        message.getAttachments().isEmpty()
                                ? item.put("output", message.getContent())
                                : item.set("output", MessageParts.ofResponses(message)));
            }
        }
        return items;
    }

    private static ObjectNode input(PromptMessage message) {
        ObjectNode item = message(message.getRole() == dev.parley.chat.v1.Role.USER ? "user" : "system");
        return item.set("content", MessageParts.ofResponses(message));
    }

    private static ObjectNode message(String role) {
        return item("message").put("role", role);
    }

    private static ObjectNode call(ToolCall call) {
        return item("function_call")
                .put("call_id", call.getId())
                .put("name", call.getName())
                .put("arguments", call.getArguments());
    }

    private static ObjectNode item(String type) {
        return Json.object().put("type", type).put("status", "completed");
    }

    /**
     * The input of a turn: what was sent along, and what is asked, each item with its id.
     *
     * @param passedOver how many messages of those that were sent along to leave out, from the first on
     */
    static List<ObjectNode> of(ResponseId response, MessageAccepted accepted, int passedOver) {
        List<PromptMessage> messages = Exchanges.asked(accepted);
        List<ObjectNode> items = new ArrayList<>();
        int number = 0;
        for (int i = 0; i < messages.size(); i++) {
            for (ObjectNode item : of(messages.get(i))) {
                String id = response.inputItem(number++);
                if (i >= passedOver) {
                    items.add(Json.object().put("id", id).setAll(item));
                }
            }
        }
        return items;
    }
}
