package dev.parley.sinks.json;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.util.TokenBuffer;
import dev.parley.chat.v1.Attachment;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.Source;
import dev.parley.chat.v1.Timings;
import dev.parley.chat.v1.ToolCall;
import dev.parley.chat.v1.Upstream;
import dev.parley.chat.v1.Usage;
import dev.parley.chat.v1.UsageDetails;
import dev.parley.schemas.files.Attachments;
import dev.parley.schemas.keys.FileId;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The JSON of the things that clients are told of, the same wherever they are: an object or an array each, as the contracts
 * of the API name them. A field that has no value is left out.
 */
public final class NativeJson {

    private static final ObjectMapper MAPPER = new ObjectMapper();

    private NativeJson() {}

    /** Something that writes one JSON value. */
    @FunctionalInterface
    public interface Form {
        void write(JsonGenerator json) throws IOException;
    }

    /** What {@code form} writes, as a tree. */
    public static JsonNode tree(Form form) {
        try (TokenBuffer buffer = new TokenBuffer(MAPPER, false)) {
            form.write(buffer);
            return MAPPER.readTree(buffer.asParser());
        } catch (IOException e) {
            throw new UncheckedIOException("JSON in memory cannot be read", e);
        }
    }

    /** An object with the members that {@code members} writes. */
    public static ObjectNode object(Form members) {
        return (ObjectNode) tree(json -> {
            json.writeStartObject();
            members.write(json);
            json.writeEndObject();
        });
    }

    /** How a constant is named: in lower case. */
    public static String name(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    /** {@code {id, name, arguments}}. */
    public static void toolCall(JsonGenerator json, ToolCall call) throws IOException {
        json.writeStartObject();
        json.writeStringField("id", call.getId());
        json.writeStringField("name", call.getName());
        json.writeStringField("arguments", call.getArguments());
        json.writeEndObject();
    }

    /** An array of {@link #toolCall}. */
    public static void toolCalls(JsonGenerator json, List<ToolCall> calls) throws IOException {
        json.writeStartArray();
        for (ToolCall call : calls) {
            toolCall(json, call);
        }
        json.writeEndArray();
    }

    /** Where this server hands out files, before their ids. */
    public static final String FILES = "/api/files/";

    /** Where a client finds an attachment: a path of this server, or the address that a reference is of. */
    public static Optional<String> url(Attachment attachment) {
        return Attachments.id(attachment)
                .map(id -> FILES + id.text())
                .or(() -> Optional.ofNullable(attachment.getUri()));
    }

    /**
     * An array of {@code {id?, mediaType, name?, bytes?, url, at?, detail?}}, never of contents. {@code id} and {@code bytes} are
     * those of files that are here, whose URL is a path of this server; {@code at} is there where text stands before.
     */
    public static void attachments(JsonGenerator json, List<Attachment> attachments) throws IOException {
        json.writeStartArray();
        for (Attachment attachment : attachments) {
            Optional<String> id = Attachments.id(attachment).map(FileId::text);
            json.writeStartObject();
            optional(json, "id", id.orElse(null));
            json.writeStringField("mediaType", attachment.getMediaType());
            optional(json, "name", attachment.getName());
            if (attachment.getUri() == null) {
                json.writeNumberField("bytes", attachment.getBytes());
            }
            optional(json, "url", url(attachment).orElse(null));
            if (attachment.getAt() > 0) {
                json.writeNumberField("at", attachment.getAt());
            }
            optional(json, "detail", attachment.getDetail());
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    /**
     * An array of {@code {role, content, toolCallId?, toolCalls?, attachments?}}: what a caller sent along with its message.
     */
    public static void context(JsonGenerator json, List<PromptMessage> messages) throws IOException {
        json.writeStartArray();
        for (PromptMessage message : messages) {
            json.writeStartObject();
            json.writeStringField("role", name(message.getRole()));
            json.writeStringField("content", message.getContent());
            optional(json, "toolCallId", message.getToolCallId());
            if (!message.getToolCalls().isEmpty()) {
                json.writeFieldName("toolCalls");
                toolCalls(json, message.getToolCalls());
            }
            if (!message.getAttachments().isEmpty()) {
                json.writeFieldName("attachments");
                attachments(json, message.getAttachments());
            }
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    /** An array of {@code {sourceId, title, uri?, score}}. */
    public static void sources(JsonGenerator json, List<Source> sources) throws IOException {
        json.writeStartArray();
        for (Source source : sources) {
            json.writeStartObject();
            json.writeStringField("sourceId", source.getSourceId());
            json.writeStringField("title", source.getTitle());
            optional(json, "uri", source.getUri());
            json.writeNumberField("score", source.getScore());
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    /**
     * {@code {inputTokens, outputTokens, basis, costMicros?, cachedInputTokens?, cacheWriteTokens?, reasoningTokens?,
     * audioInputTokens?, audioOutputTokens?}}: details are there where the model server told them.
     */
    public static void usage(JsonGenerator json, Usage usage, @Nullable UsageDetails details) throws IOException {
        json.writeStartObject();
        json.writeNumberField("inputTokens", usage.getInputTokens());
        json.writeNumberField("outputTokens", usage.getOutputTokens());
        json.writeStringField("basis", name(usage.getBasis()));
        if (usage.getCostMicros() != null) {
            json.writeNumberField("costMicros", usage.getCostMicros());
        }
        usageDetails(json, details);
        json.writeEndObject();
    }

    /** Members of the object at hand, as in {@link #usage}. */
    public static void usageDetails(JsonGenerator json, @Nullable UsageDetails details) throws IOException {
        if (details != null) {
            optional(json, "cachedInputTokens", details.getCachedInputTokens());
            optional(json, "cacheWriteTokens", details.getCacheWriteTokens());
            optional(json, "reasoningTokens", details.getReasoningTokens());
            optional(json, "audioInputTokens", details.getAudioInputTokens());
            optional(json, "audioOutputTokens", details.getAudioOutputTokens());
        }
    }

    /** What the tokens were, as far as it became known upstream; null where it did not. */
    public static @Nullable UsageDetails details(@Nullable Upstream upstream) {
        return upstream == null ? null : upstream.getUsageDetails();
    }

    /**
     * Members {@code modelCalls?, leftOut?, retryAfterMillis?} of the object at hand: how often model servers were asked,
     * which parameters the engine's configuration left out, and when the server wants to be asked again.
     */
    public static void upstream(JsonGenerator json, @Nullable Upstream upstream) throws IOException {
        if (upstream == null) {
            return;
        }
        if (upstream.getCalls() > 0) {
            json.writeNumberField("modelCalls", upstream.getCalls());
        }
        if (!upstream.getLeftOut().isEmpty()) {
            json.writeFieldName("leftOut");
            json.writeStartArray();
            for (String parameter : upstream.getLeftOut()) {
                json.writeString(parameter);
            }
            json.writeEndArray();
        }
        if (upstream.getRetryAfterMillis() != null) {
            json.writeNumberField("retryAfterMillis", upstream.getRetryAfterMillis());
        }
    }

    /** {@code {queuedMillis?, claimMillis?, firstTokenMillis?, generationMillis?}}. */
    public static void timings(JsonGenerator json, Timings timings) throws IOException {
        json.writeStartObject();
        optional(json, "queuedMillis", timings.getQueuedMillis());
        optional(json, "claimMillis", timings.getClaimMillis());
        optional(json, "firstTokenMillis", timings.getFirstTokenMillis());
        optional(json, "generationMillis", timings.getGenerationMillis());
        json.writeEndObject();
    }

    /** An object with the entries of {@code metadata}. */
    public static void metadata(JsonGenerator json, Map<String, String> metadata) throws IOException {
        json.writeStartObject();
        for (Map.Entry<String, String> entry : metadata.entrySet()) {
            json.writeStringField(entry.getKey(), entry.getValue());
        }
        json.writeEndObject();
    }

    private static void optional(JsonGenerator json, String name, @Nullable Integer value) throws IOException {
        if (value != null) {
            json.writeNumberField(name, value);
        }
    }

    private static void optional(JsonGenerator json, String name, @Nullable String value) throws IOException {
        if (value != null) {
            json.writeStringField(name, value);
        }
    }

    private static void optional(JsonGenerator json, String name, @Nullable Double value) throws IOException {
        if (value != null) {
            json.writeNumberField(name, value);
        }
    }
}
