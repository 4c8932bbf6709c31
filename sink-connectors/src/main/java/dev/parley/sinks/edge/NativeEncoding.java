package dev.parley.sinks.edge;

import dev.parley.sinks.feed.Frame;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;

/** Parley's own event stream, whose frames come encoded; it has no end. */
record NativeEncoding(Duration heartbeatAfter) implements StreamEncoding {

    private static final List<byte[]> OPENING = List.of("retry: 1000\n\n".getBytes(StandardCharsets.US_ASCII));
    private static final byte[] HEARTBEAT = ": still here\n\n".getBytes(StandardCharsets.US_ASCII);

    @Override
    public List<byte[]> opening() {
        return OPENING;
    }

    @Override
    public List<byte[]> encode(Frame frame) {
        return List.of(frame.encoded());
    }

    @Override
    public boolean isOver() {
        return false;
    }

    @Override
    public byte[] heartbeat() {
        return HEARTBEAT;
    }
}
