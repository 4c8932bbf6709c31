package dev.parley.ingest.http;

import dev.parley.schemas.ErrorCode;
import java.time.Duration;
import java.util.function.Predicate;
import java.util.function.Supplier;

/** Between two looks at something that lags. */
public final class Pause {

    private Pause() {}

    /**
     * Looks until there is {@code enough} to see, or {@code limit} is over.
     *
     * @param pause between two looks
     * @return what the last look saw
     */
    public static <T> T until(Duration limit, Duration pause, Supplier<T> look, Predicate<T> enough) {
        long deadline = System.nanoTime() + limit.toNanos();
        T seen = look.get();
        while (!enough.test(seen) && System.nanoTime() < deadline) {
            of(pause);
            seen = look.get();
        }
        return seen;
    }

    public static void of(Duration time) {
        try {
            Thread.sleep(time);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ProblemException(ErrorCode.UNAVAILABLE, "the server is stopping");
        }
    }
}
