package dev.parley.schemas.serde;

import org.apache.avro.specific.SpecificRecord;

/**
 * A record whose body is one of several, and may be one that only a later version knows. Every generated class with such a
 * body is one, and types it as a sealed interface of its own.
 */
public interface Envelope extends SpecificRecord {

    /** What the record says: an {@link UnknownBody} where this version does not know it. */
    SpecificRecord getBody();
}
