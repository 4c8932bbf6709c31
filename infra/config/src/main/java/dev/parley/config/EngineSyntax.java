package dev.parley.config;

import dev.parley.chat.v1.EngineConfiguration;
import dev.parley.chat.v1.EngineKind;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * How a file speaks of engines of one kind: its keys with their defaults, and its checks. A kind is one class, in the list of
 * {@link EngineSyntaxes}.
 */
interface EngineSyntax {

    EngineKind kind();

    /** Those that have a meaning for this kind, beside {@code kind} itself, in the order of a file. */
    List<EngineKey> keys();

    /** What a file must say of an engine of this kind, in words that go on from "needs", by key. */
    default Map<String, String> needed() {
        return Map.of();
    }

    /** Fills in what goes without saying for this kind alone. */
    default void complete(EngineConfiguration.Builder engine) {}

    /** The kind as a file has it. */
    default String name() {
        return kind().name().toLowerCase(Locale.ROOT);
    }
}
