/**
 * The feed: every conversation as it happens, from the log, to any number of readers on this node, resumable to the
 * character. What form its frames have on their way to clients is for the edge to say.
 */
@NullMarked
package dev.parley.sinks.feed;

import org.jspecify.annotations.NullMarked;
