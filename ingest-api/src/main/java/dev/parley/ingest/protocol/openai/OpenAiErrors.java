package dev.parley.ingest.protocol.openai;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.chat.v1.Upstream;
import dev.parley.ingest.http.ErrorForm;
import dev.parley.ingest.http.Json;
import dev.parley.ingest.http.ProblemException;
import dev.parley.schemas.ErrorCode;
import io.javalin.http.Context;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Problems in the form that OpenAI's clients read, and whether they are to try again by themselves. */
final class OpenAiErrors implements ErrorForm {

    /** The header by which clients are told whether to repeat a request that failed. */
    static final String SHOULD_RETRY = "x-should-retry";

    /** The header that they look at before {@code Retry-After}. */
    static final String RETRY_AFTER_MILLIS = "retry-after-ms";

    @Override
    public String prefix() {
        return "/v1/";
    }

    @Override
    public void write(Context ctx, ProblemException problem) {
        boolean retry = shouldRetry(problem.code(), ctx.header("Idempotency-Key") != null);
        ctx.header(SHOULD_RETRY, Boolean.toString(retry));
        problem.retryAfter().ifPresent(after -> ctx.header(RETRY_AFTER_MILLIS, Long.toString(after.toMillis())));
        ctx.contentType("application/json").result(json(problem, null).toString());
    }

    /** {@code {error: {message, type, param, code}}}, with what is known upstream {@linkplain Extension beside}. */
    static ObjectNode json(ProblemException problem, @Nullable Upstream upstream) {
        ObjectNode json = Json.object();
        ObjectNode error = error(problem.code(), problem.detail(), problem.field());
        Extension.addTo(error, upstream);
        json.set("error", error);
        return json;
    }

    static ObjectNode error(ErrorCode code, String detail, Optional<String> field) {
        return Json.object()
                .put("message", field.map(name -> name + " ").orElse("") + detail)
                .put("type", type(code))
                .put("param", field.orElse(null))
                .put("code", code.wire());
    }

    private static String type(ErrorCode code) {
        return switch (code.kind()) {
            case USER -> "invalid_request_error";
            case OVERLOAD -> "rate_limit_error";
            case TRANSIENT, POISON, BUG -> "server_error";
        };
    }

    /**
     * Whether a client is to repeat a request by itself.
     *
     * @param keyed whether it carried an idempotency key, so that a repeat cannot start a second generation
     */
    static boolean shouldRetry(ErrorCode code, boolean keyed) {
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
