package dev.parley.faults.simulation;

import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.streams.processor.api.Record;

/** One partition of a topic: readers keep their own positions. */
final class Log<V> {

    private final String name;
    private final List<Record<String, V>> records = new ArrayList<>();

    Log(String name) {
        this.name = name;
    }

    String name() {
        return name;
    }

    void append(String key, V value, long timestamp) {
        records.add(new Record<>(key, value, timestamp));
    }

    Record<String, V> get(int position) {
        return records.get(position);
    }

    int size() {
        return records.size();
    }
}
