/**
 * An answer as clients are told it, step by step and whatever the protocol: what the feed says of one turn becomes pieces to
 * append, and each protocol has its own encoding of those.
 */
@NullMarked
package dev.parley.ingest.answer;

import org.jspecify.annotations.NullMarked;
