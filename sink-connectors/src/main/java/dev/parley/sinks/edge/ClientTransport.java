package dev.parley.sinks.edge;

import java.io.IOException;
import java.util.List;

/** The way to one streaming client, whatever carries it. Written by one thread. */
public interface ClientTransport {

    /**
     * Sends {@code pieces} on their way, in order; blocks while the client is slow. Where the carrier has messages, each
     * piece is one; on a byte stream they are joined.
     */
    void write(List<byte[]> pieces) throws IOException;

    /** Breaks the connection, from another thread, so that a blocked {@link #write} returns with an error. */
    void abort();
}
