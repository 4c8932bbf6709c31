package dev.parley.ingest.protocol.nativeapi;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.Source;
import dev.parley.chat.v1.ToolCall;
import dev.parley.chat.v1.Usage;
import dev.parley.sinks.postgres.ConversationSnapshot;
import dev.parley.sinks.postgres.ConversationSnapshot.ActiveTurn;
import dev.parley.sinks.postgres.ConversationSnapshot.Message;
import dev.parley.sinks.postgres.ConversationSnapshot.Summary;
import java.util.List;
import java.util.Locale;

/** The JSON of the native API's answers: the same shapes wherever a thing is told of. */
public final class Views {

    public static final ObjectMapper MAPPER = new ObjectMapper();

    private Views() {}

    static ObjectNode conversation(Summary summary) {
        ObjectNode json = MAPPER.createObjectNode().put("id", summary.id());
        json.put("title", summary.title().orElse(null));
        json.put("workspaceId", summary.workspaceId());
        ObjectNode metadata = json.putObject("metadata");
        summary.metadata().forEach(metadata::put);
        return json.put("createdAt", summary.createdAt().toString())
                .put("updatedAt", summary.updatedAt().toString())
                .put("messageCount", summary.messageCount());
    }

    public static ObjectNode snapshot(ConversationSnapshot snapshot) {
        ObjectNode json = conversation(snapshot.conversation());
        json.set("messages", messages(snapshot.messages()));
        snapshot.activeTurn().ifPresent(turn -> json.set("activeTurn", activeTurn(turn)));
        return json.put("cursor", Long.toString(snapshot.cursor()));
    }

    static ArrayNode messages(List<Message> messages) {
        ArrayNode json = MAPPER.createArrayNode();
        messages.forEach(message -> json.add(message(message)));
        return json;
    }

    static ObjectNode message(Message message) {
        ObjectNode json = MAPPER.createObjectNode()
                .put("id", message.id())
                .put("turnId", message.turnId())
                .put("role", wire(message.role()))
                .put("content", message.content());
        message.reasoning().ifPresent(reasoning -> json.put("reasoning", reasoning));
        json.put("status", wire(message.status()))
                .put("createdAt", message.createdAt().toString());
        message.completedAt().ifPresent(at -> json.put("completedAt", at.toString()));
        message.finishReason().ifPresent(reason -> json.put("finishReason", reason));
        message.usage().ifPresent(usage -> json.set("usage", usage(usage)));
        if (!message.toolCalls().isEmpty()) {
            json.set("toolCalls", toolCalls(message.toolCalls()));
        }
        if (!message.context().isEmpty()) {
            json.set("context", context(message.context()));
        }
        if (!message.sources().isEmpty()) {
            json.set("sources", sources(message.sources()));
        }
        message.engine().ifPresent(engine -> json.put("engine", engine));
        message.model().ifPresent(model -> json.put("model", model));
        message.failure()
                .ifPresent(failure ->
                        json.putObject("error").put("code", failure.code()).put("detail", failure.detail()));
        message.feedback().ifPresent(feedback -> {
            ObjectNode rating = json.putObject("feedback").put("rating", feedback.rating());
            feedback.comment().ifPresent(comment -> rating.put("comment", comment));
        });
        return json;
    }

    private static ObjectNode activeTurn(ActiveTurn turn) {
        return MAPPER.createObjectNode()
                .put("turnId", turn.turnId())
                .put("userMessageId", turn.userMessageId())
                .put("assistantMessageId", turn.assistantMessageId())
                .put("startedAt", turn.startedAt().toString());
    }

    public static ObjectNode usage(Usage usage) {
        ObjectNode json = MAPPER.createObjectNode()
                .put("inputTokens", usage.getInputTokens())
                .put("outputTokens", usage.getOutputTokens())
                .put("basis", wire(usage.getBasis()));
        if (usage.getCostMicros() != null) {
            json.put("costMicros", usage.getCostMicros());
        }
        return json;
    }

    private static ArrayNode context(List<PromptMessage> messages) {
        ArrayNode json = MAPPER.createArrayNode();
        for (PromptMessage message : messages) {
            ObjectNode entry =
                    json.addObject().put("role", wire(message.getRole())).put("content", message.getContent());
            if (!message.getToolCalls().isEmpty()) {
                entry.set("toolCalls", toolCalls(message.getToolCalls()));
            }
            if (message.getToolCallId() != null) {
                entry.put("toolCallId", message.getToolCallId());
            }
        }
        return json;
    }

    private static ArrayNode toolCalls(List<ToolCall> calls) {
        ArrayNode json = MAPPER.createArrayNode();
        for (ToolCall call : calls) {
            json.addObject().put("id", call.getId()).put("name", call.getName()).put("arguments", call.getArguments());
        }
        return json;
    }

    static ArrayNode sources(List<Source> sources) {
        ArrayNode json = MAPPER.createArrayNode();
        for (Source source : sources) {
            ObjectNode entry =
                    json.addObject().put("sourceId", source.getSourceId()).put("title", source.getTitle());
            if (source.getUri() != null) {
                entry.put("uri", source.getUri());
            }
            entry.put("score", source.getScore());
        }
        return json;
    }

    public static String wire(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }
}
