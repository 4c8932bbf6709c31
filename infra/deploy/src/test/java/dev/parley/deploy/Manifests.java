package dev.parley.deploy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** The files in {@code deploy}, as the programs read them that they are for. */
final class Manifests {

    /** After which a process of ours ends, whatever it was doing: docs/operations.md, Stopping. */
    static final Duration LONGEST_END = Duration.ofMinutes(1);

    private static final Pattern ASSIGNMENT = Pattern.compile("([A-Z][A-Z0-9_]*)=(.*)");

    private Manifests() {}

    static Path deploy() {
        return Path.of("../../deploy").toAbsolutePath().normalize();
    }

    static String text(String path) {
        try {
            return Files.readString(deploy().resolve(path));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Map<String, Object> yaml(String text) {
        return map(new Load(LoadSettings.builder().build()).loadFromString(text));
    }

    static List<Map<String, Object>> documents(String text) {
        List<Map<String, Object>> documents = new ArrayList<>();
        for (Object document : new Load(LoadSettings.builder().build()).loadAllFromString(text)) {
            if (document != null) {
                documents.add(map(document));
            }
        }
        return documents;
    }

    @SuppressWarnings("unchecked") // Keys of manifests are strings.
    static Map<String, Object> map(Object node) {
        return (Map<String, Object>) node;
    }

    /** What lies at the end of {@code path}, which has to be there. */
    static Object at(Object node, Object... path) {
        Object found = node;
        for (Object step : path) {
            Object next = step instanceof Integer index
                    ? list(found).get(index)
                    : map(found).get(step);
            if (next == null) {
                throw new AssertionError("no " + step + " in " + found);
            }
            found = next;
        }
        return found;
    }

    static Map<String, Object> mapAt(Object node, Object... path) {
        return map(at(node, path));
    }

    static List<Object> listAt(Object node, Object... path) {
        return list(at(node, path));
    }

    @SuppressWarnings("unchecked") // As above.
    static List<Object> list(Object node) {
        return (List<Object>) node;
    }

    /** A file of {@code NAME=value} lines. */
    static Map<String, String> environment(String text) {
        Map<String, String> found = new LinkedHashMap<>();
        text.lines()
                .map(ASSIGNMENT::matcher)
                .filter(line -> line.matches())
                .forEach(line -> found.put(line.group(1), line.group(2)));
        return found;
    }
}
