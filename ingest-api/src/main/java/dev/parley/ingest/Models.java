package dev.parley.ingest;

import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.config.Settings;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The names under which callers of a model API may ask for an answer, and the engines behind them. {@code default} leaves
 * the choice to the route, as a message of the native API does.
 *
 * @param engines by model name; empty for the route's own
 */
public record Models(Map<String, Optional<String>> engines) {

    static final String DEFAULT = "default";

    private static final String CONNECTED_ENGINE = "openai";
    private static final String QUOTING_ENGINE = "extractive";

    /** Those that an installation with these settings has; {@code PARLEY_LLM_MODEL} is one of them, under its own name. */
    public static Models from(Settings settings) {
        Map<String, Optional<String>> engines = new TreeMap<>();
        engines.put(DEFAULT, Optional.empty());
        engines.put(QUOTING_ENGINE, Optional.of(QUOTING_ENGINE));
        settings.string("PARLEY_LLM_MODEL").ifPresent(model -> engines.put(model, Optional.of(CONNECTED_ENGINE)));
        return new Models(Map.copyOf(engines));
    }

    /**
     * The engine behind a name.
     *
     * @throws ProblemException {@code model_not_found} where there is no such model
     */
    Optional<String> engine(String model) {
        Optional<String> engine = engines.get(model);
        if (engine == null) {
            throw new ProblemException(
                    ErrorCode.MODEL_NOT_FOUND,
                    "there is no model '" + model + "': known are "
                            + String.join(
                                    ", ", engines.keySet().stream().sorted().toList()),
                    "model");
        }
        return engine;
    }
}
