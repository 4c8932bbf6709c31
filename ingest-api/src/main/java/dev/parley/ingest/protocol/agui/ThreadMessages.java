package dev.parley.ingest.protocol.agui;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.chat.v1.Attachment;
import dev.parley.chat.v1.CallerPrompt;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.ConversationFact;
import dev.parley.chat.v1.MessageAccepted;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.MessageRejected;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.ToolCall;
import dev.parley.chat.v1.TurnCancelled;
import dev.parley.chat.v1.TurnFailed;
import dev.parley.chat.v1.TurnPreparation;
import dev.parley.chat.v1.TurnStarted;
import dev.parley.chat.v1.Unknown;
import dev.parley.ingest.door.Exchanges;
import dev.parley.ingest.http.Json;
import dev.parley.schemas.files.Attachments;
import dev.parley.schemas.files.Shown;
import dev.parley.sinks.json.NativeJson;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The messages of a conversation's active branch as a thread has them: under the ids that its client knows, each question with
 * its answer there, an answer's thoughts before its text. Messages that were brought along have no ids of their own here, and are
 * named after the one that brought them.
 */
final class ThreadMessages {

    private final String running;
    private final boolean thoughts;

    /** By the id of the question. */
    private final Map<String, Exchange> exchanges = new LinkedHashMap<>();

    private final Map<String, String> questionOfAnswer = new HashMap<>();
    private final Set<String> shown = new HashSet<>();
    private final Set<String> activeAnswers;

    /** Questions that were answered on other branches alone. */
    private final Set<String> elsewhere;

    private static final class Exchange {
        private final List<ObjectNode> question = new ArrayList<>();
        private List<ObjectNode> answer = List.of();
    }

    private ThreadMessages(List<ConversationEvent> events, String running, boolean thoughts) {
        this.running = running;
        this.thoughts = thoughts;
        this.activeAnswers = Exchanges.of(events).activeAnswers();
        this.elsewhere = questionsAnswered(events, false);
        elsewhere.removeAll(questionsAnswered(events, true));
    }

    private Set<String> questionsAnswered(List<ConversationEvent> events, boolean here) {
        Set<String> questions = new HashSet<>();
        for (ConversationEvent event : events) {
            if (event.getBody() instanceof TurnStarted started
                    && activeAnswers.contains(started.getAssistantMessageId()) == here) {
                questions.add(started.getUserMessageId());
            }
        }
        return questions;
    }

    /**
     * The messages after {@code events}.
     *
     * @param running the answer that is to be told after them, which is there without a word; empty: none is
     * @param thoughts whether that answer has thoughts
     */
    static ArrayNode of(List<ConversationEvent> events, String running, boolean thoughts) {
        ThreadMessages thread = new ThreadMessages(events, running, thoughts);
        events.forEach(thread::take);
        ArrayNode messages = Json.MAPPER.createArrayNode();
        thread.exchanges.values().forEach(exchange -> {
            exchange.question.forEach(messages::add);
            exchange.answer.forEach(messages::add);
        });
        return messages;
    }

    private void take(ConversationEvent event) {
        switch (event.getBody()) {
            case MessageAccepted accepted -> question(accepted);
            case TurnStarted started -> {
                questionOfAnswer.put(started.getAssistantMessageId(), started.getUserMessageId());
                if (started.getAssistantMessageId().equals(running)) {
                    exchange(running).answer = answer(running, "", thoughts ? "" : null, List.of());
                }
            }
            case MessageCompleted completed ->
                answered(
                        completed.getMessageId(),
                        answer(
                                completed.getMessageId(),
                                completed.getContent(),
                                completed.getReasoning(),
                                completed.getToolCalls()));
            case TurnFailed failed -> brokenOff(failed.getMessageId(), failed.getContent());
            case TurnCancelled cancelled -> brokenOff(cancelled.getMessageId(), cancelled.getContent());
            case ConversationFact _, TurnPreparation _, MessageRejected _, Unknown _ -> {} // No message of a thread.
        }
    }

    private void question(MessageAccepted accepted) {
        if (elsewhere.contains(accepted.getMessageId())) {
            return;
        }
        Exchange exchange = new Exchange();
        exchanges.put(accepted.getMessageId(), exchange);
        CallerPrompt prompt = accepted.getPrompt();
        String clients = accepted.getMetadata().getOrDefault(Runs.REPEATS, accepted.getMessageId());
        String id = shown.add(clients) ? clients : accepted.getMessageId(); // A thread has an id once.
        if (prompt != null) {
            for (int i = 0; i < prompt.getContext().size(); i++) {
                exchange.question.add(message(
                        accepted.getMessageId() + "-" + i, prompt.getContext().get(i)));
            }
        }
        exchange.question.add(message(
                id,
                new PromptMessage(
                        accepted.getRole(),
                        accepted.getContent(),
                        List.of(),
                        prompt == null ? null : prompt.getToolCallId(),
                        null,
                        prompt == null ? List.of() : prompt.getAttachments())));
    }

    /** Its text and what is shown beside it as parts, in their order; of a file that is here, the URL. */
    private static ArrayNode content(PromptMessage message) {
        ArrayNode parts = Json.MAPPER.createArrayNode();
        for (Shown piece : Shown.of(message.getContent(), message.getAttachments())) {
            switch (piece) {
                case Shown.Words(String text) ->
                    parts.addObject().put("type", "text").put("text", text);
                case Shown.File(Attachment attachment) ->
                    parts.addObject()
                            .put("type", Attachments.isImage(attachment) ? "image" : "document")
                            .putObject("source")
                            .put("type", "url")
                            .put("value", NativeJson.url(attachment).orElse(null))
                            .put("mimeType", attachment.getMediaType());
            }
        }
        return parts;
    }

    private static ObjectNode message(String id, PromptMessage message) {
        ObjectNode json = switch (message.getRole()) {
            case SYSTEM -> json(id, "system");
            case USER -> json(id, "user");
            case ASSISTANT -> json(id, "assistant");
            case TOOL -> json(id, "tool").put("toolCallId", String.valueOf(message.getToolCallId()));
        };
        if (message.getAttachments().isEmpty()) {
            json.put("content", message.getContent());
        } else {
            json.set("content", content(message));
        }
        calls(json, message.getToolCalls());
        return json;
    }

    private static ObjectNode json(String id, String role) {
        return Json.object().put("id", id).put("role", role);
    }

    private Exchange exchange(String answerId) {
        return exchanges.computeIfAbsent(questionOfAnswer.getOrDefault(answerId, answerId), any -> new Exchange());
    }

    private void answered(String answerId, List<ObjectNode> messages) {
        if (!answerId.equals(running) && activeAnswers.contains(answerId)) {
            exchange(answerId).answer = messages;
        }
    }

    private void brokenOff(String answerId, String content) {
        answered(answerId, content.isEmpty() ? List.of() : answer(answerId, content, null, List.of()));
    }

    private static List<ObjectNode> answer(
            String id, String content, @Nullable String reasoning, List<ToolCall> calls) {
        List<ObjectNode> messages = new ArrayList<>();
        if (reasoning != null) {
            messages.add(json(RunEvents.reasoningId(id), "reasoning").put("content", reasoning));
        }
        ObjectNode answer = json(id, "assistant").put("content", content);
        calls(answer, calls);
        messages.add(answer);
        return messages;
    }

    private static void calls(ObjectNode message, List<ToolCall> calls) {
        if (!calls.isEmpty()) {
            ArrayNode list = message.putArray("toolCalls");
            calls.forEach(call -> list.addObject()
                    .put("id", call.getId())
                    .put("type", "function")
                    .putObject("function")
                    .put("name", call.getName())
                    .put("arguments", call.getArguments()));
        }
    }
}
