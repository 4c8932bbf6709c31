package dev.parley.ingest;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.parley.schemas.ErrorCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * A request's JSON object, read strictly: a field of the wrong type, a field that nobody reads, a duplicate, anything after
 * the object is a problem that names it.
 */
final class JsonBody {

    private static final int MAX_DEPTH = 20;

    private static final ObjectMapper MAPPER = new ObjectMapper(JsonFactory.builder()
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(MAX_DEPTH)
                            .build())
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private final JsonNode object;
    private final Set<String> read = new HashSet<>();

    private JsonBody(JsonNode object) {
        this.object = object;
    }

    /** Reads a body; an empty one is an empty object. */
    static JsonBody of(byte[] bytes) {
        if (bytes.length == 0) {
            return new JsonBody(MAPPER.createObjectNode());
        }
        try {
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
        } catch (CharacterCodingException e) {
            throw new ProblemException(ErrorCode.INVALID_JSON, "the body is not UTF-8");
        }
        try {
            JsonNode node = MAPPER.readTree(bytes);
            if (!node.isObject()) {
                throw new ProblemException(ErrorCode.INVALID_JSON, "the body must be a JSON object");
            }
            return new JsonBody(node);
        } catch (JsonProcessingException e) {
            throw new ProblemException(ErrorCode.INVALID_JSON, "the body is not valid JSON" + where(e));
        } catch (IOException e) {
            throw new ProblemException(ErrorCode.INVALID_JSON, "the body cannot be read");
        }
    }

    private static String where(JsonProcessingException e) {
        return e.getLocation() == null
                ? ""
                : ", at line " + e.getLocation().getLineNr() + ", column "
                        + e.getLocation().getColumnNr();
    }

    private Optional<JsonNode> field(String name) {
        read.add(name);
        return Optional.ofNullable(object.get(name)).filter(node -> !node.isNull());
    }

    /** A text of at most {@code maxBytes} in UTF-8. */
    Optional<String> text(String name, int maxBytes) {
        return field(name).map(node -> checked(name, node, maxBytes));
    }

    /** A text that matches {@code pattern}. */
    Optional<String> text(String name, Pattern pattern, String rule) {
        return text(name, 4096).map(text -> {
            if (!pattern.matcher(text).matches()) {
                throw new ProblemException(ErrorCode.INVALID_ID, "must be " + rule, name);
            }
            return text;
        });
    }

    /** A text that must be there and say something. */
    String requiredText(String name, int maxBytes) {
        String text = text(name, maxBytes)
                .orElseThrow(() -> new ProblemException(ErrorCode.INVALID_REQUEST, "is required", name));
        if (text.isBlank()) {
            throw new ProblemException(ErrorCode.INVALID_REQUEST, "must not be blank", name);
        }
        return text;
    }

    /** One of {@code values}, by its lower-case name. */
    <E extends Enum<E>> Optional<E> oneOf(String name, Class<E> values) {
        return text(name, 100).map(text -> {
            for (E value : values.getEnumConstants()) {
                if (value.name().toLowerCase(java.util.Locale.ROOT).equals(text)) {
                    return value;
                }
            }
            throw new ProblemException(
                    ErrorCode.INVALID_REQUEST,
                    "must be one of "
                            + java.util.Arrays.toString(values.getEnumConstants())
                                    .toLowerCase(java.util.Locale.ROOT),
                    name);
        });
    }

    /** A text or a whole number, as text. */
    Optional<String> textOrNumber(String name) {
        return field(name).map(node -> {
            if (node.isIntegralNumber()) {
                return node.asText();
            }
            return checked(name, node, 100);
        });
    }

    /** Pairs of texts, as OpenAI bounds them: 16 pairs, keys of 64 and values of 512 characters. */
    Map<String, String> metadata(String name) {
        Map<String, String> metadata = new LinkedHashMap<>();
        field(name).ifPresent(node -> {
            if (!node.isObject()) {
                throw new ProblemException(ErrorCode.INVALID_REQUEST, "must be an object of texts", name);
            }
            if (node.size() > 16) {
                throw new ProblemException(ErrorCode.INVALID_REQUEST, "must have at most 16 entries", name);
            }
            node.properties().forEach(entry -> {
                String path = name + "." + entry.getKey();
                if (entry.getKey().length() > 64) {
                    throw new ProblemException(ErrorCode.INVALID_REQUEST, "keys must have at most 64 characters", name);
                }
                String value = checked(path, entry.getValue(), 4 * 512);
                if (value.length() > 512) {
                    throw new ProblemException(ErrorCode.INVALID_REQUEST, "must have at most 512 characters", path);
                }
                metadata.put(entry.getKey(), value);
            });
        });
        return metadata;
    }

    /** Refuses fields that nobody has read. */
    void done() {
        object.fieldNames().forEachRemaining(name -> {
            if (!read.contains(name)) {
                throw new ProblemException(ErrorCode.INVALID_REQUEST, "is not a field of this request", name);
            }
        });
    }

    private static String checked(String path, JsonNode node, int maxBytes) {
        if (!node.isTextual()) {
            throw new ProblemException(
                    ErrorCode.INVALID_REQUEST,
                    "must be a text, not " + node.getNodeType().name().toLowerCase(java.util.Locale.ROOT),
                    path);
        }
        String text = node.asText();
        if (loneSurrogate(text)) {
            throw new ProblemException(
                    ErrorCode.INVALID_REQUEST, "holds half of a surrogate pair, which is no text", path);
        }
        if (text.length() > maxBytes || text.getBytes(StandardCharsets.UTF_8).length > maxBytes) {
            throw new ProblemException(
                    ErrorCode.PAYLOAD_TOO_LARGE, "must have at most " + maxBytes + " bytes in UTF-8", path);
        }
        return text;
    }

    private static boolean loneSurrogate(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (Character.isHighSurrogate(c) && i + 1 < text.length() && Character.isLowSurrogate(text.charAt(i + 1))) {
                i++;
            } else if (Character.isSurrogate(c)) {
                return true;
            }
        }
        return false;
    }
}
