package dev.parley.schemas.serde;

import dev.parley.schemas.settings.RegistrySettings;
import dev.parley.schemas.settings.Secret;
import java.net.URI;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.common.config.ConfigException;

/** Finds a serialiser's registry client in its settings: the shared one where there is one, else one of its own. */
final class RegistryClients {

    static final String URL = "schema.registry.url";
    static final String USER_INFO = "basic.auth.user.info";

    private RegistryClients() {}

    static RegistryClient from(Map<String, ?> configs) {
        if (configs.get(RegistryClient.SHARED_CLIENT) instanceof RegistryClient shared) {
            return shared;
        }
        if (!(configs.get(URL) instanceof String url)) {
            throw new ConfigException(URL, configs.get(URL), "the schema registry's address is missing");
        }
        RegistrySettings defaults = RegistrySettings.of(URI.create(url));
        Optional<Secret> userInfo = Optional.ofNullable(configs.get(USER_INFO))
                .map(Object::toString)
                .map(Secret::new);
        return RegistryClient.of(new RegistrySettings(
                defaults.url(), userInfo, defaults.serializerClass(), defaults.deserializerClass()));
    }
}
