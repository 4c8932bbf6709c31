package dev.parley.schemas.work;

/** What doing a piece of work does to the world, and so how often it may be done. */
public enum Effect {
    /** Nothing: it may be repeated freely. */
    READS,
    /** The same however often it is done under the same id: it may be repeated with the id as the key. */
    IDEMPOTENT,
    /** Something that must not be done twice: it is tried once, and where its outcome is not known, nobody repeats it unasked. */
    ONCE
}
