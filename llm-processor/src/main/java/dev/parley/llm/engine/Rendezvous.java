package dev.parley.llm.engine;

import java.util.Comparator;
import java.util.List;
import java.util.function.Function;

/**
 * Highest random weight hashing: each key ranks all places by a hash of the two, so that it keeps its first place whatever
 * becomes of others, and when a place goes only its own keys move, evenly, to the rest.
 *
 * @see <a href="https://doi.org/10.1109/90.663936">Thaler, Ravishankar: Using name-based mappings to increase hit rates</a>
 */
final class Rendezvous {

    private static final long FNV_OFFSET = 0xcbf29ce484222325L;
    private static final long FNV_PRIME = 0x100000001b3L;

    private Rendezvous() {}

    /** {@code places} in the order in which {@code key} prefers them. */
    static <T> List<T> ranked(String key, List<T> places, Function<T, String> name) {
        if (places.size() < 2) {
            return places;
        }
        record Weighted<T>(T place, long weight) {}
        return places.stream()
                .map(place -> new Weighted<>(place, weight(key, name.apply(place))))
                .sorted(Comparator.<Weighted<T>>comparingLong(Weighted::weight).reversed())
                .map(Weighted::place)
                .toList();
    }

    private static long weight(String key, String place) {
        long hash = fnv(fnv(FNV_OFFSET, place) * FNV_PRIME, key);
        // FNV's last characters hardly reach the high bits: MurmurHash3's finalizer spreads them.
        hash = (hash ^ (hash >>> 33)) * 0xff51afd7ed558ccdL;
        hash = (hash ^ (hash >>> 33)) * 0xc4ceb9fe1a85ec53L;
        return hash ^ (hash >>> 33);
    }

    private static long fnv(long hash, String text) {
        for (int i = 0; i < text.length(); i++) {
            hash = (hash ^ text.charAt(i)) * FNV_PRIME;
        }
        return hash;
    }
}
