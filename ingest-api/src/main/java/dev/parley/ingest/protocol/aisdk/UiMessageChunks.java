package dev.parley.ingest.protocol.aisdk;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.chat.v1.MessageAccepted;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.Source;
import dev.parley.chat.v1.ToolCall;
import dev.parley.chat.v1.Upstream;
import dev.parley.chat.v1.Usage;
import dev.parley.ingest.answer.AnswerReader.Step;
import dev.parley.ingest.door.ShownPath;
import dev.parley.ingest.http.Json;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.sinks.json.NativeJson;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One answer as chunks of the AI SDK's UI message stream, of types that its versions 6 and 7 both know; with
 * {@code resets}, one that only 7 knows.
 */
final class UiMessageChunks {

    private static final ObjectReader ONE_VALUE =
            Json.MAPPER.reader().with(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private static final String REFUSAL = "refusal";

    private final ConversationKey conversation;
    private final String turnId;
    private final boolean resets;
    private String messageId = "";
    /** The message that this answer goes on with, as its client has it: one whose tools it has called. */
    private @Nullable String continued;

    private @Nullable String open;
    private int parts;
    private boolean over;

    /**
     * The chunks of an answer of which nothing has been told.
     *
     * @param resets whether the client knows {@code reset-step}, which takes back what was told of an answer; one that does
     *     not is told of an error, and reads the answer anew by resuming
     */
    UiMessageChunks(ConversationKey conversation, String turnId, boolean resets) {
        this.conversation = conversation;
        this.turnId = turnId;
        this.resets = resets;
    }

    /** Whether the last chunk has been made. */
    boolean isOver() {
        return over;
    }

    List<ObjectNode> of(Step step) {
        List<ObjectNode> chunks = new ArrayList<>();
        switch (step) {
            case Step.Accepted(MessageAccepted accepted, var time) ->
                continued = accepted.getMetadata().get(ShownPath.CONTINUED);
            case Step.Begun begun -> {
                messageId = begun.messageId();
                ObjectNode start = chunk("start").put("messageId", continued == null ? messageId : continued);
                metadata(start).put("createdAt", begun.time().toString());
                chunks.add(start);
                chunks.add(chunk("start-step"));
            }
            case Step.Retrieved(List<Source> sources) -> sources.forEach(source -> chunks.add(source(source)));
            case Step.Attempted attempted -> {}
            case Step.Reasoning(String piece) -> piece("reasoning", piece, chunks);
            case Step.Text(String piece) -> piece("text", piece, chunks);
            case Step.Refusal(String piece) -> piece(REFUSAL, piece, chunks);
            case Step.Restarted(String reason) -> restarted(reason, chunks);
            case Step.CallBegun(String id, String name, String piece) -> {
                close(chunks);
                chunks.add(chunk("tool-input-start")
                        .put("toolCallId", id)
                        .put("toolName", name)
                        .put("dynamic", true));
                input(id, piece, chunks);
            }
            case Step.CallArguments(String id, String piece) -> input(id, piece, chunks);
            case Step.Called(ToolCall call) -> called(call, chunks);
            case Step.Completed(MessageCompleted completed, var time) -> finish(completed, chunks);
            case Step.Failed(var failed, var time) -> {
                brokenOff(failed.getUsage(), failed.getUpstream(), chunks).put("code", failed.getCode());
                error(failed.getDetail(), chunks);
            }
            case Step.Cancelled(var cancelled, var time) -> {
                ObjectNode _ = brokenOff(cancelled.getUsage(), cancelled.getUpstream(), chunks);
                chunks.add(chunk("abort"));
                over = true;
            }
            case Step.Rejected(var rejected) -> error(rejected.getDetail(), chunks);
            case Step.Lost(String reason) -> error("what happened cannot be read now: " + reason, chunks);
        }
        return chunks;
    }

    private static ObjectNode chunk(String type) {
        return Json.object().put("type", type);
    }

    private static ObjectNode source(Source source) {
        String uri = source.getUri();
        if (uri != null && (uri.startsWith("http://") || uri.startsWith("https://"))) {
            return chunk("source-url")
                    .put("sourceId", source.getSourceId())
                    .put("url", uri)
                    .put("title", source.getTitle());
        }
        return chunk("source-document")
                .put("sourceId", source.getSourceId())
                .put("mediaType", "text/plain")
                .put("title", source.getTitle());
    }

    private void piece(String kind, String piece, List<ObjectNode> chunks) {
        if (!kind.equals(open)) {
            close(chunks);
            open = kind;
            parts++;
            ObjectNode start = chunk(type(kind) + "-start").put("id", partId());
            if (kind.equals(REFUSAL)) {
                start.putObject("providerMetadata").putObject("parley").put("refusal", true);
            }
            chunks.add(start);
        }
        chunks.add(chunk(type(kind) + "-delta").put("id", partId()).put("delta", piece));
    }

    /** The AI SDK knows no refusals: they are text with a note. */
    private static String type(String kind) {
        return kind.equals(REFUSAL) ? "text" : kind;
    }

    private String partId() {
        return messageId + "-" + parts;
    }

    private void close(List<ObjectNode> chunks) {
        if (open != null) {
            chunks.add(chunk(type(open) + "-end").put("id", partId()));
            open = null;
        }
    }

    private void restarted(String reason, List<ObjectNode> chunks) {
        if (resets) {
            open = null;
            chunks.add(chunk("reset-step"));
        } else {
            error("the answer starts again (" + reason + "): resume the stream to read it", chunks);
        }
    }

    private static void input(String callId, String piece, List<ObjectNode> chunks) {
        if (!piece.isEmpty()) {
            chunks.add(chunk("tool-input-delta").put("toolCallId", callId).put("inputTextDelta", piece));
        }
    }

    private void called(ToolCall call, List<ObjectNode> chunks) {
        close(chunks);
        ObjectNode made = chunk("tool-input-available")
                .put("toolCallId", call.getId())
                .put("toolName", call.getName())
                .put("dynamic", true);
        chunks.add(made.set("input", input(call.getArguments())));
    }

    private static JsonNode input(String arguments) {
        if (arguments.isBlank()) {
            return Json.object(); // What models write where a tool takes nothing.
        }
        try {
            return ONE_VALUE.readTree(arguments);
        } catch (JsonProcessingException e) {
            return Json.MAPPER.getNodeFactory().textNode(arguments); // As the model wrote it.
        }
    }

    private void finish(MessageCompleted completed, List<ObjectNode> chunks) {
        close(chunks);
        chunks.add(chunk("finish-step"));
        ObjectNode finish = chunk("finish").put("finishReason", finishReason(completed));
        ObjectNode metadata = metadata(finish)
                .put("engine", completed.getAttempt().getEngine())
                .put("model", completed.getAttempt().getModel())
                .put("finishReason", completed.getFinishReason());
        spent(metadata, completed.getUsage(), completed.getUpstream());
        chunks.add(finish);
        over = true;
    }

    /** What an answer without an end took, before the word that ends it; the metadata, for more to be said. */
    private ObjectNode brokenOff(@Nullable Usage usage, @Nullable Upstream upstream, List<ObjectNode> chunks) {
        close(chunks);
        ObjectNode told = chunk("message-metadata");
        ObjectNode metadata = metadata(told);
        spent(metadata, usage, upstream);
        chunks.add(told);
        return metadata;
    }

    private ObjectNode metadata(ObjectNode chunk) {
        return chunk.putObject("messageMetadata")
                .put("conversationId", conversation.conversation())
                .put("turnId", turnId);
    }

    private static void spent(ObjectNode metadata, @Nullable Usage usage, @Nullable Upstream upstream) {
        if (usage != null) {
            metadata.set("usage", NativeJson.tree(json -> NativeJson.usage(json, usage, NativeJson.details(upstream))));
        }
        metadata.setAll(NativeJson.object(to -> NativeJson.upstream(to, upstream)));
    }

    /**
     * The nearest of the AI SDK's words; the reason's own name is in the metadata. Whoever gets calls is told to make them,
     * whatever the model server called its end.
     */
    private static String finishReason(MessageCompleted completed) {
        boolean calls = !completed.getToolCalls().isEmpty();
        return switch (completed.getFinishReason()) {
            case "length", "model_context_window_exceeded" -> "length";
            case "tool_calls" -> "tool-calls";
            case "content_filter" -> "content-filter";
            case "refusal" -> calls ? "tool-calls" : "content-filter";
            case "stop" -> calls ? "tool-calls" : "stop";
            default -> calls ? "tool-calls" : "other";
        };
    }

    private void error(String text, List<ObjectNode> chunks) {
        close(chunks);
        chunks.add(chunk("error").put("errorText", text));
        over = true;
    }
}
