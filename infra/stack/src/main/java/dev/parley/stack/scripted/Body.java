package dev.parley.stack.scripted;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Objects;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;

/** Writes a streamed body as its encoding has it, each write at once. One thread. */
final class Body {

    private final OutputStream out;
    private final Response.Encoding encoding;
    private final ByteArrayOutputStream compressed = new ByteArrayOutputStream();
    private final @Nullable GZIPOutputStream gzip;

    Body(OutputStream out, Response.Encoding encoding) throws IOException {
        this.out = out;
        this.encoding = encoding;
        this.gzip = encoding == Response.Encoding.GZIPPED ? new GZIPOutputStream(compressed, true) : null;
    }

    void write(byte[] content) throws IOException {
        out.write(
                switch (encoding) {
                    case CHUNKED -> HttpWire.chunk(content);
                    case GZIPPED -> HttpWire.chunk(compressed(content, false));
                    case UNTIL_CLOSED, TOO_SHORT -> content;
                });
    }

    /** The last bytes and the body's end, in one write. */
    void end(byte[] content) throws IOException {
        switch (encoding) {
            case CHUNKED ->
                out.write(
                        content.length == 0
                                ? HttpWire.lastChunk()
                                : HttpWire.join(HttpWire.chunk(content), HttpWire.lastChunk()));
            case GZIPPED -> out.write(HttpWire.join(HttpWire.chunk(compressed(content, true)), HttpWire.lastChunk()));
            case UNTIL_CLOSED, TOO_SHORT -> out.write(content);
        }
    }

    /** Whether another response can follow on the connection. */
    boolean isBounded() {
        return switch (encoding) {
            case CHUNKED, GZIPPED -> true;
            case UNTIL_CLOSED, TOO_SHORT -> false;
        };
    }

    private byte[] compressed(byte[] content, boolean last) throws IOException {
        GZIPOutputStream stream = Objects.requireNonNull(gzip);
        stream.write(content);
        if (last) {
            stream.finish();
        } else {
            stream.flush();
        }
        byte[] bytes = compressed.toByteArray();
        compressed.reset();
        return bytes;
    }
}
