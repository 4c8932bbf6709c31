/**
 * What writes the feed to clients: one thread and one bounded queue each, in the native event stream or in a protocol of the
 * caller's. Knows the feed, which does not know it.
 */
@NullMarked
package dev.parley.sinks.edge;

import org.jspecify.annotations.NullMarked;
