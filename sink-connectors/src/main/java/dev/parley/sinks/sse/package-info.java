/**
 * The feed: every conversation as it happens, from the log, to any number of readers on this node, resumable to the
 * character; and the edge that writes it to one SSE client each.
 */
@NullMarked
package dev.parley.sinks.sse;

import org.jspecify.annotations.NullMarked;
