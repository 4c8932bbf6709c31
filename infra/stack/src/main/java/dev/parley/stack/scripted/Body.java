package dev.parley.stack.scripted;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Objects;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;

/** Writes a streamed body as its encoding has it, each write at once. One thread. */
final class Body {

    private final OutputStream out;
    private final Response.Encoding encoding;
    private final ByteArrayOutputStream compressed = new ByteArrayOutputStream();
    private final @Nullable DeflaterOutputStream compressing;

    Body(OutputStream out, Response.Encoding encoding) throws IOException {
        this.out = out;
        this.encoding = encoding;
        this.compressing = switch (encoding) {
            case GZIPPED, GZIPPED_UNTOLD -> new GZIPOutputStream(compressed, true);
            case DEFLATED ->
                new DeflaterOutputStream(compressed, new Deflater(Deflater.DEFAULT_COMPRESSION, true), true);
            case CHUNKED, CHUNKED_WITH_TRAILERS, UNTIL_CLOSED, TOO_SHORT -> null;
        };
    }

    void write(byte[] content) throws IOException {
        out.write(
                switch (encoding) {
                    case CHUNKED -> HttpWire.chunk(content);
                    case CHUNKED_WITH_TRAILERS -> HttpWire.extendedChunk(content);
                    case GZIPPED, GZIPPED_UNTOLD, DEFLATED -> HttpWire.chunk(compressed(content, false));
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
            case CHUNKED_WITH_TRAILERS ->
                out.write(
                        content.length == 0
                                ? HttpWire.trailers()
                                : HttpWire.join(HttpWire.extendedChunk(content), HttpWire.trailers()));
            case GZIPPED, GZIPPED_UNTOLD, DEFLATED ->
                out.write(HttpWire.join(HttpWire.chunk(compressed(content, true)), HttpWire.lastChunk()));
            case UNTIL_CLOSED, TOO_SHORT -> out.write(content);
        }
    }

    /** Whether another response can follow on the connection. */
    boolean isBounded() {
        return switch (encoding) {
            case CHUNKED, CHUNKED_WITH_TRAILERS, GZIPPED, GZIPPED_UNTOLD, DEFLATED -> true;
            case UNTIL_CLOSED, TOO_SHORT -> false;
        };
    }

    private byte[] compressed(byte[] content, boolean last) throws IOException {
        DeflaterOutputStream stream = Objects.requireNonNull(compressing);
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
