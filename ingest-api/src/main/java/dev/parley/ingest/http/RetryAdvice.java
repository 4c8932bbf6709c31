package dev.parley.ingest.http;

import dev.parley.schemas.ErrorCode;
import io.javalin.http.Context;
import java.util.List;

/**
 * Whether a client is to repeat a request that failed by itself, and when: headers that the clients of OpenAI's and of
 * Anthropic's API, which one generator makes, look at before anything else.
 */
public final class RetryAdvice {

    /** Whether to repeat the request at all. */
    public static final String SHOULD_RETRY = "x-should-retry";

    /** Looked at before {@code Retry-After}. */
    public static final String RETRY_AFTER_MILLIS = "retry-after-ms";

    public static final List<String> HEADERS = List.of(SHOULD_RETRY, RETRY_AFTER_MILLIS);

    private RetryAdvice() {}

    /** Adds it to the answer that tells of {@code problem}. */
    public static void addTo(Context ctx, ProblemException problem) {
        boolean retry = shouldRetry(problem.code(), ctx.header("Idempotency-Key") != null);
        ctx.header(SHOULD_RETRY, Boolean.toString(retry));
        problem.retryAfter().ifPresent(after -> ctx.header(RETRY_AFTER_MILLIS, Long.toString(after.toMillis())));
    }

    /**
     * Whether a client is to repeat a request by itself.
     *
     * @param keyed whether it carried an idempotency key, so that a repeat cannot start a second generation
     */
    public static boolean shouldRetry(ErrorCode code, boolean keyed) {
        return switch (code) {
            // Nothing was put on the log.
            case OVERLOADED -> true;
            // The log has the refusal, and a repeat under the same key meets it again.
            case QUEUE_FULL -> !keyed;
            // It may have been put on the log.
            case UNAVAILABLE, INTERNAL -> keyed;
            // The pipeline has tried as often as makes sense, or trying changes nothing.
            default -> false;
        };
    }
}
