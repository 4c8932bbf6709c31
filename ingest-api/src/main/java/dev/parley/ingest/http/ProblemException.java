package dev.parley.ingest.http;

import dev.parley.schemas.ErrorCode;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/** A request that cannot be served, as its caller is to be told. */
public final class ProblemException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final ErrorCode code;
    private final String detail;
    private final transient Optional<String> field;
    private final transient Optional<Duration> asked;
    private final transient Map<String, String> headers;

    public ProblemException(ErrorCode code, String detail) {
        this(code, detail, Optional.empty(), Optional.empty(), Map.of());
    }

    /** A problem with one field of the request, named by its path. */
    public ProblemException(ErrorCode code, String detail, String field) {
        this(code, detail, Optional.of(field), Optional.empty(), Map.of());
    }

    private ProblemException(
            ErrorCode code,
            String detail,
            Optional<String> field,
            Optional<Duration> asked,
            Map<String, String> headers) {
        super(code.wire() + ": " + detail);
        this.code = code;
        this.detail = detail;
        this.field = field;
        this.asked = asked;
        this.headers = Map.copyOf(headers);
    }

    /**
     * This problem, with what others said of it.
     *
     * @param after when whoever caused it wants to be asked again, where that was said
     * @param more headers of the answer that tells of it
     */
    public ProblemException told(Optional<Duration> after, Map<String, String> more) {
        return new ProblemException(code, detail, field, after, more);
    }

    public ErrorCode code() {
        return code;
    }

    public String detail() {
        return detail;
    }

    public Optional<String> field() {
        return field;
    }

    /** Headers of the answer that tells of it, beside those of all problems. */
    Map<String, String> headers() {
        return headers;
    }

    /** When to try again: as was asked for; else soon, for problems that pass. */
    public Optional<Duration> retryAfter() {
        return asked.or(() -> switch (code.kind()) {
            case TRANSIENT, OVERLOAD -> Optional.of(Duration.ofSeconds(1));
            case USER, POISON, BUG -> Optional.empty();
        });
    }

    /** The value of {@code Retry-After}: whole seconds, none too few (RFC 9110). */
    public static String seconds(Duration after) {
        return Long.toString(Math.ceilDiv(after.toMillis(), 1000L));
    }

    /** The HTTP status of a code. */
    public static int status(ErrorCode code) {
        return switch (code) {
            case INVALID_JSON,
                    INVALID_REQUEST,
                    INVALID_ID,
                    INVALID_CURSOR,
                    ENGINE_UNKNOWN,
                    // A 4xx of the model server is one to the caller, so that nobody repeats what will be refused
                    // again.
                    ENGINE_REJECTED,
                    CONTEXT_LENGTH_EXCEEDED,
                    ATTACHMENT_NOT_ACCEPTED,
                    CONTENT_FILTERED -> 400;
            case UNAUTHORIZED -> 401;
            case FORBIDDEN_HOST -> 403;
            case NOT_FOUND,
                    CONVERSATION_NOT_FOUND,
                    MESSAGE_NOT_FOUND,
                    MODEL_NOT_FOUND,
                    DOCUMENT_NOT_FOUND,
                    FILE_NOT_FOUND -> 404;
            case METHOD_NOT_ALLOWED -> 405;
            case CONVERSATION_EXISTS, BUSY, CANCELLED -> 409;
            case CONVERSATION_DELETED -> 410;
            case PAYLOAD_TOO_LARGE, ANSWER_TOO_LARGE, ATTACHMENTS_TOO_LARGE -> 413;
            case UNSUPPORTED_MEDIA_TYPE -> 415;
            case IDEMPOTENCY_CONFLICT, DOCUMENT_UNREADABLE, DOCUMENT_EMPTY -> 422;
            case QUEUE_FULL, ENGINE_RATE_LIMITED -> 429;
            case INTERNAL, UNDECODABLE_RECORD, INVALID_RECORD, UNKNOWN_TYPE -> 500;
            case ENGINE_ERROR,
                    ENGINE_PROTOCOL,
                    ENGINE_TRUNCATED,
                    ENGINE_ABORTED,
                    WORKER_LOST,
                    CHUNKS_CORRUPT,
                    STREAM_RESET -> 502;
            case UNAVAILABLE, OVERLOADED, ENGINE_UNREACHABLE, NO_WORKER -> 503;
            case ENGINE_TIMEOUT, TURN_TIMEOUT -> 504;
        };
    }
}
