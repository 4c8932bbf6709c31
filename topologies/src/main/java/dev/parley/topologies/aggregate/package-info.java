/**
 * The kernel of what is decided about by one writer: intake → load → decide → save → forward, in one transaction.
 *
 * <p>An {@link dev.parley.topologies.aggregate.Aggregate} brings its rules, its stores and what it tells others;
 * {@link dev.parley.topologies.aggregate.AggregateTopology} makes a topology of it, and
 * {@link dev.parley.topologies.aggregate.AggregateProcessor} runs it, with its deadlines. Other topologies use the
 * {@link dev.parley.topologies.aggregate.Intake} and the encoding of state records alone.
 */
@NullMarked
package dev.parley.topologies.aggregate;

import org.jspecify.annotations.NullMarked;
