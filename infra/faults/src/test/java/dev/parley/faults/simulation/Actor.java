package dev.parley.faults.simulation;

/** Someone who does one thing at a time. */
interface Actor {

    /** Does the next thing; false where there is nothing to do. */
    boolean step();
}
