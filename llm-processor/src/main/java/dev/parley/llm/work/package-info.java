/**
 * The one way of all work: an order is taken from its pool's share group, claimed in the log, done by whoever does its kind, and
 * told to the log piece by piece up to its end. What is particular to a kind is in {@link dev.parley.schemas.work.WorkKind} and in
 * its {@link dev.parley.llm.work.Runner}.
 *
 * <p>Threads: one platform thread owns each share consumer, one the controls consumer, one keeps time for all runs; each run
 * waits on a virtual thread of its own.
 */
@NullMarked
package dev.parley.llm.work;

import org.jspecify.annotations.NullMarked;
