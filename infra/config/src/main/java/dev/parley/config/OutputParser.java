package dev.parley.config;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;
import java.util.regex.Pattern;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.ScalarNode;

/** Reads the form that a route's answers are to have: {@code text}, {@code json}, or by a JSON schema. */
final class OutputParser {

    /** A schema's name where the file does not give it one. */
    static final String NAME = "answer";

    /** Numbers stay as they are written. */
    static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
            .build();

    private static final int MAX_SCHEMA_CHARS = 100_000;
    private static final Pattern SCHEMA_NAME = Pattern.compile("[A-Za-z0-9_-]{1,64}");

    private final Problems problems;

    OutputParser(Problems problems) {
        this.problems = problems;
    }

    /** OpenAI's {@code response_format}; empty for text. */
    Optional<String> responseFormat(Section route, Node node) {
        if (node instanceof ScalarNode scalar) {
            return switch (scalar.getValue()) {
                case "text" -> Optional.empty();
                case "json" -> Optional.of(type("json_object").toString());
                default -> {
                    route.problem(
                            "output", "must be text, json, or hold a schema, not " + Words.quoted(scalar.getValue()));
                    yield Optional.empty();
                }
            };
        }
        Section output = route.section("output", Keys.OUTPUT).orElseThrow();
        Optional<JsonNode> schema = output.node("schema").flatMap(any -> schema(output, any));
        if (!output.has("schema")) {
            output.problem("schema", "is missing: the JSON schema of the answer");
        }
        String name = output.text("name", MAX_SCHEMA_CHARS).orElse(NAME);
        if (!SCHEMA_NAME.matcher(name).matches()) {
            output.problem("name", "must be 1 to 64 of A-Z a-z 0-9 _ -");
        }
        Optional<Boolean> strict = output.flag("strict");
        return schema.map(any -> {
            ObjectNode format = type("json_schema");
            ObjectNode described = format.putObject("json_schema").put("name", name);
            strict.ifPresent(flag -> described.put("strict", flag));
            described.set("schema", any);
            return format.toString();
        });
    }

    private static ObjectNode type(String type) {
        return MAPPER.createObjectNode().put("type", type);
    }

    /** A schema in YAML, or as a text in JSON. */
    private Optional<JsonNode> schema(Section output, Node node) {
        Optional<JsonNode> schema = node instanceof ScalarNode scalar
                ? json(output, scalar.getValue())
                : new JsonOfYaml(problems, Mapping.at(output.path(), "schema")).of(node);
        if (schema.isPresent() && !schema.get().isObject()) {
            output.problem("schema", "must be a JSON object");
            return Optional.empty();
        }
        if (schema.map(JsonNode::toString).map(String::length).orElse(0) > MAX_SCHEMA_CHARS) {
            output.problem("schema", "is longer than " + MAX_SCHEMA_CHARS + " characters");
            return Optional.empty();
        }
        return schema;
    }

    private static Optional<JsonNode> json(Section output, String text) {
        try {
            return Optional.of(MAPPER.readTree(text));
        } catch (JsonProcessingException e) {
            output.problem("schema", "is not valid JSON: " + Words.line(e.getOriginalMessage()));
            return Optional.empty();
        }
    }
}
