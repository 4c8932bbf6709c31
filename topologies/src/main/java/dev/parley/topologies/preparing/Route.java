package dev.parley.topologies.preparing;

import dev.parley.chat.v1.Configuration;
import dev.parley.chat.v1.EngineConfiguration;
import dev.parley.chat.v1.RouteConfiguration;
import dev.parley.chat.v1.TurnRequest;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.SequencedSet;
import org.jspecify.annotations.Nullable;

/**
 * Where a turn goes, and why.
 *
 * @param engine a name that the workers know, or the caller's invention, of which they tell
 * @param fallbacks asked in this order where {@code engine} cannot answer
 * @param contextTokens of {@code engine}, prompt and answer together; null where nobody has said
 * @param settings of the intent's route, or of the default one where the configuration does not know the intent
 * @param configuration the version that all of this is by
 */
record Route(
        Choice.Chosen choice,
        String engine,
        List<String> fallbacks,
        @Nullable Integer contextTokens,
        RouteConfiguration settings,
        String configuration) {

    /**
     * The route of a choice. A caller who names an engine gets that one and no other. Else engines that broke off in
     * earlier tries of the turn are passed over, as long as there is one that did not.
     */
    static Route of(Choice.Chosen choice, TurnRequest turn, Configuration configuration) {
        RouteConfiguration settings = RouteConfigurations.of(configuration, choice.intent());
        List<String> engines = engines(turn, settings);
        String engine = engines.getFirst();
        return new Route(
                choice,
                engine,
                List.copyOf(engines.subList(1, engines.size())),
                RouteConfigurations.engine(configuration, engine)
                        .map(EngineConfiguration::getContextTokens)
                        .orElse(null),
                settings,
                configuration.getVersion());
    }

    private static List<String> engines(TurnRequest turn, RouteConfiguration settings) {
        if (turn.getEngine() != null) {
            return List.of(turn.getEngine());
        }
        SequencedSet<String> engines = new LinkedHashSet<>();
        engines.add(settings.getEngine());
        engines.addAll(settings.getFallbacks());
        List<String> unbroken = engines.stream()
                .filter(engine -> !turn.getFailedEngines().contains(engine))
                .toList();
        return unbroken.isEmpty() ? List.copyOf(engines) : unbroken;
    }
}
