package dev.parley.ingest;

import dev.parley.schemas.ErrorCode;
import java.time.Duration;

/** Between two looks at something that lags. */
final class Pause {

    private Pause() {}

    static void of(Duration time) {
        try {
            Thread.sleep(time);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ProblemException(ErrorCode.UNAVAILABLE, "the server is stopping");
        }
    }
}
