package dev.parley.schemas;

import java.util.Locale;
import java.util.Optional;

/**
 * Everything that can go wrong, by one stable name that HTTP answers, events, dead letters and metrics share.
 *
 * <p>The kind says what to do about it; each place that has to act maps kinds or codes exhaustively.
 */
public enum ErrorCode {
    INVALID_JSON(Kind.USER),
    INVALID_REQUEST(Kind.USER),
    INVALID_ID(Kind.USER),
    INVALID_CURSOR(Kind.USER),
    UNSUPPORTED_MEDIA_TYPE(Kind.USER),
    METHOD_NOT_ALLOWED(Kind.USER),
    PAYLOAD_TOO_LARGE(Kind.USER),
    UNAUTHORIZED(Kind.USER),
    FORBIDDEN_HOST(Kind.USER),
    NOT_FOUND(Kind.USER),
    CONVERSATION_NOT_FOUND(Kind.USER),
    CONVERSATION_EXISTS(Kind.USER),
    CONVERSATION_DELETED(Kind.USER),
    MESSAGE_NOT_FOUND(Kind.USER),
    MODEL_NOT_FOUND(Kind.USER),
    DOCUMENT_NOT_FOUND(Kind.USER),
    /** Nothing can be made of a document: it is broken, binary, or in another encoding than it says. */
    DOCUMENT_UNREADABLE(Kind.USER),
    /** A document is whole, but has no text. */
    DOCUMENT_EMPTY(Kind.USER),
    IDEMPOTENCY_CONFLICT(Kind.USER),
    /** {@code onBusy: reject} met a running turn. */
    BUSY(Kind.USER),
    ENGINE_UNKNOWN(Kind.USER),
    /** The answer was stopped before its end. */
    CANCELLED(Kind.USER),
    /** The model server refuses this request and would refuse it again: bad key, unknown model. */
    ENGINE_REJECTED(Kind.USER),
    /** The prompt, or prompt and answer together, are longer than the model's context window. */
    CONTEXT_LENGTH_EXCEEDED(Kind.USER),
    /** The model server's filter refuses the prompt or the answer. */
    CONTENT_FILTERED(Kind.USER),

    QUEUE_FULL(Kind.OVERLOAD),
    OVERLOADED(Kind.OVERLOAD),
    ENGINE_RATE_LIMITED(Kind.OVERLOAD),

    UNAVAILABLE(Kind.TRANSIENT),
    ENGINE_UNREACHABLE(Kind.TRANSIENT),
    ENGINE_ERROR(Kind.TRANSIENT),
    ENGINE_TIMEOUT(Kind.TRANSIENT),
    /** The model server sent something that is not its protocol. */
    ENGINE_PROTOCOL(Kind.TRANSIENT),
    /** The model's stream ended without a finish reason. */
    ENGINE_TRUNCATED(Kind.TRANSIENT),
    /** The model ended its answer for a reason that means failure, such as {@code error} or {@code abort}; its server is well. */
    ENGINE_ABORTED(Kind.TRANSIENT),
    WORKER_LOST(Kind.TRANSIENT),
    /** A worker's chunks do not add up to what it says it sent. */
    CHUNKS_CORRUPT(Kind.TRANSIENT),
    /** What was told of an answer is void, mostly since another attempt began it anew, on a stream that has no word for that. */
    STREAM_RESET(Kind.TRANSIENT),
    /** No worker took the request in time. */
    NO_WORKER(Kind.TRANSIENT),
    TURN_TIMEOUT(Kind.TRANSIENT),

    UNDECODABLE_RECORD(Kind.POISON),
    INVALID_RECORD(Kind.POISON),
    /** A record of a kind that only a later version knows; it can be written again once that version runs. */
    UNKNOWN_TYPE(Kind.POISON),

    ANSWER_TOO_LARGE(Kind.USER),
    INTERNAL(Kind.BUG);

    /** What an error asks for: a better request, patience, less load, a dead letter, a bug report. */
    public enum Kind {
        USER,
        TRANSIENT,
        OVERLOAD,
        POISON,
        BUG
    }

    private final Kind kind;

    ErrorCode(Kind kind) {
        this.kind = kind;
    }

    public Kind kind() {
        return kind;
    }

    /** The name on the wire, such as {@code queue_full}. */
    public String wire() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Reads a wire name; empty where this version does not know it. */
    public static Optional<ErrorCode> ofWire(String wire) {
        for (ErrorCode code : values()) {
            if (code.wire().equals(wire)) {
                return Optional.of(code);
            }
        }
        return Optional.empty();
    }
}
