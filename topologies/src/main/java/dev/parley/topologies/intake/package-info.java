/**
 * The first step of every topology: raw bytes become records, and what is no record becomes a dead letter.
 */
@NullMarked
package dev.parley.topologies.intake;

import org.jspecify.annotations.NullMarked;
