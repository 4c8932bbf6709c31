package dev.parley.ingest.http;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonStreamContext;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.parley.schemas.ErrorCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A request's JSON object, read strictly: a field of the wrong type, a field that nobody reads, a duplicate, anything after
 * the object is a problem that names it, by its path where it lies deeper. A field that is {@code null} counts as left out.
 * Fields that clients send and that mean nothing here are taken, and {@linkplain Unused named}.
 */
public final class JsonBody {

    /** JSON Schemas, which come as parts of requests, nest deeper than anything else. */
    private static final int MAX_DEPTH = 64;

    private static final char ESCAPE = '\\';
    private static final int UNICODE_ESCAPE_CHARS = 6;

    private static final int MAX_PAIRS = 16;
    private static final int MAX_PAIR_KEY_CHARS = 64;
    private static final int MAX_PAIR_VALUE_CHARS = 512;
    private static final int UTF8_BYTES_PER_CHAR = 4;

    private static final ObjectMapper MAPPER = new ObjectMapper(JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            // Texts are as long as they are let be: the body is bounded, and some of them are whole files.
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(MAX_DEPTH)
                    .maxStringLength(Integer.MAX_VALUE)
                    .build())
            .build());

    private final JsonNode object;
    private final String path;
    private final Unused unused;
    private final Enclosures enclosures;
    private final Set<String> read = new HashSet<>();

    private JsonBody(JsonNode object, String path, Unused unused, Enclosures enclosures) {
        this.object = object;
        this.path = path;
        this.unused = unused;
        this.enclosures = enclosures;
    }

    /** Reads a body; an empty one is an empty object. What means nothing in it is passed over. */
    public static JsonBody of(byte[] bytes) {
        return of(bytes, Unused.passedOver());
    }

    /** The same, with what means nothing in it named by {@code unused}. */
    public static JsonBody of(byte[] bytes, Unused unused) {
        return of(bytes, unused, new Enclosures(FileLimits.USUAL));
    }

    /** The same, with the files within it put into {@code enclosures}. */
    public static JsonBody of(byte[] bytes, Unused unused, Enclosures enclosures) {
        if (bytes.length == 0) {
            return new JsonBody(MAPPER.createObjectNode(), "", unused, enclosures);
        }
        // Decoded here, and strictly: the parser would guess among encodings, and mend what is broken.
        String text = utf8(bytes);
        try (JsonParser parser = MAPPER.createParser(text)) {
            JsonNode node = whole(parser);
            if (node == null || !node.isObject()) {
                throw new ProblemException(ErrorCode.INVALID_JSON, "the body must be a JSON object");
            }
            enclosures.within(bytes.length - escapes(text), inLists(node, false));
            return new JsonBody(node, "", unused, enclosures);
        } catch (IOException e) {
            throw new IllegalStateException("reading from memory does not fail", e);
        }
    }

    private static String utf8(byte[] bytes) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new ProblemException(ErrorCode.INVALID_JSON, "the body is not UTF-8");
        }
    }

    /** How many bytes longer escapes make a JSON text than the characters that they stand for. */
    private static long escapes(String json) {
        long bytes = 0;
        for (int at = json.indexOf(ESCAPE); at >= 0; at = json.indexOf(ESCAPE, at)) {
            int end = at + UNICODE_ESCAPE_CHARS;
            if (json.startsWith("u", at + 1) && end <= json.length()) {
                bytes += UNICODE_ESCAPE_CHARS - bytesOfEscaped(json.substring(at + 2, end));
                at = end;
            } else {
                bytes++;
                at += 2;
            }
        }
        return bytes;
    }

    /** What is no character is for the parser to refuse. */
    private static int bytesOfEscaped(String hexadecimal) {
        return hexadecimal.chars().allMatch(HexFormat::isHexDigit)
                ? Enclosures.bytes((char) HexFormat.fromHexDigits(hexadecimal))
                : UNICODE_ESCAPE_CHARS;
    }

    /** How long the texts in lists are, in UTF-8: whoever attaches a file to a message does so in one. */
    private static long inLists(JsonNode node, boolean isIn) {
        if (node.isTextual()) {
            return isIn ? Enclosures.bytes(node.asText()) : 0;
        }
        long bytes = 0;
        for (JsonNode element : node) {
            bytes += inLists(element, isIn || node.isArray());
        }
        return bytes;
    }

    private static JsonNode whole(JsonParser parser) throws IOException {
        try {
            JsonNode node = MAPPER.readTree(parser);
            if (parser.nextToken() != null) {
                throw new ProblemException(ErrorCode.INVALID_JSON, "something follows the JSON object");
            }
            return node;
        } catch (JsonProcessingException e) {
            // Jackson tells this one from others by its words alone.
            if (e.getOriginalMessage().startsWith("Duplicate field")) {
                throw new ProblemException(
                        ErrorCode.INVALID_JSON, "is there more than once", path(parser.getParsingContext()));
            }
            throw new ProblemException(ErrorCode.INVALID_JSON, "the body is not valid JSON" + where(e));
        }
    }

    /** Where a parser is, such as {@code metadata.x}. */
    private static String path(JsonStreamContext context) {
        String here = context.inArray() ? "[" + context.getCurrentIndex() + "]" : context.getCurrentName();
        JsonStreamContext parent = context.getParent();
        if (parent == null || parent.inRoot()) {
            return String.valueOf(here);
        }
        return path(parent) + (context.inArray() ? here : "." + here);
    }

    private static String where(JsonProcessingException e) {
        return e.getLocation() == null
                ? ""
                : ", at line " + e.getLocation().getLineNr() + ", column "
                        + e.getLocation().getColumnNr();
    }

    /** What to throw where a field is missing. */
    public static ProblemException required(String name) {
        return new ProblemException(ErrorCode.INVALID_REQUEST, "is required", name);
    }

    private static ProblemException invalid(String path, String rule) {
        return new ProblemException(ErrorCode.INVALID_REQUEST, rule, path);
    }

    /** The path of a field, such as {@code messages[2].content}. */
    public String at(String name) {
        return path.isEmpty() ? name : path + "." + name;
    }

    /** What to throw for a field of this object that breaks {@code rule}. */
    public ProblemException refusal(String name, String rule) {
        return invalid(at(name), rule);
    }

    private Optional<JsonNode> field(String name) {
        read.add(name);
        return Optional.ofNullable(object.get(name)).filter(node -> !node.isNull());
    }

    public boolean has(String name) {
        return field(name).isPresent();
    }

    public boolean isText(String name) {
        return field(name).filter(JsonNode::isTextual).isPresent();
    }

    public boolean isList(String name) {
        return field(name).filter(JsonNode::isArray).isPresent();
    }

    /** Whether it is a list that holds nothing but texts. */
    public boolean isListOfTexts(String name) {
        return field(name)
                .filter(node -> node.isArray() && node.valueStream().allMatch(JsonNode::isTextual))
                .isPresent();
    }

    /** A text of any length that fits into a request. */
    public Optional<String> text(String name) {
        return text(name, Admission.MAX_BODY_BYTES);
    }

    /** A text that must be there, of whatever length fits into the body. */
    public String requiredLongText(String name) {
        return field(name).map(node -> text(at(name), node)).orElseThrow(() -> required(at(name)));
    }

    public String requiredText(String name) {
        return text(name).orElseThrow(() -> required(at(name)));
    }

    /** A text of at most {@code maxBytes} in UTF-8. */
    public Optional<String> text(String name, int maxBytes) {
        return field(name).map(node -> checked(at(name), node, maxBytes));
    }

    /** An id or name: a text that matches {@code pattern}. */
    public Optional<String> text(String name, Pattern pattern, String rule) {
        return field(name).map(node -> {
            String text = text(at(name), node);
            if (!pattern.matcher(text).matches()) {
                throw new ProblemException(ErrorCode.INVALID_ID, "must be " + rule, at(name));
            }
            return text;
        });
    }

    /** A text that must be there and say something. */
    public String requiredText(String name, int maxBytes) {
        return notBlank(name, text(name, maxBytes).orElseThrow(() -> required(at(name))));
    }

    /** A text that says something, in at most {@code maxChars} characters. */
    public Optional<String> shortText(String name, int maxChars) {
        return text(name, UTF8_BYTES_PER_CHAR * maxChars).map(text -> {
            if (text.codePointCount(0, text.length()) > maxChars) {
                throw refusal(name, "must have at most " + maxChars + " characters");
            }
            return notBlank(name, text);
        });
    }

    /** A text of which a blank one says nothing. */
    public Optional<String> textUnlessBlank(String name) {
        return text(name).filter(text -> !text.isBlank());
    }

    private String notBlank(String name, String text) {
        if (text.isBlank()) {
            throw refusal(name, "must not be blank");
        }
        return text;
    }

    /** One of {@code values}, by its lower-case name. */
    public <E extends Enum<E>> Optional<E> oneOf(String name, Class<E> values) {
        return field(name).map(node -> {
            String text = text(at(name), node);
            return Arrays.stream(values.getEnumConstants())
                    .filter(value -> name(value).equals(text))
                    .findFirst()
                    .orElseThrow(() -> refusal(
                            name,
                            "must be one of "
                                    + String.join(
                                            ", ",
                                            Arrays.stream(values.getEnumConstants())
                                                    .map(JsonBody::name)
                                                    .toList())));
        });
    }

    private static String name(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    /** A text that must be one of {@code values}. */
    public Optional<String> oneOf(String name, List<String> values) {
        return field(name).map(node -> {
            String text = text(at(name), node);
            if (!values.contains(text)) {
                throw refusal(name, "must be " + (values.size() == 1 ? "" : "one of ") + String.join(", ", values));
            }
            return text;
        });
    }

    /** A text or a whole number, as text. */
    public Optional<String> textOrNumber(String name) {
        return field(name).map(node -> node.isIntegralNumber() ? node.asText() : text(at(name), node));
    }

    public Optional<Boolean> flag(String name) {
        return field(name).map(node -> {
            if (!node.isBoolean()) {
                throw refusal(name, "must be true or false");
            }
            return node.booleanValue();
        });
    }

    public Optional<Long> integer(String name, long min, long max) {
        return field(name).map(node -> {
            if (!node.isIntegralNumber()
                    || !node.canConvertToLong()
                    || node.longValue() < min
                    || node.longValue() > max) {
                throw refusal(name, "must be a whole number from " + min + " to " + max);
            }
            return node.longValue();
        });
    }

    public Optional<Double> number(String name, double min, double max) {
        return field(name).map(node -> {
            if (!node.isNumber() || !(node.doubleValue() >= min) || !(node.doubleValue() <= max)) {
                throw refusal(name, "must be a number from " + min + " to " + max);
            }
            return node.doubleValue();
        });
    }

    /** A list of texts; empty where there is none. */
    public List<String> texts(String name, int maxCount) {
        List<String> texts = new ArrayList<>();
        elements(name, maxCount).forEach(entry -> texts.add(text(entry.getKey(), entry.getValue())));
        return texts;
    }

    public Optional<JsonBody> object(String name) {
        return field(name).map(node -> object(at(name), node));
    }

    /** A list of objects; empty where there is none. */
    public List<JsonBody> objects(String name, int maxCount) {
        return elements(name, maxCount).stream()
                .map(entry -> object(entry.getKey(), entry.getValue()))
                .toList();
    }

    private List<Map.Entry<String, JsonNode>> elements(String name, int maxCount) {
        JsonNode node = field(name).orElse(MAPPER.createArrayNode());
        if (!node.isArray()) {
            throw refusal(name, "must be a list");
        }
        if (node.size() > maxCount) {
            throw refusal(name, "must have at most " + maxCount + " entries");
        }
        List<Map.Entry<String, JsonNode>> elements = new ArrayList<>();
        for (int i = 0; i < node.size(); i++) {
            elements.add(Map.entry(at(name) + "[" + i + "]", node.get(i)));
        }
        return elements;
    }

    private JsonBody object(String path, JsonNode node) {
        if (!node.isObject()) {
            throw invalid(path, "must be an object");
        }
        return new JsonBody(node, path, unused, enclosures);
    }

    /** An object whose members are objects, by their names; empty where there is none. */
    public Map<String, JsonBody> members(String name, int maxCount) {
        Map<String, JsonBody> members = new LinkedHashMap<>();
        object(name).ifPresent(whole -> {
            if (whole.object.size() > maxCount) {
                throw refusal(name, "must have at most " + maxCount + " entries");
            }
            whole.object
                    .properties()
                    .forEach(entry -> members.put(entry.getKey(), object(whole.at(entry.getKey()), entry.getValue())));
        });
        return members;
    }

    /** A field's value as it is, as JSON text. */
    public Optional<String> json(String name) {
        return field(name).map(JsonNode::toString);
    }

    /** The files that came within the whole body. */
    public Enclosures enclosures() {
        return enclosures;
    }

    /** Takes a field as read whatever it is. */
    public void pass(String name) {
        read.add(name);
    }

    /** Takes a field that means nothing here, whatever it is. */
    public void unused(String name) {
        read.add(name);
        if (saysSomething(object.get(name))) {
            unused.add(at(name));
        }
    }

    /**
     * Takes all fields that nobody has read, as meaning nothing here.
     *
     * @param meaningful fields of which that would not be true: they are refused where they say something
     */
    public void unusedRest(Set<String> meaningful) {
        object.properties().forEach(entry -> {
            String name = entry.getKey();
            if (!read.contains(name) && saysSomething(entry.getValue())) {
                if (meaningful.contains(name)) {
                    throw refusal(name, "is not supported");
                }
                unused(name);
            }
        });
    }

    private static boolean saysSomething(@Nullable JsonNode value) {
        return value != null
                && !value.isNull()
                && !(value.isContainerNode() && value.isEmpty())
                && !(value.isTextual() && value.textValue().isEmpty());
    }

    /** Pairs of texts, as OpenAI bounds them: 16 pairs, keys of 64 and values of 512 characters. */
    public Map<String, String> metadata(String name) {
        Map<String, String> metadata = new LinkedHashMap<>();
        field(name).ifPresent(node -> {
            if (!node.isObject()) {
                throw refusal(name, "must be an object of texts");
            }
            if (node.size() > MAX_PAIRS) {
                throw refusal(name, "must have at most " + MAX_PAIRS + " entries");
            }
            node.properties().forEach(entry -> pair(at(name), entry.getKey(), entry.getValue(), metadata));
        });
        return metadata;
    }

    private static void pair(String name, String key, JsonNode node, Map<String, String> metadata) {
        if (key.isEmpty() || key.length() > MAX_PAIR_KEY_CHARS || key.indexOf(0) >= 0 || loneSurrogate(key)) {
            throw invalid(name, "keys must be texts of 1 to " + MAX_PAIR_KEY_CHARS + " characters");
        }
        String path = name + "." + key;
        String value = text(path, node);
        if (value.length() > MAX_PAIR_VALUE_CHARS) {
            throw invalid(path, "must have at most " + MAX_PAIR_VALUE_CHARS + " characters");
        }
        if (value.indexOf(0) >= 0) {
            throw invalid(path, "must not hold the character U+0000");
        }
        metadata.put(key, value);
    }

    /** Refuses fields that nobody has read. */
    public void done() {
        object.properties().forEach(entry -> {
            if (!read.contains(entry.getKey()) && !entry.getValue().isNull()) {
                throw refusal(entry.getKey(), "is not a field of this request");
            }
        });
    }

    private static String checked(String path, JsonNode node, int maxBytes) {
        String text = text(path, node);
        if (text.length() > maxBytes || text.getBytes(StandardCharsets.UTF_8).length > maxBytes) {
            throw new ProblemException(
                    ErrorCode.PAYLOAD_TOO_LARGE, "must have at most " + maxBytes + " bytes in UTF-8", path);
        }
        return text;
    }

    private static String text(String path, JsonNode node) {
        if (!node.isTextual()) {
            throw invalid(
                    path, "must be a text, not " + node.getNodeType().name().toLowerCase(Locale.ROOT));
        }
        String text = node.asText();
        if (loneSurrogate(text)) {
            throw invalid(path, "holds half of a surrogate pair, which is not a character and cannot be kept");
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
