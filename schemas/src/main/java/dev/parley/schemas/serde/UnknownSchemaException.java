package dev.parley.schemas.serde;

import org.apache.kafka.common.errors.SerializationException;

/** A record was kept under a schema that this version does not have: a later version wrote it. */
public final class UnknownSchemaException extends SerializationException {

    private static final long serialVersionUID = 1L;

    UnknownSchemaException(String type, String fingerprint) {
        super("a later version of Parley wrote this " + type + " (schema " + fingerprint
                + "), which this one cannot read: run that version, or a later one");
    }
}
