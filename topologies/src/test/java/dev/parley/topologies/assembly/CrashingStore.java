package dev.parley.topologies.assembly;

import java.util.ArrayList;
import java.util.Iterator;
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
 * A store that crashes as a cached and logged one does under at-least-once: each entry comes back as it was at the last
 * commit or after any later write to it, independently of all others.
 */
final class CrashingStore<V> implements KeyValueStore<String, V> {

    private record Write<V>(String key, @Nullable V value) {}

    private final String name;
    private NavigableMap<String, V> live = new TreeMap<>();
    private NavigableMap<String, V> committed = new TreeMap<>();
    private final List<Write<V>> uncommitted = new ArrayList<>();

    CrashingStore(String name) {
        this.name = name;
    }

    void commit() {
        committed = new TreeMap<>(live);
        uncommitted.clear();
    }

    void crash(RandomGenerator random) {
        Map<String, List<Write<V>>> byKey = new TreeMap<>();
        uncommitted.forEach(write ->
                byKey.computeIfAbsent(write.key, key -> new ArrayList<>()).add(write));
        live = new TreeMap<>(committed);
        byKey.forEach((key, writes) -> {
            int kept = random.nextInt(writes.size() + 1);
            if (kept > 0) {
                apply(writes.get(kept - 1));
            }
        });
        commit();
    }

    int size() {
        return live.size();
    }

    private void apply(Write<V> write) {
        if (write.value == null) {
            live.remove(write.key);
        } else {
            live.put(write.key, write.value);
        }
    }

    private void write(String key, @Nullable V value) {
        Write<V> write = new Write<>(key, value);
        uncommitted.add(write);
        apply(write);
    }

    @Override
    public void put(String key, V value) {
        write(key, value);
    }

    @Override
    public V putIfAbsent(String key, V value) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void putAll(List<KeyValue<String, V>> entries) {
        entries.forEach(entry -> put(entry.key, entry.value));
    }

    @Override
    @SuppressWarnings("NullAway") // Kafka's interface is not annotated: null says that there was nothing.
    public V delete(String key) {
        V before = live.get(key);
        write(key, null);
        return before;
    }

    @Override
    @SuppressWarnings("NullAway") // Kafka's interface is not annotated: null says that there is nothing.
    public V get(String key) {
        return live.get(key);
    }

    @Override
    public KeyValueIterator<String, V> range(String from, String to) {
        return iterator(live.subMap(from, true, to, true));
    }

    @Override
    public KeyValueIterator<String, V> all() {
        return iterator(live);
    }

    @Override
    public <PS extends Serializer<P>, P> KeyValueIterator<String, V> prefixScan(P prefix, PS serializer) {
        String text = (String) prefix;
        return iterator(live.subMap(text, true, text + Character.MAX_VALUE, false));
    }

    private KeyValueIterator<String, V> iterator(NavigableMap<String, V> entries) {
        Iterator<Map.Entry<String, V>> iterator =
                new TreeMap<>(entries).entrySet().iterator();
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
            public KeyValue<String, V> next() {
                Map.Entry<String, V> entry = iterator.next();
                return KeyValue.pair(entry.getKey(), entry.getValue());
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
