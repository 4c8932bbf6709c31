package dev.parley.faults.simulation;

/** Faults that Parley would have if it were wrong: planted once a run, to show that the invariants see them. */
enum Plant {
    NONE,
    /** A client is sent one delta twice. */
    DOUBLED_DELTA,
    /** One delta never reaches a client that reads on. */
    LOST_DELTA,
    /** One event never reaches a client that reads on. */
    LOST_FRAME,
    /** A client is sent two frames in the wrong order. */
    REORDERED_FRAMES,
    /** A client is not told that an attempt is void. */
    MISSED_RESET,
    /** The log of record lacks an event. */
    LOST_EVENT,
    /** The log of record has two events in the wrong order. */
    REORDERED_EVENTS,
    /** The log of record ends a turn twice. */
    SECOND_ENDING,
    /** A command is passed over. */
    LOST_COMMAND,
    /** A worker writes a piece of its answer twice, as if it were two. */
    DOUBLED_CHUNK,
    /** A worker that was given up writes on in its successor's name. */
    ZOMBIE_CHUNK,
    /** A completed answer begins as one attempt and ends as another. */
    SPLICED_TEXT,
    /** An answer's usage is that of two attempts. */
    DOUBLED_USAGE
}
