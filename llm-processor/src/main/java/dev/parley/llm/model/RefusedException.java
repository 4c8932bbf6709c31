package dev.parley.llm.model;

import dev.parley.llm.stream.ServerError;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;

/** A model server answered with a status that is no success, or with an error in place of an answer. */
final class RefusedException extends IOException {

    private static final long serialVersionUID = 1L;

    private final int status;
    private final transient ServerError error;
    private final transient Optional<Duration> retryAfter;

    /**
     * A refusal.
     *
     * @param status of HTTP
     * @param retryAfter as the answer's head has it
     */
    RefusedException(int status, ServerError error, Optional<Duration> retryAfter) {
        super("refused with " + status);
        this.status = status;
        this.error = error;
        this.retryAfter = retryAfter;
    }

    int status() {
        return status;
    }

    ServerError error() {
        return error;
    }

    Optional<Duration> retryAfter() {
        return retryAfter.isPresent() ? retryAfter : error.retryAfter();
    }
}
