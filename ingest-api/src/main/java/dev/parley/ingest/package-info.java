/**
 * The HTTP front door: requests become commands, the feed becomes event streams, the read model becomes answers.
 *
 * <p>{@link dev.parley.ingest.Door} is what every protocol shares; the native API is one protocol over it.
 */
@NullMarked
package dev.parley.ingest;

import org.jspecify.annotations.NullMarked;
