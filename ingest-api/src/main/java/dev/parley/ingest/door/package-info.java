/**
 * What every protocol does at the door: a request becomes one command, and the feed says what became of it. Knows nothing of
 * HTTP but how to refuse.
 */
@NullMarked
package dev.parley.ingest.door;

import org.jspecify.annotations.NullMarked;
