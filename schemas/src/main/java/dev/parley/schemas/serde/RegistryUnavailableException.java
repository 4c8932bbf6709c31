package dev.parley.schemas.serde;

import org.apache.kafka.common.errors.RetriableException;

/** The schema registry cannot be asked now. The record at hand may be fine: try again, never dead-letter it for this. */
public final class RegistryUnavailableException extends RetriableException {

    private static final long serialVersionUID = 1L;

    public RegistryUnavailableException(String message) {
        super(message);
    }

    RegistryUnavailableException(String message, Throwable cause) {
        super(message, cause);
    }
}
