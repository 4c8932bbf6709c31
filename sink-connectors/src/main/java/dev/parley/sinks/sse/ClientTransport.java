package dev.parley.sinks.sse;

import java.io.IOException;

/** The byte stream to one SSE client, whatever HTTP server carries it. Written by one thread. */
public interface ClientTransport {

    /** Writes all of {@code bytes} and sends them on their way; blocks while the client is slow. */
    void write(byte[] bytes) throws IOException;

    /** Breaks the connection, from another thread, so that a blocked {@link #write} returns with an error. */
    void abort();
}
