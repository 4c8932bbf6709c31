package dev.parley.topologies.intake;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What a topology demands of a record beyond its schema. */
@FunctionalInterface
public interface Check<V> {

    /** Why the record is refused, for an operator, without a word of message content; empty where it is not. */
    Optional<String> refusal(String key, @Nullable V value);
}
