package dev.parley.config;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.api.lowlevel.Parse;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.ReaderException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.Tag;
import org.snakeyaml.engine.v2.schema.CoreSchema;

/** YAML 1.2 from bytes, within bounds; what the library says of a text is told without quoting the text. */
final class YamlText {

    static final int MAX_BYTES = 1024 * 1024;

    /** The library reads nested collections by recursion. */
    private static final int MAX_DEPTH = 40;

    private static final LoadSettings SETTINGS = LoadSettings.builder()
            .setSchema(new CoreSchema())
            .setCodePointLimit(MAX_BYTES)
            .setUseMarks(true)
            .setAllowNonScalarKeys(true)
            .build();

    private YamlText() {}

    /** The one document; empty where there is none, or where it cannot be read, which {@code problems} then say. */
    static Optional<Node> read(byte[] bytes, Problems problems) {
        if (bytes.length > MAX_BYTES) {
            problems.add(0, "", "is larger than " + MAX_BYTES / 1024 + " KiB");
            return Optional.empty();
        }
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
            String content = text.startsWith("\uFEFF") ? text.substring(1) : text;
            return compose(content, problems);
        } catch (CharacterCodingException e) {
            problems.add(0, "", "is not UTF-8 text");
            return Optional.empty();
        }
    }

    private static Optional<Node> compose(String text, Problems problems) {
        try {
            int depth = 0;
            for (Event event : new Parse(SETTINGS).parseString(text)) {
                switch (event.getEventId()) {
                    case MappingStart, SequenceStart -> depth++;
                    case MappingEnd, SequenceEnd -> depth--;
                    default -> {} // Of no depth.
                }
                if (depth > MAX_DEPTH) {
                    int line =
                            event.getStartMark().map(mark -> mark.getLine() + 1).orElse(0);
                    problems.add(line, "", "is nested more than " + MAX_DEPTH + " levels deep");
                    return Optional.empty();
                }
            }
            return new Compose(SETTINGS).composeString(text).filter(node -> !isNull(node));
        } catch (MarkedYamlEngineException e) {
            int line = e.getProblemMark()
                    .or(e::getContextMark)
                    .map(mark -> mark.getLine() + 1)
                    .orElse(0);
            String context = e.getContext() == null ? "" : e.getContext() + ", ";
            problems.add(line, "", "is not valid YAML: " + Words.line(context + e.getProblem()));
        } catch (ReaderException e) {
            int position = Math.min(Math.max(e.getPosition(), 0), text.length());
            int line = 1
                    + (int) text.substring(0, position)
                            .chars()
                            .filter(c -> c == '\n')
                            .count();
            problems.add(
                    line,
                    "",
                    "is not valid YAML: it holds the character U+%04X, which does not belong in a text"
                            .formatted(e.getCodePoint()));
        } catch (YamlEngineException e) {
            problems.add(0, "", "is not valid YAML: " + Words.line(String.valueOf(e.getMessage())));
        }
        return Optional.empty();
    }

    /** Whether nothing is there. */
    static boolean isNull(Node node) {
        return node instanceof ScalarNode && node.getTag().equals(Tag.NULL);
    }

    /** From 1; 0 where it is not known. */
    static int line(Node node) {
        return node.getStartMark().map(mark -> mark.getLine() + 1).orElse(0);
    }
}
