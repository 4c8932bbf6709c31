package dev.parley.launcher;

import dev.parley.schemas.Topics;
import dev.parley.schemas.serde.RegistryClient;
import dev.parley.schemas.serde.ValueSerdes;
import dev.parley.schemas.settings.KafkaSettings;
import dev.parley.schemas.settings.RegistrySettings;
import dev.parley.schemas.settings.Settings;
import dev.parley.schemas.settings.TopicSettings;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/**
 * Where Kafka and the registry are, for commands that read and write topics themselves. Where neither flags nor
 * environment name any, those of a {@code ./parley up} on this machine are meant.
 */
final class ClusterFlags {

    static final Map<String, String> OF_UP = Map.of(
            KafkaSettings.BOOTSTRAP_SERVERS,
            "127.0.0.1:9092",
            RegistrySettings.URL,
            "http://127.0.0.1:8081/apis/ccompat/v7");

    @Option(
            names = "--kafka",
            paramLabel = "HOST:PORT",
            description = "A Kafka broker. Environment: KAFKA_BOOTSTRAP_SERVERS, and KAFKA_* for any client setting."
                    + " Default: that of './parley up' on this machine.")
    private @Nullable String kafka;

    @Option(
            names = "--registry",
            paramLabel = "URL",
            description = "The schema registry. Environment: SCHEMA_REGISTRY_URL. Default: that of './parley up'.")
    private @Nullable String registry;

    /** Kafka, the registry, and the topics. */
    record Cluster(KafkaSettings kafka, RegistryClient registry, Topics topics) {}

    Cluster cluster(Map<String, String> environment) {
        Map<String, String> flags = new HashMap<>();
        if (kafka != null) {
            flags.put(KafkaSettings.BOOTSTRAP_SERVERS, kafka);
        }
        if (registry != null) {
            flags.put(RegistrySettings.URL, registry);
        }
        boolean named = OF_UP.keySet().stream().anyMatch(key -> flags.containsKey(key) || environment.containsKey(key));
        return cluster(Settings.of(flags, environment, named ? Map.of() : OF_UP));
    }

    /** Those that {@code settings} name. */
    static Cluster cluster(Settings settings) {
        KafkaSettings kafka = KafkaSettings.from(settings);
        RegistrySettings registry = RegistrySettings.from(settings);
        TopicSettings topics = TopicSettings.from(settings);
        settings.check();
        ValueSerdes serdes = new ValueSerdes(registry);
        return new Cluster(kafka, serdes.registry(), Topics.of(topics, serdes));
    }
}
