package dev.parley.ingest.door;

import dev.parley.chat.v1.Configuration;
import dev.parley.ingest.http.ProblemException;
import dev.parley.schemas.ErrorCode;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The names under which callers of a model API may ask for an answer, and what is behind them. {@code default} leaves
 * the choice to the route, as a message of the native API does.
 */
public record Models(Map<String, Choice> byName) {

    public static final String DEFAULT = "default";

    private static final String CONNECTED_ENGINE = "openai";
    private static final String QUOTING_ENGINE = "extractive";

    /**
     * What a name stands for.
     *
     * @param intent of the route to take; empty for the one that routing finds
     * @param engine to ask; empty for the route's own
     */
    public record Choice(Optional<String> intent, Optional<String> engine) {

        public static final Choice OPEN = new Choice(Optional.empty(), Optional.empty());

        public static Choice ofEngine(String engine) {
            return new Choice(Optional.empty(), Optional.of(engine));
        }

        public static Choice ofIntent(String intent) {
            return new Choice(Optional.of(intent), Optional.empty());
        }
    }

    public Models {
        byName = Map.copyOf(byName);
    }

    /**
     * Those that an installation has whatever its configuration says.
     *
     * @param connected the connected model server's, which goes under its own name
     */
    public static Models of(Optional<String> connected) {
        Map<String, Choice> choices = new TreeMap<>();
        choices.put(DEFAULT, Choice.OPEN);
        choices.put(QUOTING_ENGINE, Choice.ofEngine(QUOTING_ENGINE));
        connected.ifPresent(model -> choices.put(model, Choice.ofEngine(CONNECTED_ENGINE)));
        return new Models(choices);
    }

    /**
     * These, and the engines and routes of {@code configuration} by their names. An engine goes before a model of the
     * same name, and both before a route; {@code default} stays what it is.
     */
    public Models with(Configuration configuration) {
        Map<String, Choice> choices = new TreeMap<>();
        configuration.getRoutes().forEach(route -> choices.put(route.getIntent(), Choice.ofIntent(route.getIntent())));
        choices.putAll(byName);
        configuration.getEngines().forEach(engine -> choices.put(engine.getName(), Choice.ofEngine(engine.getName())));
        choices.put(DEFAULT, Choice.OPEN);
        return new Models(choices);
    }

    /**
     * What is behind a name.
     *
     * @throws ProblemException {@code model_not_found} where there is no such model
     */
    public Choice choice(String model) {
        Choice choice = byName.get(model);
        if (choice == null) {
            throw new ProblemException(
                    ErrorCode.MODEL_NOT_FOUND,
                    "there is no model '" + model + "': known are "
                            + String.join(
                                    ", ", byName.keySet().stream().sorted().toList()),
                    "model");
        }
        return choice;
    }
}
