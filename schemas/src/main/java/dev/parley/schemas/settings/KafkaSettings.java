package dev.parley.schemas.settings;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/**
 * The Kafka cluster and how to reach it: {@code KAFKA_BOOTSTRAP_SERVERS}, and any other client setting as
 * {@code KAFKA_<NAME>}, such as {@code KAFKA_SECURITY_PROTOCOL} for {@code security.protocol}.
 *
 * @param client settings common to every client, in Kafka's names
 */
public record KafkaSettings(Map<String, String> client) {

    public static final String BOOTSTRAP_SERVERS = "KAFKA_BOOTSTRAP_SERVERS";

    private static final String ENVIRONMENT_PREFIX = "KAFKA_";

    public KafkaSettings {
        client = Map.copyOf(client);
    }

    public static KafkaSettings from(Settings settings) {
        Map<String, String> client = new HashMap<>();
        settings.startingWith(ENVIRONMENT_PREFIX)
                .forEach((key, value) -> client.put(
                        key.substring(ENVIRONMENT_PREFIX.length())
                                .toLowerCase(Locale.ROOT)
                                .replace('_', '.'),
                        value));
        if (!client.containsKey("bootstrap.servers")) {
            settings.problem(BOOTSTRAP_SERVERS, "is missing: set it to host:port of a Kafka broker");
        }
        return new KafkaSettings(client);
    }

    public static KafkaSettings of(String bootstrapServers) {
        return new KafkaSettings(Map.of("bootstrap.servers", bootstrapServers));
    }

    public String bootstrapServers() {
        return client.getOrDefault("bootstrap.servers", "");
    }

    /**
     * Settings of one client: the common ones, its {@code client.id}, and what its role needs, which an operator's
     * setting of the same name does not override.
     */
    public Map<String, Object> client(String clientId, Map<String, ?> needed) {
        Map<String, Object> settings = new HashMap<>(client);
        settings.put("client.id", clientId);
        settings.putAll(needed);
        return settings;
    }

    /** Hides values, since passwords may be among them. */
    @Override
    public String toString() {
        return "KafkaSettings[" + bootstrapServers() + ", " + client.keySet() + "]";
    }
}
