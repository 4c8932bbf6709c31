package dev.parley.sinks.postgres;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.SerializableString;
import com.fasterxml.jackson.core.io.CharacterEscapes;
import com.fasterxml.jackson.core.io.SerializedString;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.Source;
import dev.parley.chat.v1.ToolCall;
import dev.parley.chat.v1.Upstream;
import dev.parley.chat.v1.UsageDetails;
import dev.parley.sinks.json.NativeJson;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What columns of JSON hold, to and from. As Postgres cannot keep U+0000 in them, U+FFFD stands in its place. */
final class JsonColumns {

    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final JsonFactory READABLE =
            new JsonFactoryBuilder().characterEscapes(new WithoutNul()).build();
    private static final String NONE = "[]";
    private static final String REFUSAL_FROM = "refusalFrom";
    private static final String TEXT_BEFORE_CALLS = "textBeforeCalls";
    private static final UsageDetails NO_DETAILS = new UsageDetails(null, null, null, null, null);

    private JsonColumns() {}

    private static final class WithoutNul extends CharacterEscapes {
        private static final long serialVersionUID = 1L;
        private static final SerializableString STAND_IN = new SerializedString("\\uFFFD");

        private final int[] escapes = standardAsciiEscapesForJSON();

        WithoutNul() {
            escapes[0] = ESCAPE_CUSTOM;
        }

        @Override
        public int[] getEscapeCodesForAscii() {
            return escapes;
        }

        @Override
        public @Nullable SerializableString getEscapeSequence(int character) {
            return character == 0 ? STAND_IN : null;
        }
    }

    private static String text(NativeJson.Form form) {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = READABLE.createGenerator(text)) {
            form.write(json);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return text.toString();
    }

    static String ofMetadata(Map<String, String> metadata) {
        return text(json -> NativeJson.metadata(json, metadata));
    }

    static String ofSources(List<Source> sources) {
        return sources.isEmpty() ? NONE : text(json -> NativeJson.sources(json, sources));
    }

    static String ofContext(List<PromptMessage> messages) {
        return messages.isEmpty() ? NONE : text(json -> NativeJson.context(json, messages));
    }

    static String ofToolCalls(List<ToolCall> calls) {
        return calls.isEmpty() ? NONE : text(json -> NativeJson.toolCalls(json, calls));
    }

    /** {@code {…, modelCalls?, leftOut?, retryAfterMillis?, refusalFrom?, textBeforeCalls?}}, with the details of usage; null where nothing is known. */
    static @Nullable String ofUpstream(@Nullable Upstream upstream) {
        return upstream == null
                ? null
                : text(json -> {
                    json.writeStartObject();
                    NativeJson.usageDetails(json, upstream.getUsageDetails());
                    NativeJson.upstream(json, upstream);
                    if (upstream.getRefusalFrom() != null) {
                        json.writeNumberField(REFUSAL_FROM, upstream.getRefusalFrom());
                    }
                    if (upstream.getTextBeforeCalls() != null) {
                        json.writeNumberField(TEXT_BEFORE_CALLS, upstream.getTextBeforeCalls());
                    }
                    json.writeEndObject();
                });
    }

    static Optional<Upstream> upstream(@Nullable String column) {
        if (column == null) {
            return Optional.empty();
        }
        JsonNode json = parse(column);
        UsageDetails details = new UsageDetails(
                integer(json, "cachedInputTokens"),
                integer(json, "cacheWriteTokens"),
                integer(json, "reasoningTokens"),
                integer(json, "audioInputTokens"),
                integer(json, "audioOutputTokens"));
        List<String> leftOut = new ArrayList<>();
        json.path("leftOut").forEach(name -> leftOut.add(name.asText()));
        return Optional.of(new Upstream(
                details.equals(NO_DETAILS) ? null : details,
                json.path("modelCalls").asInt(),
                leftOut,
                json.hasNonNull("retryAfterMillis")
                        ? json.get("retryAfterMillis").asLong()
                        : null,
                integer(json, REFUSAL_FROM),
                integer(json, TEXT_BEFORE_CALLS)));
    }

    private static @Nullable Integer integer(JsonNode json, String name) {
        return json.hasNonNull(name) ? json.get(name).asInt() : null;
    }

    static Map<String, String> metadata(String column) {
        Map<String, String> metadata = new TreeMap<>();
        parse(column)
                .properties()
                .forEach(field -> metadata.put(field.getKey(), field.getValue().asText()));
        return metadata;
    }

    static List<Source> sources(String column) {
        List<Source> sources = new ArrayList<>();
        for (JsonNode source : parse(column)) {
            sources.add(new Source(
                    source.path("sourceId").asText(),
                    source.path("title").asText(),
                    source.hasNonNull("uri") ? source.get("uri").asText() : null,
                    source.path("score").asDouble()));
        }
        return sources;
    }

    static List<PromptMessage> context(String column) {
        List<PromptMessage> messages = new ArrayList<>();
        for (JsonNode message : parse(column)) {
            messages.add(new PromptMessage(
                    Role.valueOf(message.path("role").asText().toUpperCase(Locale.ROOT)),
                    message.path("content").asText(),
                    toolCalls(message.path("toolCalls")),
                    message.hasNonNull("toolCallId") ? message.get("toolCallId").asText() : null,
                    null));
        }
        return messages;
    }

    static List<ToolCall> toolCalls(String column) {
        return toolCalls(parse(column));
    }

    private static List<ToolCall> toolCalls(JsonNode json) {
        List<ToolCall> calls = new ArrayList<>();
        for (JsonNode call : json) {
            calls.add(new ToolCall(
                    call.path("id").asText(),
                    call.path("name").asText(),
                    call.path("arguments").asText()));
        }
        return calls;
    }

    private static JsonNode parse(String column) {
        try {
            return MAPPER.readTree(column);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a jsonb column holds JSON", e);
        }
    }
}
