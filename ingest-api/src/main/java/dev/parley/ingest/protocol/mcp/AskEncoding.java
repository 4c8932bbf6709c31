package dev.parley.ingest.protocol.mcp;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.Source;
import dev.parley.ingest.answer.AnswerEncoding;
import dev.parley.ingest.answer.AnswerReader;
import dev.parley.ingest.answer.AnswerReader.Step;
import dev.parley.ingest.answer.SseJson;
import dev.parley.ingest.http.Json;
import dev.parley.sinks.json.NativeJson;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * A question's turn as what a request is told: how far it has come, where its client wants to know, and its result. Progress is
 * the characters said; its message is what was said since the last, so that the messages together begin the answer.
 */
final class AskEncoding extends AnswerEncoding {

    private static final Duration HEARTBEAT = Duration.ofSeconds(15);

    /** A client is told of progress once for so many characters. */
    private static final int STRIDE = 80;

    private final JsonNode id;
    private final Optional<JsonNode> progressToken;
    private final String conversation;
    private final BooleanSupplier cancelled;
    private final StringBuilder news = new StringBuilder();
    private long progress;
    private Optional<ObjectNode> response = Optional.empty();

    /**
     * One that has told nothing yet.
     *
     * @param cancelled whether the client gave the request up: it is not answered then
     */
    AskEncoding(
            JsonNode id,
            Optional<JsonNode> progressToken,
            String conversation,
            String turnId,
            BooleanSupplier cancelled) {
        super(new AnswerReader(turnId, true), HEARTBEAT);
        this.id = id;
        this.progressToken = progressToken;
        this.conversation = conversation;
        this.cancelled = cancelled;
    }

    /** What the request is answered with; empty where it is not, or not yet. */
    Optional<ObjectNode> response() {
        return response;
    }

    @Override
    protected void tell(Step step) {
        switch (step) {
            case Step.Accepted accepted -> progress("The question has joined the conversation.");
            case Step.Begun begun -> {}
            case Step.Retrieved(List<Source> sources) -> progress("Passages found: " + sources.size() + ".");
            case Step.Attempted attempted -> {}
            case Step.Reasoning reasoning -> {}
            case Step.Text(String piece) -> said(piece);
            case Step.Refusal(String piece) -> said(piece);
            case Step.Restarted restarted -> {
                news.setLength(0);
                progress("The answer starts again.");
            }
            case Step.CallBegun _,
                    Step.CallArguments _,
                    Step.Called _ -> {} // Nobody here could make it: told at the end.
            case Step.Completed(MessageCompleted completed, var time) -> end(completed(completed));
            case Step.Failed(var failed, var time) ->
                end(Tool.failure(
                        failed.getDetail() + " (" + failed.getCode() + ", conversation " + conversation + ")"));
            case Step.Cancelled stopped ->
                end(Tool.failure("The answer was stopped (conversation " + conversation + ")"));
            case Step.Rejected(var rejected) ->
                end(Tool.failure(rejected.getDetail() + " (" + rejected.getCode() + ")"));
            case Step.Lost(String reason) ->
                end(Tool.failure(
                        "What happened cannot be read now: " + reason + " (conversation " + conversation + ")"));
        }
    }

    private void said(String piece) {
        news.append(piece);
        if (news.length() >= STRIDE) {
            String message = news.toString();
            news.setLength(0);
            tell(message.length(), message);
        }
    }

    private void progress(String message) {
        tell(1, message);
    }

    private void tell(int steps, String message) {
        progress += steps;
        progressToken.ifPresent(token -> {
            ObjectNode params = Json.object();
            params.set("progressToken", token);
            send(SseJson.of(
                    "message",
                    Rpc.notification(
                            "notifications/progress",
                            params.put("progress", progress).put("message", message))));
        });
    }

    private ObjectNode completed(MessageCompleted completed) {
        if (!completed.getToolCalls().isEmpty() && completed.getContent().isBlank()) {
            return Tool.failure("The assistant asked for tools, which cannot be called from here (conversation "
                    + conversation + ")");
        }
        ObjectNode structured = Json.object()
                .put("answer", completed.getContent())
                .put("conversation", conversation)
                .put("messageId", completed.getMessageId())
                .put("finishReason", completed.getFinishReason());
        structured.set("sources", NativeJson.tree(json -> NativeJson.sources(json, completed.getSources())));
        ObjectNode result = Tool.result(completed.getContent(), structured);
        StringBuilder more = new StringBuilder();
        for (Source source : completed.getSources()) {
            more.append("Source: ").append(source.getTitle());
            if (source.getUri() != null) {
                more.append(", ").append(source.getUri());
            }
            more.append('\n');
        }
        more.append("Conversation: ").append(conversation);
        ((ArrayNode) result.path("content")).addObject().put("type", "text").put("text", more.toString());
        return result;
    }

    private void end(ObjectNode result) {
        if (!cancelled.getAsBoolean()) {
            ObjectNode message = Rpc.result(id, result);
            response = Optional.of(message);
            send(SseJson.of("message", message));
        }
        finish();
    }
}
