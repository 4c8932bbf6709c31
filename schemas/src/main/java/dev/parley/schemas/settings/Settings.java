package dev.parley.schemas.settings;

import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Named values from flags and environment, read by the records that make up a configuration.
 *
 * <p>A value that does not fit is noted, not thrown: reading goes on with the default, and {@link #check()} reports all
 * problems together, each by its key. Used at start-up by one thread.
 */
public final class Settings {

    private static final Pattern DURATION = Pattern.compile("(\\d{1,15})(ms|s|m|h|d)");

    private final Map<String, String> values;
    private final List<String> problems = new ArrayList<>();
    private final Set<String> asked = new TreeSet<>();

    private Settings(Map<String, String> values) {
        this.values = values;
    }

    /** Settings from {@code sources}, the first that has a key winning; blank values count as absent. */
    @SafeVarargs
    public static Settings of(Map<String, String>... sources) {
        Map<String, String> merged = new TreeMap<>();
        for (Map<String, String> source : sources) {
            source.forEach((key, value) -> {
                if (!value.isBlank()) {
                    merged.putIfAbsent(key, value.strip());
                }
            });
        }
        return new Settings(merged);
    }

    public Optional<String> string(String key) {
        return Optional.ofNullable(value(key));
    }

    public String string(String key, String otherwise) {
        String value = value(key);
        return value == null ? otherwise : value;
    }

    /** A whole number from {@code min} to {@code max}. */
    public int integer(String key, int otherwise, int min, int max) {
        String value = value(key);
        if (value == null) {
            return otherwise;
        }
        try {
            int number = Integer.parseInt(value);
            if (min <= number && number <= max) {
                return number;
            }
        } catch (NumberFormatException e) {
            // Said below, together with the range.
        }
        return problem(key, "must be a whole number from " + min + " to " + max + ", not '" + value + "'", otherwise);
    }

    /** A TCP port; 0 asks for a free one. */
    public int port(String key, int otherwise) {
        return value(key) != null ? integer(key, otherwise, 0, 65_535) : otherwise;
    }

    /** A length of time such as {@code 500ms}, {@code 10s}, {@code 5m}, {@code 1h}, {@code 7d}, or ISO-8601. */
    public Duration duration(String key, Duration otherwise) {
        String value = value(key);
        if (value == null) {
            return otherwise;
        }
        Matcher matcher = DURATION.matcher(value.toLowerCase(Locale.ROOT));
        if (matcher.matches()) {
            long amount = Long.parseLong(matcher.group(1));
            return switch (matcher.group(2)) {
                case "ms" -> Duration.ofMillis(amount);
                case "s" -> Duration.ofSeconds(amount);
                case "m" -> Duration.ofMinutes(amount);
                case "h" -> Duration.ofHours(amount);
                default -> Duration.ofDays(amount);
            };
        }
        try {
            Duration duration = Duration.parse(value);
            if (!duration.isNegative()) {
                return duration;
            }
        } catch (DateTimeParseException e) {
            // Said below, with what would be right.
        }
        return problem(key, "must be a duration such as 500ms, 10s or 5m, not '" + value + "'", otherwise);
    }

    public boolean flag(String key, boolean otherwise) {
        String value = value(key);
        if (value == null) {
            return otherwise;
        }
        return switch (value.toLowerCase(Locale.ROOT)) {
            case "true", "1", "yes", "on" -> true;
            case "false", "0", "no", "off" -> false;
            default -> problem(key, "must be true or false, not '" + value + "'", otherwise);
        };
    }

    /** Values parted by commas; none where the key is absent. */
    public List<String> list(String key) {
        return string(key).stream()
                .flatMap(value -> Pattern.compile(",").splitAsStream(value))
                .map(String::strip)
                .filter(value -> !value.isEmpty())
                .toList();
    }

    private @Nullable String value(String key) {
        asked.add(key);
        return values.get(key);
    }

    /** The keys that have been read by name, whether they have a value or not: those that somebody knows. */
    public Set<String> asked() {
        return Collections.unmodifiableSet(asked);
    }

    /** Every key that starts with {@code prefix}, with its value. */
    public Map<String, String> startingWith(String prefix) {
        Map<String, String> found = new TreeMap<>();
        values.forEach((key, value) -> {
            if (key.startsWith(prefix)) {
                found.put(key, value);
            }
        });
        return found;
    }

    /** Notes that the value of {@code key} is not valid, and why; it must not be quoted in {@code why} where it is secret. */
    public void problem(String key, String why) {
        String problem = key + " " + why;
        if (!problems.contains(problem)) {
            problems.add(problem); // Several records may read one key.
        }
    }

    private <T> T problem(String key, String why, T otherwise) {
        problem(key, why);
        return otherwise;
    }

    /**
     * Ends the reading.
     *
     * @throws InvalidSettingsException with every problem noted so far
     */
    public void check() {
        if (!problems.isEmpty()) {
            throw new InvalidSettingsException(problems);
        }
    }
}
