package dev.parley.sinks.edge;

import dev.parley.sinks.feed.Frame;
import java.time.Duration;
import java.util.List;

/**
 * How one client is told what the feed says: a protocol, with what it has to remember of this client. Used by the client's
 * own thread alone.
 */
public interface StreamEncoding {

    /** What to send first; may be empty. */
    List<byte[]> opening();

    /** What the client is to be sent for one frame; empty where its protocol has no word for it. */
    List<byte[]> encode(Frame frame);

    /** Whether the client has been told everything: its stream ends. */
    boolean isOver();

    /** What to send after {@link #heartbeatAfter} of silence, so that either side notices when the other is gone. */
    byte[] heartbeat();

    Duration heartbeatAfter();
}
