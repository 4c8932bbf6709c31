package dev.parley.sinks.feed;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Who is told what comes, by what they read. Used under the feed's lock. */
final class Readers<K> {

    private final Map<K, Set<Subscriber>> readers = new HashMap<>();

    void add(K key, Subscriber reader) {
        readers.computeIfAbsent(key, any -> new HashSet<>()).add(reader);
    }

    void remove(K key, Subscriber reader) {
        Set<Subscriber> interested = readers.get(key);
        if (interested != null && interested.remove(reader) && interested.isEmpty()) {
            readers.remove(key);
        }
    }

    boolean has(K key) {
        return readers.containsKey(key);
    }

    /** Tells them, and forgets who wants no more. */
    void tell(K key, List<Frame> frames) {
        Set<Subscriber> interested = readers.get(key);
        if (interested == null) {
            return;
        }
        for (Frame frame : frames) {
            interested.removeIf(reader -> !reader.tell(frame));
        }
        if (interested.isEmpty()) {
            readers.remove(key);
        }
    }
}
