package dev.parley.schemas.routes;

import dev.parley.chat.v1.Configuration;
import java.util.Optional;

/** The versions of the configuration of routes and engines that this process knows. Thread-safe. */
public interface Configurations {

    /** The one in force. */
    Configuration current();

    /** One that was in force once; empty where it is not known, or not yet. */
    Optional<Configuration> find(String version);

    /** The version that a record names: that one where it is known, else the one in force. */
    default Configuration ofRecord(String version) {
        return version.isEmpty() ? current() : find(version).orElseGet(this::current);
    }

    /** One configuration that never changes. */
    static Configurations fixed(Configuration configuration) {
        return new Configurations() {
            @Override
            public Configuration current() {
                return configuration;
            }

            @Override
            public Optional<Configuration> find(String version) {
                return version.equals(configuration.getVersion()) ? Optional.of(configuration) : Optional.empty();
            }
        };
    }
}
