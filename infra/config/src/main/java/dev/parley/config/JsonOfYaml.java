package dev.parley.config;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.Map;
import java.util.Optional;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/** The JSON that a piece of YAML says, within bounds: aliases can make much of little. */
final class JsonOfYaml {

    private static final int MAX_DEPTH = 50;
    private static final int MAX_NODES = 10_000;

    private final Problems problems;
    private final String path;
    private int nodes;

    JsonOfYaml(Problems problems, String path) {
        this.problems = problems;
        this.path = path;
    }

    /** Empty where a problem has been noted. */
    Optional<JsonNode> of(Node node) {
        return of(node, 0);
    }

    private Optional<JsonNode> of(Node node, int depth) {
        if (++nodes > MAX_NODES || depth > MAX_DEPTH) {
            if (nodes <= MAX_NODES + 1) {
                problem(node, "is too large: at most " + MAX_NODES + " values, " + MAX_DEPTH + " deep");
            }
            // One such problem says it all.
            nodes = MAX_NODES + 1;
            return Optional.empty();
        }
        return switch (node) {
            case MappingNode mapping -> object(mapping, depth);
            case SequenceNode list -> {
                ArrayNode array = OutputParser.MAPPER.createArrayNode();
                boolean whole = true;
                for (Node item : list.getValue()) {
                    Optional<JsonNode> value = of(item, depth + 1);
                    value.ifPresent(array::add);
                    whole &= value.isPresent();
                }
                yield whole ? Optional.of(array) : Optional.empty();
            }
            case ScalarNode scalar -> scalar(scalar);
            default -> Optional.empty();
        };
    }

    private Optional<JsonNode> object(MappingNode mapping, int depth) {
        ObjectNode object = OutputParser.MAPPER.createObjectNode();
        boolean whole = true;
        for (Map.Entry<String, Mapping.Entry> entry :
                Mapping.of(path, mapping, problems).entries().entrySet()) {
            Optional<JsonNode> value = of(entry.getValue().value(), depth + 1);
            value.ifPresent(json -> object.set(entry.getKey(), json));
            whole &= value.isPresent();
        }
        return whole ? Optional.of(object) : Optional.empty();
    }

    private Optional<JsonNode> scalar(ScalarNode scalar) {
        Tag tag = scalar.getTag();
        String text = scalar.getValue();
        if (tag.equals(Tag.STR)) {
            return Optional.of(TextNode.valueOf(text));
        }
        if (tag.equals(Tag.NULL)) {
            return Optional.of(NullNode.getInstance());
        }
        if (tag.equals(Tag.BOOL)) {
            return Optional.of(BooleanNode.valueOf(Boolean.parseBoolean(text)));
        }
        try {
            JsonNode number = OutputParser.MAPPER.readTree(text);
            if (number.isNumber()) {
                return Optional.of(number);
            }
        } catch (JsonProcessingException e) {
            // Said below: YAML knows more forms of numbers than JSON.
        }
        problem(scalar, "holds " + Words.quoted(text) + ", which JSON cannot say");
        return Optional.empty();
    }

    private void problem(Node node, String what) {
        problems.add(YamlText.line(node), path, what);
    }
}
