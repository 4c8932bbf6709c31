package dev.parley.faults.simulation;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.processor.StateStoreContext;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/**
 * A store of a task that may crash: exactly once takes back everything since the last commit, at least once leaves each
 * entry as it was at the last commit or after any later write to it, independently of all others.
 */
final class SimulatedStore implements KeyValueStore<String, Object> {

    private final String name;
    private final NavigableMap<String, Object> live = new TreeMap<>();

    /** For each entry written since the last commit: what it was then, and every value since; null for none. */
    private final Map<String, List<@Nullable Object>> uncommitted = new LinkedHashMap<>();

    SimulatedStore(String name) {
        this.name = name;
    }

    void commit() {
        uncommitted.clear();
    }

    /** A crash under exactly once. */
    void takeBack() {
        uncommitted.forEach((key, values) -> apply(key, values.getFirst()));
        uncommitted.clear();
    }

    /** A crash under at least once. */
    void crash(RandomGenerator random) {
        uncommitted.forEach((key, values) -> apply(key, values.get(random.nextInt(values.size()))));
        uncommitted.clear();
    }

    private void write(String key, @Nullable Object value) {
        List<@Nullable Object> values = uncommitted.get(key);
        if (values == null) {
            values = new ArrayList<>();
            values.add(live.get(key));
            uncommitted.put(key, values);
        }
        values.add(value);
        apply(key, value);
    }

    private void apply(String key, @Nullable Object value) {
        if (value == null) {
            live.remove(key);
        } else {
            live.put(key, value);
        }
    }

    @Override
    public void put(String key, Object value) {
        write(key, value);
    }

    @Override
    public Object putIfAbsent(String key, Object value) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void putAll(List<KeyValue<String, Object>> entries) {
        entries.forEach(entry -> put(entry.key, entry.value));
    }

    @Override
    @SuppressWarnings("NullAway") // Kafka's interface is not annotated: null says that there was nothing.
    public Object delete(String key) {
        Object before = live.get(key);
        write(key, null);
        return before;
    }

    @Override
    @SuppressWarnings("NullAway") // Kafka's interface is not annotated: null says that there is nothing.
    public Object get(String key) {
        return live.get(key);
    }

    @Override
    public KeyValueIterator<String, Object> range(String from, String to) {
        return iterator(live.subMap(from, true, to, true));
    }

    @Override
    public KeyValueIterator<String, Object> reverseRange(String from, String to) {
        return from.compareTo(to) > 0
                ? iterator(new TreeMap<>())
                : iterator(live.subMap(from, true, to, true).descendingMap());
    }

    @Override
    public KeyValueIterator<String, Object> all() {
        return iterator(live);
    }

    @Override
    public <PS extends Serializer<P>, P> KeyValueIterator<String, Object> prefixScan(P prefix, PS serializer) {
        String text = (String) prefix;
        return iterator(live.subMap(text, true, text + Character.MAX_VALUE, false));
    }

    private static KeyValueIterator<String, Object> iterator(NavigableMap<String, Object> entries) {
        Iterator<KeyValue<String, Object>> iterator = entries.entrySet().stream()
                .map(entry -> KeyValue.pair(entry.getKey(), entry.getValue()))
                .toList()
                .iterator();
        return new KeyValueIterator<>() {
            @Override
            public void close() {}

            @Override
            public String peekNextKey() {
                throw new UnsupportedOperationException();
            }

            @Override
            public boolean hasNext() {
                return iterator.hasNext();
            }

            @Override
            public KeyValue<String, Object> next() {
                return iterator.next();
            }
        };
    }

    @Override
    public long approximateNumEntries() {
        return live.size();
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public void init(StateStoreContext context, StateStore root) {}

    @Override
    public void close() {}

    @Override
    public boolean persistent() {
        return true;
    }

    @Override
    public boolean isOpen() {
        return true;
    }
}
