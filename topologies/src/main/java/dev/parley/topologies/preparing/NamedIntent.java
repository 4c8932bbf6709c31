package dev.parley.topologies.preparing;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.parley.chat.v1.Classification;
import dev.parley.topologies.preparing.IntentClassifier.Guess;
import java.util.Collection;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Reads which intent a model has named: by its name alone on the first line, after {@code intent:}, or as JSON
 * {@code {"intent": …, "confidence": …}}. Case, quotes and a full stop do not matter.
 */
final class NamedIntent {

    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final Pattern LABEL = Pattern.compile("(?i)^\\W*intent\\W*[:=]\\s*");
    private static final Pattern AROUND = Pattern.compile("^[\\s\"'`*]+|[\\s\"'`*.,;!]+$");

    private NamedIntent() {}

    /** What {@code said} says, as one of {@code intents}; empty where it names none of them. */
    static Optional<Guess> of(Classification said, Collection<String> intents) {
        String answer = said.getIntent();
        int start = answer.indexOf('{');
        int end = answer.lastIndexOf('}');
        if (start >= 0 && end > start) {
            Optional<JsonNode> json = json(answer.substring(start, end + 1));
            if (json.isPresent()) {
                double confidence = json.get().path("confidence").asDouble(said.getConfidence());
                return named(json.get().path("intent").asText(), Math.clamp(confidence, 0.0, 1.0), intents);
            }
        }
        String line = answer.strip().lines().findFirst().orElse("");
        return named(LABEL.matcher(line).replaceFirst(""), said.getConfidence(), intents);
    }

    /** The object that {@code text} is, where it names an intent. */
    private static Optional<JsonNode> json(String text) {
        try {
            return Optional.of(MAPPER.readTree(text))
                    .filter(json -> json.path("intent").isTextual());
        } catch (JsonProcessingException e) {
            return Optional.empty();
        }
    }

    private static Optional<Guess> named(String name, double confidence, Collection<String> intents) {
        String clean = AROUND.matcher(name).replaceAll("").toLowerCase(Locale.ROOT);
        return intents.stream()
                .filter(intent -> intent.toLowerCase(Locale.ROOT).equals(clean))
                .findFirst()
                .map(intent -> new Guess(intent, confidence));
    }
}
