package dev.parley.schemas.routes;

import dev.parley.chat.v1.Classifier;
import dev.parley.chat.v1.ClassifierKind;
import dev.parley.chat.v1.Configuration;
import dev.parley.chat.v1.RetrievalConfiguration;
import dev.parley.chat.v1.RouteConfiguration;
import dev.parley.chat.v1.RouteLimits;
import java.time.Instant;
import java.util.List;

/** What is in force where nobody has configured anything: one route, by the engine that each worker has by itself. */
public final class BuiltInConfiguration {

    public static final String ORIGIN = "built-in";

    /** The intent of the one route. */
    public static final String INTENT = "chat";

    /** The engine that a worker makes of its own environment: a model server where one is set, else {@link #EXTRACTIVE}. */
    public static final String DEFAULT_ENGINE = "default";

    /** The engine that quotes passages; every worker has it. */
    public static final String EXTRACTIVE = "extractive";

    private static final Configuration BUILT_IN = Versions.stamped(new Configuration(
            "",
            Instant.EPOCH,
            ORIGIN,
            INTENT,
            new Classifier(ClassifierKind.NONE, 0.0, null, 5_000),
            List.of(route(INTENT)),
            List.of()));

    private BuiltInConfiguration() {}

    public static Configuration get() {
        return BUILT_IN;
    }

    /** A route that says nothing but its name. */
    public static RouteConfiguration route(String intent) {
        return RouteConfiguration.newBuilder()
                .setIntent(intent)
                .setDescription("")
                .setEngine(DEFAULT_ENGINE)
                .setRetrieval(new RetrievalConfiguration(true, null, null, null))
                .setLimits(new RouteLimits(null, null, null))
                .build();
    }
}
