package dev.parley.ingest.answer;

import dev.parley.chat.v1.TurnEnd;
import dev.parley.chat.v1.TurnFailed;
import dev.parley.chat.v1.Upstream;
import dev.parley.ingest.http.ProblemException;
import dev.parley.schemas.ErrorCode;
import io.javalin.http.Context;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What became known at the model servers that were asked for an answer, in the headers of HTTP answers that wait for one. A
 * stream's headers are gone by then: it tells the same at its end, in its protocol's words.
 */
public final class UpstreamHeaders {

    /** How often model servers were asked for the answer; left out where that was not counted. */
    private static final String ATTEMPTS = "x-parley-attempts";

    /** Names of parameters of the request that the engine's configuration left out, with commas between them. */
    private static final String LEFT_OUT = "x-parley-left-out";

    public static final List<String> NAMES = List.of(ATTEMPTS, LEFT_OUT);

    private UpstreamHeaders() {}

    /** Adds to an answer what its end knows. */
    public static void addTo(Context ctx, TurnEnd end) {
        Upstream upstream = end.getUpstream();
        of(upstream).forEach(ctx::header);
        retryAfter(upstream).ifPresent(after -> ctx.header("Retry-After", ProblemException.seconds(after)));
    }

    /** A failed turn as the problem that a caller is told of who waits for its answer. */
    public static ProblemException problem(TurnFailed failed) {
        return new ProblemException(ErrorCode.ofWire(failed.getCode()).orElse(ErrorCode.INTERNAL), failed.getDetail())
                .told(retryAfter(failed.getUpstream()), of(failed.getUpstream()));
    }

    private static Map<String, String> of(@Nullable Upstream upstream) {
        Map<String, String> headers = new LinkedHashMap<>();
        if (upstream != null && upstream.getCalls() > 0) {
            headers.put(ATTEMPTS, Integer.toString(upstream.getCalls()));
        }
        if (upstream != null && !upstream.getLeftOut().isEmpty()) {
            headers.put(LEFT_OUT, String.join(", ", upstream.getLeftOut()));
        }
        return headers;
    }

    private static Optional<Duration> retryAfter(@Nullable Upstream upstream) {
        return Optional.ofNullable(upstream).map(Upstream::getRetryAfterMillis).map(Duration::ofMillis);
    }
}
