/**
 * Frontend protocols, a package each: views of one log for the clients that speak them. Each has one way in, a {@link
 * dev.parley.ingest.protocol.Protocol}, and its own form of errors, and knows no other.
 */
@NullMarked
package dev.parley.ingest.protocol;

import org.jspecify.annotations.NullMarked;
