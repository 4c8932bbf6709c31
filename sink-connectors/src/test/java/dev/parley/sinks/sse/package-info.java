/** Tests of the feed. */
@NullMarked
package dev.parley.sinks.sse;

import org.jspecify.annotations.NullMarked;
