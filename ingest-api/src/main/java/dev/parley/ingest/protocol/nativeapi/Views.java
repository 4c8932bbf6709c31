package dev.parley.ingest.protocol.nativeapi;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.Source;
import dev.parley.chat.v1.Upstream;
import dev.parley.chat.v1.Usage;
import dev.parley.ingest.http.Json;
import dev.parley.sinks.json.NativeJson;
import dev.parley.sinks.json.Said;
import dev.parley.sinks.postgres.ConversationSnapshot;
import dev.parley.sinks.postgres.ConversationSnapshot.ActiveTurn;
import dev.parley.sinks.postgres.ConversationSnapshot.Answer;
import dev.parley.sinks.postgres.ConversationSnapshot.Message;
import dev.parley.sinks.postgres.ConversationSnapshot.Sent;
import dev.parley.sinks.postgres.ConversationSnapshot.Summary;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The JSON of the native API's answers: the same shapes wherever a thing is told of. */
final class Views {

    private Views() {}

    static ObjectNode conversation(Summary summary) {
        ObjectNode json = Json.object().put("id", summary.id());
        json.put("title", summary.title().orElse(null));
        json.put("workspaceId", summary.workspaceId());
        ObjectNode metadata = json.putObject("metadata");
        summary.metadata().forEach(metadata::put);
        return json.put("createdAt", summary.createdAt().toString())
                .put("updatedAt", summary.updatedAt().toString())
                .put("messageCount", summary.messageCount());
    }

    /** With the messages of the active branch. */
    static ObjectNode snapshot(ConversationSnapshot snapshot) {
        return snapshot(snapshot, snapshot.messages());
    }

    /** With all messages of all branches, and the ids of those that are active. */
    static ObjectNode tree(ConversationSnapshot snapshot) {
        ObjectNode json = snapshot(snapshot, snapshot.tree().all());
        ArrayNode path = json.putArray("path");
        snapshot.messages().forEach(message -> path.add(message.id()));
        return json;
    }

    private static ObjectNode snapshot(ConversationSnapshot snapshot, List<Message> messages) {
        ObjectNode json = conversation(snapshot.conversation());
        json.set("messages", messages(messages));
        snapshot.activeTurn().ifPresent(turn -> json.set("activeTurn", activeTurn(turn)));
        return json.put("cursor", Long.toString(snapshot.cursor()));
    }

    static ArrayNode messages(List<Message> messages) {
        ArrayNode json = Json.MAPPER.createArrayNode();
        messages.forEach(message -> json.add(message(message)));
        return json;
    }

    static ObjectNode message(Message message) {
        Answer answer = message.answer();
        ObjectNode json = Json.object()
                .put("id", message.id())
                .put("turnId", message.turnId())
                .put("after", message.after().filter(id -> !id.isEmpty()).orElse(null))
                .put("role", NativeJson.name(message.role()))
                .put("content", message.content());
        Upstream upstream = answer.upstream().orElse(null);
        Said.of(message.content(), upstream).refusal().ifPresent(words -> json.put("refusal", words));
        answer.reasoning().ifPresent(reasoning -> json.put("reasoning", reasoning));
        json.put("status", NativeJson.name(message.status()))
                .put("createdAt", message.createdAt().toString());
        answer.completedAt().ifPresent(at -> json.put("completedAt", at.toString()));
        answer.finishReason().ifPresent(reason -> json.put("finishReason", reason));
        answer.usage().ifPresent(usage -> json.set("usage", usage(usage, upstream)));
        json.setAll(NativeJson.object(to -> NativeJson.upstream(to, upstream)));
        if (!answer.toolCalls().isEmpty()) {
            json.set("toolCalls", NativeJson.tree(to -> NativeJson.toolCalls(to, answer.toolCalls())));
        }
        List<PromptMessage> context = message.sent().map(Sent::context).orElse(List.of());
        if (!context.isEmpty()) {
            json.set("context", NativeJson.tree(to -> NativeJson.context(to, context)));
        }
        if (!answer.sources().isEmpty()) {
            json.set("sources", sources(answer.sources()));
        }
        answer.origin().ifPresent(origin -> json.put("engine", origin.engine()).put("model", origin.model()));
        answer.failure()
                .ifPresent(failure ->
                        json.putObject("error").put("code", failure.code()).put("detail", failure.detail()));
        message.feedback().ifPresent(feedback -> {
            ObjectNode rating = json.putObject("feedback").put("rating", feedback.rating());
            feedback.comment().ifPresent(comment -> rating.put("comment", comment));
        });
        return json;
    }

    private static ObjectNode activeTurn(ActiveTurn turn) {
        return Json.object()
                .put("turnId", turn.turnId())
                .put("userMessageId", turn.userMessageId())
                .put("assistantMessageId", turn.assistantMessageId())
                .put("startedAt", turn.startedAt().toString());
    }

    private static JsonNode usage(Usage usage, @Nullable Upstream upstream) {
        return NativeJson.tree(json -> NativeJson.usage(json, usage, NativeJson.details(upstream)));
    }

    private static JsonNode sources(List<Source> sources) {
        return NativeJson.tree(json -> NativeJson.sources(json, sources));
    }
}
