package dev.parley.llm.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.parley.llm.model.Model.Outcome.Failed;
import dev.parley.llm.model.StreamWatch.SilentStreamException;
import dev.parley.llm.stream.ServerError;
import dev.parley.llm.stream.SseDecoder.OversizedEventException;
import dev.parley.schemas.ErrorCode;
import java.io.IOException;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The one place that says what a model's failure means. */
final class FailureKinds {

    private static final Set<String> FILTERED = Set.of(
            "content_filter",
            "content_filtered",
            "content_policy_violation",
            "responsibleaipolicyviolation",
            "data_inspection_failed",
            "datainspectionfailed",
            "moderation_blocked");

    private static final Set<String> EXHAUSTED = Set.of(
            "insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "exceeded_current_quota_error");

    private FailureKinds() {}

    static Failed of(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            Failed known = known(cause);
            if (known != null) {
                return known;
            }
        }
        return failed(
                ErrorCode.ENGINE_ERROR,
                "the model server's stream broke: " + failure.getClass().getSimpleName());
    }

    private static @Nullable Failed known(Throwable cause) {
        return switch (cause) {
            case RefusedException refused -> refused(refused);
            case UnreadableEncodingException compressed ->
                failed(
                        ErrorCode.ENGINE_PROTOCOL,
                        "the model server compressed its answer by " + compressed.encoding()
                                + ", which nobody asked for");
            case NoModelException none ->
                failed(ErrorCode.ENGINE_REJECTED, "no model is named, and the model server lists none");
            case NotAStreamException other -> failed(ErrorCode.ENGINE_PROTOCOL, other.detail());
            case SilentStreamException silent ->
                failed(ErrorCode.ENGINE_TIMEOUT, "the model server said nothing for " + time(silent.limit()));
            case HttpTimeoutException timeout ->
                failed(ErrorCode.ENGINE_TIMEOUT, "the model server did not answer in time");
            case ConnectException connect ->
                failed(ErrorCode.ENGINE_UNREACHABLE, "the model server does not accept connections");
            case UnknownHostException unknown ->
                failed(ErrorCode.ENGINE_UNREACHABLE, "the model server's host is unknown");
            case UnresolvedAddressException unresolved ->
                failed(ErrorCode.ENGINE_UNREACHABLE, "the model server's host is unknown");
            case JsonProcessingException json ->
                failed(ErrorCode.ENGINE_PROTOCOL, "the model server sent something that is not its protocol");
            case OversizedEventException oversized ->
                failed(
                        ErrorCode.ENGINE_PROTOCOL,
                        "the model server sent an event of more than " + oversized.maxBytes() + " bytes");
            case IOException io -> failed(ErrorCode.ENGINE_ERROR, "the connection to the model server broke");
            default -> null;
        };
    }

    private static Failed refused(RefusedException refused) {
        // An error that came with a status of success says itself what it is.
        int status = refused.status() / 100 == 2 ? refused.error().status() : refused.status();
        return failed(
                status,
                refused.error(),
                "the model server answered " + refused.status(),
                refused.retryAfter(),
                ContextOverflow.in(refused.error()));
    }

    /** An error in a stream that had begun well. */
    static Failed brokenOff(ServerError error) {
        return failed(
                error.status(),
                error,
                "the model server broke off",
                error.retryAfter(),
                ContextOverflow.inStream(error));
    }

    private static Failed failed(
            int status,
            ServerError error,
            String what,
            Optional<Duration> retryAfter,
            Optional<ContextOverflow> overflow) {
        String words = error.message().isEmpty() ? String.join(", ", error.names()) : error.message();
        String said = words.isEmpty() ? what : what + ": " + words;
        boolean refusal = status == 0 || (status / 100 == 4 && status != 429);
        if (refusal && overflow.isPresent()) {
            return failed(ErrorCode.CONTEXT_LENGTH_EXCEEDED, overflow.get().detail() + " (" + said + ")");
        }
        if (refusal && error.names().stream().anyMatch(FILTERED::contains)) {
            return failed(ErrorCode.CONTENT_FILTERED, said);
        }
        if (status == 429 && error.names().stream().anyMatch(EXHAUSTED::contains)) {
            // Waiting does not help, nor does asking again.
            return failed(ErrorCode.ENGINE_REJECTED, said);
        }
        return new Failed(code(status), said, retryAfter);
    }

    private static String time(Duration limit) {
        return limit.toMillisPart() == 0 ? limit.toSeconds() + " s" : limit.toMillis() + " ms";
    }

    private static ErrorCode code(int status) {
        return switch (status) {
            case 429 -> ErrorCode.ENGINE_RATE_LIMITED;
            // Late, or early: no fault of the request.
            case 408, 425 -> ErrorCode.ENGINE_ERROR;
            default -> status / 100 == 4 || status / 100 == 3 ? ErrorCode.ENGINE_REJECTED : ErrorCode.ENGINE_ERROR;
        };
    }

    private static Failed failed(ErrorCode code, String detail) {
        return new Failed(code, detail);
    }
}
