package dev.parley.config;

import dev.parley.chat.v1.Configuration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What one key says in two configurations, in the file's words; null where it says nothing of its own.
 *
 * @param key its path; that of a whole mapping where only one of the two has it
 */
public record Change(
        String key, @Nullable Object before, @Nullable Object after) {

    private static final int MAX_SHOWN = 40;

    /** From one configuration to another, in the file's order. */
    public static List<Change> between(Configuration before, Configuration after) {
        List<Change> changes = new ArrayList<>();
        compare("", ConfigurationYaml.tree(before), ConfigurationYaml.tree(after), changes);
        return changes;
    }

    private static void compare(String path, Map<?, ?> before, Map<?, ?> after, List<Change> changes) {
        Set<Object> keys = new LinkedHashSet<>(before.keySet());
        keys.addAll(after.keySet());
        for (Object key : keys) {
            String at = path.isEmpty() ? key.toString() : path + "." + key;
            Object was = before.get(key);
            Object is = after.get(key);
            // Of routes and engines each is told by itself, even where the other side has none at all.
            boolean top = path.isEmpty() && (was == null || is == null);
            boolean nested = (top || was instanceof Map) && (top || is instanceof Map);
            if (nested && (was instanceof Map || is instanceof Map)) {
                compare(at, mapping(was), mapping(is), changes);
            } else if (!Objects.equals(was, is)) {
                changes.add(new Change(at, was, is));
            }
        }
    }

    private static Map<?, ?> mapping(@Nullable Object value) {
        return value instanceof Map<?, ?> map ? map : Map.of();
    }

    /** One line: {@code +} what is new, {@code -} what is gone, {@code ~} what is another, with values where they are short. */
    @Override
    public String toString() {
        if (before == null) {
            return "+ " + key + shown(after);
        }
        if (after == null) {
            return "- " + key;
        }
        String was = shown(before);
        String is = shown(after);
        return "~ " + key + (was.isEmpty() || is.isEmpty() ? "" : was + " →" + is.substring(1));
    }

    private static String shown(@Nullable Object value) {
        String text = String.valueOf(value);
        boolean plain = !(value instanceof Map) && text.length() <= MAX_SHOWN && text.indexOf('\n') < 0;
        return plain ? ": " + text : "";
    }
}
