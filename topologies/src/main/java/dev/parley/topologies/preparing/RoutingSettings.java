package dev.parley.topologies.preparing;

import dev.parley.schemas.settings.Settings;

/**
 * How prompts are made.
 *
 * @param systemPrompt what every model is told first
 * @param maxPassages most passages that one prompt carries; with 0 nothing is looked for
 * @param passageTokens most tokens of passages that one prompt carries, at four characters each
 * @param minSimilarity the cosine of a question's and a passage's vectors from which on the passage fits, whatever its
 *     words are; it depends on the embedding model
 */
public record RoutingSettings(String systemPrompt, int maxPassages, int passageTokens, double minSimilarity) {

    public static final String SYSTEM_PROMPT = "PARLEY_SYSTEM_PROMPT";
    public static final String MAX_PASSAGES = "PARLEY_MAX_PASSAGES";
    public static final String PASSAGE_TOKENS = "PARLEY_PASSAGE_TOKENS";

    /** In percent. */
    public static final String MIN_SIMILARITY = "PARLEY_MIN_SIMILARITY";

    private static final int MAX_SYSTEM_PROMPT_CHARS = 32_768;
    private static final RoutingSettings DEFAULTS =
            new RoutingSettings("You are a helpful assistant. Answer in the language of the question.", 6, 2_000, 0.57);

    public RoutingSettings {
        if (systemPrompt.isBlank() || systemPrompt.length() > MAX_SYSTEM_PROMPT_CHARS) {
            throw new IllegalArgumentException(
                    "systemPrompt must have 1 to " + MAX_SYSTEM_PROMPT_CHARS + " characters");
        }
        if (maxPassages < 0) {
            throw new IllegalArgumentException("maxPassages must not be negative: " + maxPassages);
        }
        if (passageTokens < 1) {
            throw new IllegalArgumentException("passageTokens must be positive: " + passageTokens);
        }
        if (!(minSimilarity >= 0 && minSimilarity <= 1)) {
            throw new IllegalArgumentException("minSimilarity must be from 0 to 1: " + minSimilarity);
        }
    }

    public static RoutingSettings defaults() {
        return DEFAULTS;
    }

    public static RoutingSettings from(Settings settings) {
        String systemPrompt = settings.string(SYSTEM_PROMPT, DEFAULTS.systemPrompt);
        if (systemPrompt.length() > MAX_SYSTEM_PROMPT_CHARS) {
            settings.problem(SYSTEM_PROMPT, "must have at most " + MAX_SYSTEM_PROMPT_CHARS + " characters");
            systemPrompt = DEFAULTS.systemPrompt;
        }
        return new RoutingSettings(
                systemPrompt,
                settings.integer(MAX_PASSAGES, DEFAULTS.maxPassages, 0, 100),
                settings.integer(PASSAGE_TOKENS, DEFAULTS.passageTokens, 1, 1_000_000),
                settings.integer(MIN_SIMILARITY, (int) Math.round(DEFAULTS.minSimilarity * 100), 0, 100) / 100.0);
    }
}
