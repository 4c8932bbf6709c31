package dev.parley.schemas.serde;

import org.apache.kafka.common.errors.SerializationException;

/** A running service met a subject that was not provisioned with its schema. */
public final class SchemaNotRegisteredException extends SerializationException {

    private static final long serialVersionUID = 1L;

    public SchemaNotRegisteredException(String subject, String schemaName) {
        super("the schema registry does not have this version of " + schemaName + " under subject " + subject
                + ": run './parley provision'");
    }
}
