/** The chats of the AI SDK, over HTTP under {@code /api/chat} and over web sockets under {@code /ws}. */
@NullMarked
package dev.parley.ingest.protocol.aisdk;

import org.jspecify.annotations.NullMarked;
