package dev.parley.topologies.aggregate;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The deadlines of one task's aggregates. They live in memory, on a monotonic clock, armed anew with their full length when
 * a task starts: neither a restart nor a jump of the wall clock makes one pass.
 */
final class Deadlines<I> {

    private final LongSupplier ticker;
    private final Map<String, Armed<I>> armed = new HashMap<>();

    /** What is decided on at {@code atNanos}. */
    private record Armed<I>(Cause<I> cause, long atNanos) {}

    /** A deadline that has passed, and whose it is. */
    record Passed<I>(String key, Cause<I> cause) {}

    /**
     * None yet.
     *
     * @param ticker in nanoseconds
     */
    Deadlines(LongSupplier ticker) {
        this.ticker = ticker;
    }

    /** Arms the deadline of {@code key} in place of the one before; the same one as before keeps its time. */
    void arm(String key, @Nullable Deadline<I> deadline) {
        if (deadline == null) {
            armed.remove(key);
            return;
        }
        Armed<I> before = armed.get(key);
        if (before == null || !before.cause().input().equals(deadline.cause().input())) {
            armed.put(
                    key,
                    new Armed<>(
                            deadline.cause(),
                            ticker.getAsLong() + deadline.limit().toNanos()));
        }
    }

    /** Those that have passed. They stay armed until their aggregate's state has another. */
    List<Passed<I>> passed() {
        long now = ticker.getAsLong();
        List<Passed<I>> passed = new ArrayList<>();
        armed.forEach((key, deadline) -> {
            if (now - deadline.atNanos() >= 0) {
                passed.add(new Passed<>(key, deadline.cause()));
            }
        });
        return passed;
    }

    int count() {
        return armed.size();
    }

    void clear() {
        armed.clear();
    }
}
