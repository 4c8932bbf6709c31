package dev.parley.sinks.edge;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.parley.chat.v1.BranchSwitched;
import dev.parley.chat.v1.CallerPrompt;
import dev.parley.chat.v1.ConversationAnnotated;
import dev.parley.chat.v1.ConversationCreated;
import dev.parley.chat.v1.ConversationDeleted;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.ConversationRenamed;
import dev.parley.chat.v1.FeedbackRecorded;
import dev.parley.chat.v1.MessageAccepted;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.MessageRejected;
import dev.parley.chat.v1.Source;
import dev.parley.chat.v1.Timings;
import dev.parley.chat.v1.ToolCall;
import dev.parley.chat.v1.TurnCancelled;
import dev.parley.chat.v1.TurnFailed;
import dev.parley.chat.v1.TurnRetrieved;
import dev.parley.chat.v1.TurnRouted;
import dev.parley.chat.v1.TurnStarted;
import dev.parley.chat.v1.Unknown;
import dev.parley.chat.v1.Upstream;
import dev.parley.chat.v1.Usage;
import dev.parley.sinks.feed.FeedEvent;
import dev.parley.sinks.feed.Frame;
import dev.parley.sinks.feed.FrameEncoder;
import dev.parley.sinks.json.NativeJson;
import dev.parley.sinks.json.Said;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The wire form of feed events: {@code id}, {@code event} and {@code data} lines and the blank line that ends the frame.
 * The data is one line of JSON, since JSON escapes every control character.
 */
public final class SseFrames implements FrameEncoder {

    private static final JsonFactory JSON = new JsonFactory();
    private static final int USUAL_BYTES = 256;

    /** The whole SSE frame in UTF-8: {@code id}, {@code event} and {@code data} lines and the blank line. */
    @Override
    public Frame encode(FeedEvent event, String cursor) {
        return new Frame(event, cursor, join(cursor, body(event)));
    }

    @Override
    public Frame under(Frame frame, String cursor) {
        byte[] sse = frame.encoded();
        int bodyStart = frame.cursor().length() + "id: \n".length();
        byte[] body = Arrays.copyOfRange(sse, bodyStart, sse.length);
        return new Frame(frame.event(), cursor, join(cursor, body));
    }

    private static byte[] join(String id, byte[] body) {
        byte[] idLine = ("id: " + id + "\n").getBytes(StandardCharsets.US_ASCII);
        byte[] whole = new byte[idLine.length + body.length];
        System.arraycopy(idLine, 0, whole, 0, idLine.length);
        System.arraycopy(body, 0, whole, idLine.length, body.length);
        return whole;
    }

    private static byte[] body(FeedEvent event) {
        String type = type(event);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(USUAL_BYTES);
        bytes.writeBytes(("event: " + type + "\ndata: ").getBytes(StandardCharsets.US_ASCII));
        try (JsonGenerator json = JSON.createGenerator(bytes)) {
            json.writeStartObject();
            json.writeStringField("type", type);
            if (event.about().isPresent()) {
                json.writeStringField("conversationId", event.about().get().conversation());
            }
            fields(json, event);
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        bytes.writeBytes(new byte[] {'\n', '\n'});
        return bytes.toByteArray();
    }

    /** The event's name on the wire. */
    public static String type(FeedEvent event) {
        return switch (event) {
            case FeedEvent.Logged(var conversation, ConversationEvent logged) -> type(logged.getBody());
            case FeedEvent.MessageStarted started -> "message.started";
            case FeedEvent.MessageDelta delta -> "message.delta";
            case FeedEvent.ToolArguments arguments -> "tool.arguments";
            case FeedEvent.MessageToolCall called -> "message.delta";
            case FeedEvent.MessageReset reset -> "message.reset";
            case FeedEvent.MessageSnapshot snapshot -> "message.snapshot";
            case FeedEvent.FeedGap gap -> "feed.gap";
        };
    }

    private static String type(ConversationEvent.Body body) {
        return switch (body) {
            case ConversationCreated created -> "conversation.created";
            case ConversationRenamed renamed -> "conversation.renamed";
            case ConversationDeleted deleted -> "conversation.deleted";
            case MessageAccepted accepted -> "message.accepted";
            case MessageRejected rejected -> "message.rejected";
            case TurnStarted started -> "turn.started";
            case TurnRouted routed -> "turn.routed";
            case TurnRetrieved retrieved -> "turn.retrieved";
            case MessageCompleted completed -> "message.completed";
            case TurnFailed failed -> "turn.failed";
            case TurnCancelled cancelled -> "turn.cancelled";
            case FeedbackRecorded feedback -> "feedback.recorded";
            case BranchSwitched switched -> "branch.changed";
            case ConversationAnnotated annotated -> "conversation.annotated";
            // An event of a later version: its sequence counts, its content is unknown.
            case Unknown unknown -> "conversation.changed";
        };
    }

    private static void fields(JsonGenerator json, FeedEvent event) throws IOException {
        switch (event) {
            case FeedEvent.Logged(var conversation, ConversationEvent logged) -> logged(json, logged);
            case FeedEvent.MessageStarted started -> {
                message(json, started.turnId(), started.messageId(), started.attempt());
                json.writeStringField("engine", started.engine());
                json.writeStringField("model", started.model());
            }
            case FeedEvent.MessageDelta delta -> {
                message(json, delta.turnId(), delta.messageId(), delta.attempt());
                json.writeNumberField("seq", delta.seq());
                switch (delta.kind()) {
                    case TEXT -> json.writeStringField("text", delta.text());
                    case REFUSAL -> {
                        json.writeStringField("text", delta.text());
                        json.writeStringField("refusal", delta.text());
                    }
                    case REASONING -> json.writeStringField("reasoning", delta.text());
                }
            }
            case FeedEvent.ToolArguments piece -> {
                message(json, piece.turnId(), piece.messageId(), piece.attempt());
                json.writeNumberField("seq", piece.seq());
                json.writeStringField("toolCallId", piece.callId());
                optional(json, "name", piece.name().orElse(null));
                json.writeStringField("arguments", piece.arguments());
            }
            case FeedEvent.MessageToolCall called -> {
                message(json, called.turnId(), called.messageId(), called.attempt());
                json.writeNumberField("seq", called.seq());
                json.writeFieldName("toolCall");
                NativeJson.toolCall(json, called.call());
            }
            case FeedEvent.MessageReset reset -> {
                message(json, reset.turnId(), reset.messageId(), reset.attempt());
                json.writeStringField("reason", reset.reason());
            }
            case FeedEvent.MessageSnapshot snapshot -> {
                message(json, snapshot.turnId(), snapshot.messageId(), snapshot.attempt());
                json.writeNumberField("seq", snapshot.seq());
                json.writeStringField("text", snapshot.said().whole());
                refusal(json, snapshot.said());
                if (!snapshot.reasoning().isEmpty()) {
                    json.writeStringField("reasoning", snapshot.reasoning());
                }
                if (snapshot.calls().isPresent()) {
                    toolCalls(json, "toolCalls", snapshot.calls().get().told());
                    toolCalls(json, "toolArguments", snapshot.calls().get().begun());
                }
            }
            case FeedEvent.FeedGap gap -> {
                json.writeStringField("reason", gap.reason().wire());
                json.writeStringField("reload", gap.reload());
            }
        }
    }

    private static void message(JsonGenerator json, String turnId, String messageId, int attempt) throws IOException {
        json.writeStringField("turnId", turnId);
        json.writeStringField("messageId", messageId);
        json.writeNumberField("attempt", attempt);
    }

    private static void logged(JsonGenerator json, ConversationEvent event) throws IOException {
        optional(json, "turnId", event.getTurnId());
        switch (event.getBody()) {
            case ConversationCreated created -> {
                optional(json, "title", created.getTitle());
                json.writeStringField("workspaceId", created.getWorkspaceId());
                metadata(json, created.getMetadata());
            }
            case ConversationRenamed renamed -> json.writeStringField("title", renamed.getTitle());
            case ConversationDeleted deleted -> {}
            case MessageAccepted accepted -> {
                json.writeStringField("messageId", accepted.getMessageId());
                json.writeStringField("assistantMessageId", accepted.getAssistantMessageId());
                json.writeStringField("role", NativeJson.name(accepted.getRole()));
                json.writeStringField("content", accepted.getContent());
                json.writeStringField("onBusy", NativeJson.name(accepted.getOnBusy()));
                metadata(json, accepted.getMetadata());
                if (accepted.getPrompt() != null) {
                    context(json, accepted.getPrompt());
                }
            }
            case MessageRejected rejected -> {
                json.writeStringField("messageId", rejected.getMessageId());
                json.writeStringField("code", rejected.getCode());
                json.writeStringField("detail", rejected.getDetail());
            }
            case TurnStarted started -> {
                json.writeStringField("messageId", started.getAssistantMessageId());
                json.writeStringField("userMessageId", started.getUserMessageId());
                optional(json, "supersedes", started.getSupersedes());
                if (started.getAfter() != null) {
                    json.writeStringField("after", started.getAfter().getMessageId());
                }
            }
            case TurnRouted routed -> {
                json.writeStringField("messageId", routed.getMessageId());
                json.writeStringField("intent", routed.getIntent());
                json.writeNumberField("confidence", routed.getConfidence());
                json.writeStringField("engine", routed.getEngine());
                json.writeStringField("reason", routed.getReason());
            }
            case TurnRetrieved retrieved -> {
                json.writeStringField("messageId", retrieved.getMessageId());
                sources(json, retrieved.getSources());
            }
            case MessageCompleted completed -> {
                json.writeStringField("messageId", completed.getMessageId());
                json.writeNumberField("attempt", completed.getAttempt().getAttempt());
                json.writeStringField("engine", completed.getAttempt().getEngine());
                json.writeStringField("model", completed.getAttempt().getModel());
                content(json, completed.getContent(), completed.getUpstream());
                optional(json, "reasoning", completed.getReasoning());
                json.writeStringField("finishReason", completed.getFinishReason());
                usage(json, completed.getUsage(), completed.getUpstream());
                toolCalls(json, "toolCalls", completed.getToolCalls());
                sources(json, completed.getSources());
                timings(json, completed.getTimings());
            }
            case TurnFailed failed -> {
                json.writeStringField("messageId", failed.getMessageId());
                json.writeStringField("code", failed.getCode());
                json.writeStringField("detail", failed.getDetail());
                content(json, failed.getContent(), failed.getUpstream());
                usage(json, failed.getUsage(), failed.getUpstream());
                timings(json, failed.getTimings());
            }
            case TurnCancelled cancelled -> {
                json.writeStringField("messageId", cancelled.getMessageId());
                json.writeStringField("userMessageId", cancelled.getUserMessageId());
                content(json, cancelled.getContent(), cancelled.getUpstream());
                json.writeBooleanField("forgotten", cancelled.getForgotten());
                usage(json, cancelled.getUsage(), cancelled.getUpstream());
                timings(json, cancelled.getTimings());
            }
            case FeedbackRecorded feedback -> {
                json.writeStringField("messageId", feedback.getMessageId());
                json.writeStringField("rating", feedback.getRating());
                optional(json, "comment", feedback.getComment());
            }
            case BranchSwitched switched -> json.writeStringField("messageId", switched.getMessageId());
            case ConversationAnnotated annotated -> annotated(json, annotated);
            case Unknown unknown -> {}
        }
        optional(json, "configuration", event.getConfiguration());
        json.writeNumberField("sequence", event.getSequence());
        json.writeStringField("time", event.getTime().toString());
    }

    private static void optional(JsonGenerator json, String name, @Nullable String value) throws IOException {
        if (value != null) {
            json.writeStringField(name, value);
        }
    }

    private static void content(JsonGenerator json, String content, @Nullable Upstream upstream) throws IOException {
        json.writeStringField("content", content);
        refusal(json, Said.of(content, upstream));
    }

    /** Only what there is. Items are JSON already. */
    private static void annotated(JsonGenerator json, ConversationAnnotated annotated) throws IOException {
        if (annotated.getMetadata() != null) {
            metadata(json, annotated.getMetadata());
        }
        if (!annotated.getItems().isEmpty()) {
            json.writeArrayFieldStart("items");
            for (String item : annotated.getItems()) {
                json.writeRawValue(item);
            }
            json.writeEndArray();
        }
        if (!annotated.getRemoved().isEmpty()) {
            json.writeArrayFieldStart("removed");
            for (String id : annotated.getRemoved()) {
                json.writeString(id);
            }
            json.writeEndArray();
        }
    }

    /** What of the text is a refusal, once more by itself. */
    private static void refusal(JsonGenerator json, Said said) throws IOException {
        optional(json, "refusal", said.refusal().orElse(null));
    }

    /** What the caller sent along; left out where that is nothing. */
    private static void context(JsonGenerator json, CallerPrompt prompt) throws IOException {
        optional(json, "toolCallId", prompt.getToolCallId());
        if (!prompt.getContext().isEmpty()) {
            json.writeFieldName("context");
            NativeJson.context(json, prompt.getContext());
        }
        if (!prompt.getAttachments().isEmpty()) {
            json.writeFieldName("attachments");
            NativeJson.attachments(json, prompt.getAttachments());
        }
    }

    private static void toolCalls(JsonGenerator json, String name, List<ToolCall> calls) throws IOException {
        if (!calls.isEmpty()) {
            json.writeFieldName(name);
            NativeJson.toolCalls(json, calls);
        }
    }

    private static void metadata(JsonGenerator json, Map<String, String> metadata) throws IOException {
        json.writeFieldName("metadata");
        NativeJson.metadata(json, metadata);
    }

    private static void sources(JsonGenerator json, List<Source> sources) throws IOException {
        json.writeFieldName("sources");
        NativeJson.sources(json, sources);
    }

    private static void usage(JsonGenerator json, @Nullable Usage usage, @Nullable Upstream upstream)
            throws IOException {
        if (usage != null) {
            json.writeFieldName("usage");
            NativeJson.usage(json, usage, NativeJson.details(upstream));
        }
        NativeJson.upstream(json, upstream);
    }

    private static void timings(JsonGenerator json, Timings timings) throws IOException {
        json.writeFieldName("timings");
        NativeJson.timings(json, timings);
    }
}
