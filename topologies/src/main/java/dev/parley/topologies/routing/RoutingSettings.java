package dev.parley.topologies.routing;

import dev.parley.schemas.config.Settings;

/**
 * How prompts are made.
 *
 * @param systemPrompt what every model is told first
 * @param maxPassages most passages that one prompt carries
 */
public record RoutingSettings(String systemPrompt, int maxPassages) {

    public static final String SYSTEM_PROMPT = "PARLEY_SYSTEM_PROMPT";
    public static final String MAX_PASSAGES = "PARLEY_MAX_PASSAGES";

    private static final int MAX_SYSTEM_PROMPT_CHARS = 32_768;
    private static final RoutingSettings DEFAULTS =
            new RoutingSettings("You are a helpful assistant. Answer in the language of the question.", 6);

    public RoutingSettings {
        if (systemPrompt.isBlank() || systemPrompt.length() > MAX_SYSTEM_PROMPT_CHARS) {
            throw new IllegalArgumentException(
                    "systemPrompt must have 1 to " + MAX_SYSTEM_PROMPT_CHARS + " characters");
        }
        if (maxPassages < 0) {
            throw new IllegalArgumentException("maxPassages must not be negative: " + maxPassages);
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
        return new RoutingSettings(systemPrompt, settings.integer(MAX_PASSAGES, DEFAULTS.maxPassages, 0, 100));
    }
}
