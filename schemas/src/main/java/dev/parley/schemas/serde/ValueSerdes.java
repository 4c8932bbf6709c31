package dev.parley.schemas.serde;

import dev.parley.schemas.settings.RegistrySettings;
import dev.parley.schemas.settings.Secret;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.common.utils.Utils;
import org.jspecify.annotations.Nullable;

/**
 * Makes the serdes of record values from the configured serialiser classes, ours or a site's own.
 *
 * <p>They are configured here, once, with the registry's address in Confluent's setting names; all of ours share one
 * {@link RegistryClient}.
 */
public final class ValueSerdes {

    private final RegistryClient registry;
    private final Serializer<Object> serializer;
    private final Deserializer<Object> deserializer;

    public ValueSerdes(RegistrySettings settings) {
        this(settings, RegistryClient.of(settings));
    }

    /** Serdes over a registry client made elsewhere. */
    @SuppressWarnings(
            "unchecked") // Which records the classes take is the operator's choice; a wrong one fails on its first
    // record.
    public ValueSerdes(RegistrySettings settings, RegistryClient registry) {
        this.registry = registry;
        this.serializer = (Serializer<Object>) instance(RegistrySettings.SERIALIZER, settings.serializerClass());
        this.deserializer =
                (Deserializer<Object>) instance(RegistrySettings.DESERIALIZER, settings.deserializerClass());
        Map<String, Object> configs = new HashMap<>();
        configs.put(RegistryClients.URL, settings.url().toString());
        configs.put(RegistryClient.SHARED_CLIENT, registry);
        configs.put("auto.register.schemas", false);
        configs.put("specific.avro.reader", true);
        settings.basicAuth().map(Secret::reveal).ifPresent(userInfo -> {
            configs.put("basic.auth.credentials.source", "USER_INFO");
            configs.put(RegistryClients.USER_INFO, userInfo);
        });
        serializer.configure(configs, false);
        deserializer.configure(configs, false);
    }

    public RegistryClient registry() {
        return registry;
    }

    /** The serde of one record type; a well-formed record of any other type is undecodable to it. */
    public <V> Serde<V> of(Class<V> type) {
        return Serdes.serdeFrom(new Typed<>(type, serializer), new Checked<>(type, deserializer));
    }

    private static Object instance(String key, String className) {
        try {
            return Utils.newInstance(className, Object.class);
        } catch (ReflectiveOperationException | RuntimeException e) {
            throw new ConfigException(key, className, "cannot be loaded: " + e.getMessage());
        }
    }

    private record Typed<V>(Class<V> type, Serializer<Object> delegate) implements Serializer<V> {

        @Override
        public byte @Nullable [] serialize(String topic, @Nullable V data) {
            return delegate.serialize(topic, data);
        }
    }

    private record Checked<V>(Class<V> type, Deserializer<Object> delegate) implements Deserializer<V> {

        @Override
        public @Nullable V deserialize(String topic, byte @Nullable [] data) {
            Object datum = delegate.deserialize(topic, data);
            if (datum == null || type.isInstance(datum)) {
                return type.cast(datum);
            }
            throw new UndecodableRecordException(
                    "a " + datum.getClass().getSimpleName() + " where " + topic + " has " + type.getSimpleName());
        }
    }
}
