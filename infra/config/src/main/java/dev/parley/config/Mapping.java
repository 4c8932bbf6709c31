package dev.parley.config;

import java.util.LinkedHashMap;
import java.util.Map;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;

/**
 * The entries of one mapping of the file, in its order, each key once.
 *
 * @param line where it begins; 0 where it is not known
 */
record Mapping(int line, Map<String, Entry> entries) {

    /** A value, and the line of its key. */
    record Entry(int line, Node value) {}

    private static final int MAX_KEY_CHARS = 200;

    /** What {@code node} holds; nothing, with a problem noted, where it is no mapping. */
    static Mapping of(String path, Node node, Problems problems) {
        Map<String, Entry> entries = new LinkedHashMap<>();
        int start = YamlText.line(node);
        if (!(node instanceof MappingNode mapping)) {
            problems.add(start, path, "must hold keys, each with a value, as in 'key: value'");
            return new Mapping(start, entries);
        }
        for (NodeTuple tuple : mapping.getValue()) {
            int line = YamlText.line(tuple.getKeyNode());
            if (!(tuple.getKeyNode() instanceof ScalarNode key)) {
                problems.add(line, path, "has a key that is not a plain text");
                continue;
            }
            String name = key.getValue();
            if (name.isBlank() || name.length() > MAX_KEY_CHARS) {
                problems.add(line, path, "has a key that is not of 1 to " + MAX_KEY_CHARS + " characters");
                continue;
            }
            Entry first = entries.get(name);
            if (first != null) {
                problems.add(line, at(path, name), "is there twice: first in line " + first.line());
                continue;
            }
            entries.put(name, new Entry(line, tuple.getValueNode()));
        }
        return new Mapping(start, entries);
    }

    /** The path of {@code key} below {@code path}. */
    static String at(String path, String key) {
        String shown = Words.looksSecret(key) ? "…" : Words.line(key);
        return path.isEmpty() ? shown : path + "." + shown;
    }
}
