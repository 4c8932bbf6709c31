package dev.parley.topologies.preparing;

import dev.parley.chat.v1.Classification;
import dev.parley.chat.v1.ClassifierKind;
import dev.parley.chat.v1.Configuration;
import dev.parley.chat.v1.RouteConfiguration;
import dev.parley.chat.v1.TurnRequest;
import dev.parley.topologies.preparing.IntentClassifier.Guess;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Which way a turn goes. In this order: what the caller named; a prefix; what a model said already; the classifier of the
 * configuration; the default route.
 *
 * <pre>{@code
 *                    intent named ──────────────────────────────▶ explicit
 *   turn ─┬──────────── own prompt, no intent ──────────────────▶ default
 *         └─ prefix ────────────────────────────────────────────▶ prefix
 *            └─ classification ── of the turn (model) ──┬───────▶ model, examples
 *                              └─ by examples ──────────┼───────▶ below_threshold    (default route)
 *                              └─ by a model: asked ──╮ ╰───────▶ classifier_failed  (default route)
 *                                                     ╰─▶ the turn comes again
 * }</pre>
 */
sealed interface Choice {

    /**
     * Decided.
     *
     * @param confidence from 0 to 1: of the intent, or where it is {@code below_threshold}, of the best that was found
     */
    record Chosen(String intent, double confidence, String reason) implements Choice {}

    /** A model has to be asked; the conversation hears what it says, and sends the turn again. */
    record AskModel() implements Choice {}

    String EXPLICIT = "explicit";
    String PREFIX = "prefix";
    String EXAMPLES = "examples";
    String MODEL = "model";
    String DEFAULT = "default";
    String BELOW_THRESHOLD = "below_threshold";
    String CLASSIFIER_FAILED = "classifier_failed";

    /**
     * Chooses a route for {@code turn}.
     *
     * @param byExamples is asked for the nearest intent only where nothing else decides; empty where that cannot be told
     */
    static Choice of(TurnRequest turn, Configuration configuration, Supplier<Optional<Guess>> byExamples) {
        if (turn.getIntent() != null) {
            return new Chosen(turn.getIntent(), 1.0, EXPLICIT);
        }
        if (bringsItsOwn(turn) || turn.getContent().isBlank()) {
            // Who brings a prompt has said what the model is to do; the text may be a tool's result, or a program's.
            return new Chosen(configuration.getDefaultIntent(), 1.0, DEFAULT);
        }
        Optional<String> prefixed = byPrefix(turn.getContent(), configuration);
        if (prefixed.isPresent()) {
            return new Chosen(prefixed.get(), 1.0, PREFIX);
        }
        Classification said = turn.getClassification();
        if (said != null) {
            return NamedIntent.of(said, RouteConfigurations.intents(configuration))
                    .map(guess -> judged(guess, configuration, MODEL))
                    .orElseGet(() -> failed(configuration));
        }
        ClassifierKind kind = configuration.getClassifier().getKind();
        return switch (kind) {
            case NONE -> new Chosen(configuration.getDefaultIntent(), 1.0, DEFAULT);
            // Whoever would not hear of it waits for no model, and gets the default route.
            case MODEL -> turn.getClassifyAttempt() > 0 ? new AskModel() : failed(configuration);
            case EXAMPLES ->
                byExamples
                        .get()
                        .map(guess -> judged(guess, configuration, EXAMPLES))
                        .orElseGet(() -> failed(configuration));
        };
    }

    /** Whether a turn's caller has said itself what the model is to be told, beside the question and what is attached to it. */
    static boolean bringsItsOwn(TurnRequest turn) {
        return turn.getPrompt() != null && !turn.getPrompt().getPlain();
    }

    private static Chosen judged(Guess guess, Configuration configuration, String reason) {
        return guess.confidence() >= configuration.getClassifier().getThreshold()
                ? new Chosen(guess.intent(), guess.confidence(), reason)
                : new Chosen(configuration.getDefaultIntent(), guess.confidence(), BELOW_THRESHOLD);
    }

    private static Chosen failed(Configuration configuration) {
        return new Chosen(configuration.getDefaultIntent(), 0.0, CLASSIFIER_FAILED);
    }

    /** The intent of the longest prefix that {@code question} begins with; the question keeps it. */
    private static Optional<String> byPrefix(String question, Configuration configuration) {
        String text = question.stripLeading();
        String intent = null;
        int longest = 0;
        for (RouteConfiguration route : configuration.getRoutes()) {
            for (String prefix : route.getPrefixes()) {
                if (prefix.length() > longest && text.regionMatches(true, 0, prefix, 0, prefix.length())) {
                    intent = route.getIntent();
                    longest = prefix.length();
                }
            }
        }
        return Optional.ofNullable(intent);
    }
}
