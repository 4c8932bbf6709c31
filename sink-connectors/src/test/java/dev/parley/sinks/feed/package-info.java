/** Tests of the feed. */
@NullMarked
package dev.parley.sinks.feed;

import org.jspecify.annotations.NullMarked;
