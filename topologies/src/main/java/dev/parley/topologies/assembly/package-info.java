/**
 * Assembly: follows every generation through its chunks and reports facts about it to the conversation: claimed, lost,
 * completed, failed, cancelled.
 *
 * <p>What chunks mean is pure ({@link dev.parley.topologies.assembly.Generation}); the processor loads, asks, saves and
 * forwards. The contract's small value records ({@code Attempt}, {@code Usage}, {@code Tally}) and reports are used as
 * they are: they are immutable, and a second set of the same fields would explain nothing.
 */
@NullMarked
package dev.parley.topologies.assembly;

import org.jspecify.annotations.NullMarked;
