package dev.parley.topologies.preparing;

import dev.parley.chat.v1.Classifier;
import dev.parley.chat.v1.ClassifierKind;
import dev.parley.chat.v1.Configuration;
import dev.parley.chat.v1.EngineConfiguration;
import dev.parley.chat.v1.EngineKind;
import dev.parley.chat.v1.RouteConfiguration;
import dev.parley.schemas.routes.BuiltInConfiguration;
import dev.parley.schemas.routes.Versions;
import java.time.Instant;
import java.util.List;
import java.util.function.Consumer;

/** Makes configurations; their default intent is {@code chat}. */
final class Configured {

    private Configured() {}

    static Configuration by(ClassifierKind kind, double threshold, RouteConfiguration... routes) {
        return by(new Classifier(kind, threshold, "fast", 5_000), List.of(), routes);
    }

    static Configuration by(Classifier classifier, List<EngineConfiguration> engines, RouteConfiguration... routes) {
        return Versions.stamped(new Configuration(
                "", Instant.EPOCH, "test", BuiltInConfiguration.INTENT, classifier, List.of(routes), engines));
    }

    static RouteConfiguration route(String intent, Consumer<RouteConfiguration.Builder> settings) {
        RouteConfiguration.Builder route = RouteConfiguration.newBuilder(BuiltInConfiguration.route(intent));
        settings.accept(route);
        return route.build();
    }

    static EngineConfiguration engine(String name, int contextTokens) {
        return EngineConfiguration.newBuilder()
                .setName(name)
                .setKind(EngineKind.OPENAI)
                .setContextTokens(contextTokens)
                .build();
    }
}
