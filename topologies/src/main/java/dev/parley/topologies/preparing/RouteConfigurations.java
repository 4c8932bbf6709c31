package dev.parley.topologies.preparing;

import dev.parley.chat.v1.Configuration;
import dev.parley.chat.v1.EngineConfiguration;
import dev.parley.chat.v1.RouteConfiguration;
import dev.parley.schemas.routes.BuiltInConfiguration;
import java.util.List;
import java.util.Optional;

/** Looks things up in a configuration. */
final class RouteConfigurations {

    private RouteConfigurations() {}

    static Optional<RouteConfiguration> find(Configuration configuration, String intent) {
        return configuration.getRoutes().stream()
                .filter(route -> route.getIntent().equals(intent))
                .findFirst();
    }

    static List<String> intents(Configuration configuration) {
        return configuration.getRoutes().stream()
                .map(RouteConfiguration::getIntent)
                .toList();
    }

    /** The route of {@code intent}, or the default one where the configuration does not know it. */
    static RouteConfiguration of(Configuration configuration, String intent) {
        return find(configuration, intent)
                .or(() -> find(configuration, configuration.getDefaultIntent()))
                .orElseGet(() -> BuiltInConfiguration.route(configuration.getDefaultIntent()));
    }

    /** The engine of this name, where the configuration says anything about it. */
    static Optional<EngineConfiguration> engine(Configuration configuration, String name) {
        return configuration.getEngines().stream()
                .filter(engine -> engine.getName().equals(name))
                .findFirst();
    }
}
