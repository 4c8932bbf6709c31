/**
 * Prepares turns, in the routing topology: names a turn's intent and engine, gathers what it may draw on, and writes its
 * prompt. A pure enrichment, and so at least once: a repeat writes the same request and the same report under the same ids.
 */
@NullMarked
package dev.parley.topologies.preparing;

import org.jspecify.annotations.NullMarked;
