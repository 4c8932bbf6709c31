package dev.parley.schemas.serde;

/** The registry refuses a schema because readers of the older ones could not go on. */
public final class IncompatibleSchemaException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    IncompatibleSchemaException(String subject, String why) {
        super("schema of subject " + subject + " is not compatible with its earlier versions: " + why);
    }
}
