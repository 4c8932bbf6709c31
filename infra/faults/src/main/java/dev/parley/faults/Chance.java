package dev.parley.faults;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;

/** The choices of a seed, in the order in which they are asked for: by one thread, so that the same seed makes the same. */
final class Chance {

    private final Random random;

    Chance(long seed) {
        // Mixed, since neighbouring seeds of a Random begin with nearly the same numbers.
        this.random = new Random(new SplittableRandom(seed).nextLong());
    }

    /** From {@code min} to {@code max}, both included. */
    int between(int min, int max) {
        return min + random.nextInt(max - min + 1);
    }

    /** True so often in a hundred times. */
    boolean percent(int percent) {
        return random.nextInt(100) < percent;
    }

    <T> T one(List<T> of) {
        return of.get(random.nextInt(of.size()));
    }

    <T> List<T> shuffled(List<T> of) {
        List<T> shuffled = new ArrayList<>(of);
        Collections.shuffle(shuffled, random);
        return shuffled;
    }

    void pauseMillis(int min, int max) {
        Cluster.pause(Duration.ofMillis(between(min, max)));
    }
}
