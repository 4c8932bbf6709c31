package dev.parley.schemas.serde;

import org.apache.kafka.common.errors.SerializationException;

/** These bytes are no record of their topic and never will be: a case for the dead-letter topic. */
public final class UndecodableRecordException extends SerializationException {

    private static final long serialVersionUID = 1L;

    public UndecodableRecordException(String message) {
        super(message);
    }

    public UndecodableRecordException(String message, Throwable cause) {
        super(message, cause);
    }
}
