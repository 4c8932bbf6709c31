/** Anthropic's messages, under {@code /v1/messages}, for the clients that speak nothing else. */
@NullMarked
package dev.parley.ingest.protocol.anthropic;

import org.jspecify.annotations.NullMarked;
