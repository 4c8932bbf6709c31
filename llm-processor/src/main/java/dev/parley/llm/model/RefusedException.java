package dev.parley.llm.model;

import dev.langchain4j.exception.HttpException;
import java.time.Duration;
import java.util.Optional;

/** A model server answered with a status that is no success; the message is what it sent. */
final class RefusedException extends HttpException {

    private static final long serialVersionUID = 1L;

    private final transient Optional<Duration> retryAfter;

    RefusedException(int statusCode, String body, Optional<Duration> retryAfter) {
        super(statusCode, body);
        this.retryAfter = retryAfter;
    }

    Optional<Duration> retryAfter() {
        return retryAfter;
    }
}
