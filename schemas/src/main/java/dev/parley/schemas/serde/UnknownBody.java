package dev.parley.schemas.serde;

import org.apache.avro.Schema;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/**
 * A body of a later version. It stands among the bodies that are known, so that a switch over them has to say what becomes
 * of it: readers pass over it, deciders refuse it, and whoever writes the record again writes it as it came.
 */
public abstract class UnknownBody implements SpecificRecord {

    private final RawBody raw;

    protected UnknownBody(RawBody raw) {
        this.raw = raw;
    }

    /** The full name of what this version does not know, such as {@code dev.parley.chat.v1.ToolApproved}. */
    public final String type() {
        return getSchema().getFullName();
    }

    final RawBody raw() {
        return raw;
    }

    @Override
    public final Schema getSchema() {
        return raw.record().getSchema();
    }

    @Override
    public final @Nullable Object get(int field) {
        return raw.record().get(field);
    }

    @Override
    public final void put(int field, @Nullable Object value) {
        throw new UnsupportedOperationException("what is not known is not changed");
    }

    @Override
    public final boolean equals(@Nullable Object other) {
        return other instanceof UnknownBody unknown && raw.record().equals(unknown.raw.record());
    }

    @Override
    public final int hashCode() {
        return raw.record().hashCode();
    }

    @Override
    public final String toString() {
        return "Unknown(" + raw + ")";
    }
}
