package dev.parley.llm;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.parley.chat.v1.Classification;
import java.util.Collection;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Reads which intent a model has named: by its name alone on the first line, after {@code intent:}, or as JSON
 * {@code {"intent": …, "confidence": …}}. Case, quotes and a full stop do not matter.
 */
final class Intent {

    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final Pattern LABEL = Pattern.compile("(?i)^\\W*intent\\W*[:=]\\s*");
    private static final Pattern AROUND = Pattern.compile("^[\\s\"'`*]+|[\\s\"'`*.,;!]+$");

    private Intent() {}

    /**
     * What {@code answer} says, as one of {@code intents}; an empty intent where it names none of them.
     *
     * @param asked the engine, for people to read
     */
    static Classification of(String answer, Collection<String> intents, String asked) {
        int start = answer.indexOf('{');
        int end = answer.lastIndexOf('}');
        if (start >= 0 && end > start) {
            Optional<Classification> json = json(answer.substring(start, end + 1), intents, asked);
            if (json.isPresent()) {
                return json.get();
            }
        }
        String line = answer.strip().lines().findFirst().orElse("");
        return named(LABEL.matcher(line).replaceFirst(""), 1.0, intents, asked);
    }

    private static Optional<Classification> json(String text, Collection<String> intents, String asked) {
        try {
            JsonNode json = MAPPER.readTree(text);
            if (!json.path("intent").isTextual()) {
                return Optional.empty();
            }
            double confidence = Math.clamp(json.path("confidence").asDouble(1.0), 0.0, 1.0);
            return Optional.of(named(json.path("intent").asText(), confidence, intents, asked));
        } catch (JsonProcessingException e) {
            return Optional.empty();
        }
    }

    private static Classification named(String name, double confidence, Collection<String> intents, String asked) {
        String clean = AROUND.matcher(name).replaceAll("").toLowerCase(Locale.ROOT);
        return intents.stream()
                .filter(intent -> intent.toLowerCase(Locale.ROOT).equals(clean))
                .findFirst()
                .map(intent -> new Classification(intent, confidence, "engine '" + asked + "' says so"))
                .orElseGet(() -> none("engine '" + asked + "' named no intent that there is"));
    }

    /** No intent, and why. */
    static Classification none(String reason) {
        return new Classification("", 0.0, reason);
    }
}
