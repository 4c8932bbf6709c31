/**
 * The whole of Parley between door and browser in one thread, under one seed and virtual time: the production logic of
 * conversations, assembly and feed over logs in memory, everything around them scripted and faulty. {@code Invariants} holds
 * it against what must be true, told from the outside alone.
 */
@NullMarked
package dev.parley.faults.simulation;

import org.jspecify.annotations.NullMarked;
