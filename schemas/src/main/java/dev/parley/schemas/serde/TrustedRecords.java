package dev.parley.schemas.serde;

import org.apache.avro.util.ClassSecurityValidator;

/**
 * Tells Avro that Parley's generated classes may be named by a schema. Since 1.12.2 it loads no class by a schema's name
 * unless the application trusts it.
 */
public final class TrustedRecords {

    private static final String OUR_PACKAGES = "dev.parley.";

    static {
        ClassSecurityValidator.setGlobal(ClassSecurityValidator.composite(
                ClassSecurityValidator.getGlobal(), type -> type.getName().startsWith(OUR_PACKAGES)));
    }

    private TrustedRecords() {}

    /** Takes effect once, for the whole process; to be called before the first record is written or read. */
    public static void trust() {}
}
