package dev.parley.schemas;

import org.apache.kafka.common.serialization.Serde;

/** A topic with the one way to write and read its keys and values. */
public record Topic<K, V>(TopicSpec spec, Serde<K> keys, Serde<V> values) {

    public String name() {
        return spec.name();
    }
}
