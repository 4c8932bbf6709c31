package dev.parley.config;

import dev.parley.chat.v1.EngineConfiguration;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A key of an engine.
 *
 * @param nested the keys of its mapping, where it holds one
 * @param read takes it from a file, with its default where it is not there
 * @param written as a file has it; null where it goes without saying
 */
record EngineKey(
        String name,
        Optional<Keys> nested,
        BiConsumer<Section, EngineConfiguration.Builder> read,
        Function<EngineConfiguration, @Nullable Object> written) {

    static EngineKey plain(
            String name,
            BiConsumer<Section, EngineConfiguration.Builder> read,
            Function<EngineConfiguration, @Nullable Object> written) {
        return new EngineKey(name, Optional.empty(), read, written);
    }

    /** One that holds a mapping, which {@code read} is given: an empty one where it is not there. */
    static EngineKey mapping(
            String name,
            Keys nested,
            BiConsumer<Section, EngineConfiguration.Builder> read,
            Function<EngineConfiguration, @Nullable Object> written) {
        return new EngineKey(
                name,
                Optional.of(nested),
                (section, engine) -> read.accept(section.sectionOrEmpty(name, nested), engine),
                written);
    }
}
