package dev.parley.launcher;

/** The roles that {@code parley run} starts, by the names a user types. */
public enum RoleName {
    /** HTTP front door, event streams and web page. */
    INGEST,
    /** The Kafka Streams applications. */
    TOPOLOGIES,
    /** Workers that call model servers. */
    LLM,
    /** The Postgres sink. */
    SINKS
}
