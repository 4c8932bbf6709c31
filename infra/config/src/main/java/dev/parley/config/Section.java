package dev.parley.config;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/**
 * One mapping of the file whose keys are known beforehand. A value that does not fit is noted, and reading goes on as if
 * it were not there; so is a key whose value is left out.
 */
final class Section {

    private static final Pattern DURATION = Pattern.compile("(\\d{1,9})\\s*(ms|s|m|h)");
    private static final Pattern NUMBER = Pattern.compile("[-+]?(\\d{1,15}(\\.\\d{0,15})?|\\.\\d{1,15})");
    private static final Set<Tag> PLAIN = Set.of(Tag.STR, Tag.INT, Tag.FLOAT, Tag.BOOL);

    /** A text, and where it is. */
    record Text(int line, String value) {}

    private final String path;
    private final int line;
    private final Map<String, Mapping.Entry> values;
    private final Problems problems;

    private Section(String path, int line, Map<String, Mapping.Entry> values, Problems problems) {
        this.path = path;
        this.line = line;
        this.values = values;
        this.problems = problems;
    }

    /** Reads {@code node}, whose keys must be among {@code keys}. */
    static Section of(String path, Node node, Keys keys, Problems problems) {
        Mapping mapping = Mapping.of(path, node, problems);
        Map<String, Mapping.Entry> values = new LinkedHashMap<>();
        mapping.entries().forEach((key, entry) -> {
            if (!keys.known().contains(key)) {
                problems.add(
                        entry.line(),
                        Mapping.at(path, key),
                        "is unknown: "
                                + keys.nearest(key)
                                        .map(near -> "did you mean " + near + "?")
                                        .orElseGet(() -> "known are " + String.join(", ", keys.known())));
            } else if (!YamlText.isNull(entry.value())) {
                values.put(key, entry);
            }
        });
        return new Section(path, mapping.line(), values, problems);
    }

    /** One with nothing in it. */
    static Section empty(String path, int line, Problems problems) {
        return new Section(path, line, Map.of(), problems);
    }

    boolean has(String key) {
        return values.containsKey(key);
    }

    /** The line of {@code key}; where the mapping begins, if it is not there. */
    int line(String key) {
        Mapping.Entry entry = values.get(key);
        return entry == null ? line : entry.line();
    }

    String path() {
        return path;
    }

    Optional<Node> node(String key) {
        return Optional.ofNullable(values.get(key)).map(Mapping.Entry::value);
    }

    void problem(String key, String what) {
        problem(line(key), key, what);
    }

    /** One at a line of its own, within what {@code key} holds. */
    void problem(int at, String key, String what) {
        problems.add(at, Mapping.at(path, key), what);
    }

    Optional<Section> section(String key, Keys keys) {
        return node(key).map(node -> of(Mapping.at(path, key), node, keys, problems));
    }

    /** The mapping that {@code key} holds, with nothing in it where it is not there. */
    Section sectionOrEmpty(String key, Keys keys) {
        return section(key, keys).orElseGet(() -> new Section(Mapping.at(path, key), 0, Map.of(), problems));
    }

    /** A text of at most {@code maxChars} characters. */
    Optional<String> text(String key, int maxChars) {
        return node(key).flatMap(node -> text(key, node, maxChars)).map(Text::value);
    }

    private Optional<Text> text(String key, Node node, int maxChars) {
        int at = YamlText.line(node);
        String where = Mapping.at(path, key);
        if (!(node instanceof ScalarNode scalar)) {
            problems.add(at, where, "must be a text");
        } else if (!PLAIN.contains(scalar.getTag())) {
            problems.add(at, where, "must be a plain text, without a tag");
        } else if (scalar.getValue().isBlank()) {
            problems.add(at, where, "must not be blank");
        } else if (scalar.getValue().length() > maxChars) {
            problems.add(at, where, "has " + scalar.getValue().length() + " characters: at most " + maxChars);
        } else {
            return Optional.of(new Text(at, scalar.getValue()));
        }
        return Optional.empty();
    }

    /** Texts, of which none is there twice; a single one may stand without a list. */
    Optional<List<Text>> texts(String key, int max, int maxChars) {
        Optional<Node> node = node(key);
        if (node.isEmpty()) {
            return Optional.empty();
        }
        if (!(node.get() instanceof SequenceNode list)) {
            return text(key, node.get(), maxChars).map(List::of);
        }
        if (list.getValue().size() > max) {
            problem(key, "has " + list.getValue().size() + " entries: at most " + max);
            return Optional.empty();
        }
        List<Text> texts = new ArrayList<>();
        Set<String> seen = new HashSet<>();
        for (Node item : list.getValue()) {
            text(key, item, maxChars).ifPresent(text -> {
                if (seen.add(text.value())) {
                    texts.add(text);
                } else {
                    problems.add(text.line(), Mapping.at(path, key), "holds " + Words.quoted(text.value()) + " twice");
                }
            });
        }
        return Optional.of(texts);
    }

    /** A whole number from {@code min} to {@code max}. */
    @Nullable
    Integer integer(String key, int min, int max) {
        String text = scalar(key).orElse(null);
        if (text == null) {
            return null;
        }
        try {
            int number = Integer.parseInt(text);
            if (min <= number && number <= max) {
                return number;
            }
        } catch (NumberFormatException e) {
            // Said below, together with the range.
        }
        problem(key, "must be a whole number from " + min + " to " + max + ", not " + Words.quoted(text));
        return null;
    }

    /** A number from {@code min} to {@code max}. */
    @Nullable
    Double decimal(String key, double min, double max) {
        String text = scalar(key).orElse(null);
        if (text == null) {
            return null;
        }
        double number = NUMBER.matcher(text).matches() ? Double.parseDouble(text) : Double.NaN;
        if (min <= number && number <= max) {
            // Without this, -0.0 would make another version.
            return number == 0 ? 0.0 : number;
        }
        problem(key, "must be a number from " + brief(min) + " to " + brief(max) + ", not " + Words.quoted(text));
        return null;
    }

    private static String brief(double number) {
        return number == Math.rint(number) ? Long.toString((long) number) : Double.toString(number);
    }

    /** Milliseconds, from a length of time such as {@code 500ms}, {@code 10s} or {@code 5m}. */
    @Nullable
    Integer millis(String key, int max) {
        String text = scalar(key).orElse(null);
        if (text == null) {
            return null;
        }
        Matcher matcher = DURATION.matcher(text.toLowerCase(Locale.ROOT));
        if (matcher.matches()) {
            long amount = Long.parseLong(matcher.group(1))
                    * switch (matcher.group(2)) {
                        case "ms" -> 1L;
                        case "s" -> 1_000L;
                        case "m" -> 60_000L;
                        default -> 3_600_000L;
                    };
            if (amount <= max) {
                return (int) amount;
            }
        }
        problem(
                key,
                "must be a duration such as 500ms, 10s or 5m, of at most " + Durations.text(max) + ", not "
                        + Words.quoted(text));
        return null;
    }

    Optional<Boolean> flag(String key) {
        Optional<Boolean> flag = node(key).flatMap(Section::flag);
        if (flag.isEmpty() && has(key)) {
            problem(key, "must be true or false");
        }
        return flag;
    }

    /** True or false, where {@code node} says either. */
    static Optional<Boolean> flag(Node node) {
        return node instanceof ScalarNode scalar && scalar.getTag().equals(Tag.BOOL)
                ? Optional.of(Boolean.parseBoolean(scalar.getValue().toLowerCase(Locale.ROOT)))
                : Optional.empty();
    }

    /** One of {@code choices}, by name. */
    <T> Optional<T> choice(String key, Map<String, T> choices) {
        String text = scalar(key).orElse(null);
        if (text == null) {
            return Optional.empty();
        }
        T chosen = choices.get(text);
        if (chosen == null) {
            problem(key, "must be one of " + String.join(", ", choices.keySet()) + ", not " + Words.quoted(text));
        }
        return Optional.ofNullable(chosen);
    }

    private Optional<String> scalar(String key) {
        return text(key, 1_000);
    }
}
