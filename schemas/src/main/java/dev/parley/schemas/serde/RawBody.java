package dev.parley.schemas.serde;

import org.apache.avro.Schema;
import org.apache.avro.generic.GenericRecord;

/**
 * The body of an {@link Envelope} as it was written, for which this version has no class.
 *
 * @param record the body
 * @param envelope the schema under which the record around it was written, and is to be written again
 */
public record RawBody(GenericRecord record, Schema envelope) {

    /** Names the body's type only: what is in it may be a message. */
    @Override
    public String toString() {
        return record.getSchema().getFullName();
    }
}
