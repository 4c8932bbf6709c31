package dev.parley.ingest.http;

import dev.parley.schemas.ErrorCode;
import java.time.Duration;

/** Between two looks at something that lags. */
public final class Pause {

    private Pause() {}

    public static void of(Duration time) {
        try {
            Thread.sleep(time);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ProblemException(ErrorCode.UNAVAILABLE, "the server is stopping");
        }
    }
}
