package dev.parley.schemas.settings;

import java.net.URI;
import java.util.Optional;

/**
 * The schema registry and the serialisers in use.
 *
 * @param url of Confluent's REST API, such as {@code http://127.0.0.1:8081/apis/ccompat/v7}
 * @param basicAuth {@code user:password}, where the registry asks for it
 * @param serializerClass of values; null-free: the name of a {@code Serializer<Object>} that understands Confluent's
 *     settings
 */
public record RegistrySettings(URI url, Optional<Secret> basicAuth, String serializerClass, String deserializerClass) {

    public static final String URL = "SCHEMA_REGISTRY_URL";
    public static final String BASIC_AUTH = "SCHEMA_REGISTRY_BASIC_AUTH_USER_INFO";
    public static final String SERIALIZER = "PARLEY_VALUE_SERIALIZER";
    public static final String DESERIALIZER = "PARLEY_VALUE_DESERIALIZER";

    private static final String OUR_SERIALIZER = "dev.parley.schemas.serde.AvroSerializer";
    private static final String OUR_DESERIALIZER = "dev.parley.schemas.serde.AvroDeserializer";

    public static RegistrySettings from(Settings settings) {
        String url = settings.string(URL).orElse("");
        if (!url.startsWith("http://") && !url.startsWith("https://")) {
            settings.problem(URL, "is missing or no http URL: set it to the registry's Confluent-compatible address");
            url = "http://missing.invalid";
        }
        return new RegistrySettings(
                URI.create(url.endsWith("/") ? url.substring(0, url.length() - 1) : url),
                settings.string(BASIC_AUTH).map(Secret::new),
                settings.string(SERIALIZER, OUR_SERIALIZER),
                settings.string(DESERIALIZER, OUR_DESERIALIZER));
    }

    public static RegistrySettings of(URI url) {
        return new RegistrySettings(url, Optional.empty(), OUR_SERIALIZER, OUR_DESERIALIZER);
    }
}
