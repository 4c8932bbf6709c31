package dev.parley.sinks.postgres;

import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Iterator;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;

/**
 * Rows in the binary form of {@code COPY}: a header; for each row the number of its fields, and for each field its length
 * and its bytes; a trailer (PostgreSQL's manual, {@code COPY}, File Formats).
 *
 * <p>They are encoded in portions, as the stream is read: Postgres inserts the first while the last are still to come.
 *
 * <p>Not thread-safe.
 */
final class BinaryCopy<R> extends InputStream {

    /** How much is encoded at a time, except for a row that is larger. */
    static final int PORTION_BYTES = 64 * 1024;

    private static final byte[] SIGNATURE = {'P', 'G', 'C', 'O', 'P', 'Y', '\n', (byte) 0xff, '\r', '\n', 0};
    private static final int NO_FLAGS = 0;
    private static final int NO_EXTENSION = 0;
    private static final short TRAILER = -1;

    private final Iterator<R> rows;
    private final BiConsumer<R, Fields> encoder;
    private final Fields encoded = new Fields();
    private int taken;
    private boolean ended;

    /** {@code encoder} writes a row: the number of its fields, then each field in the order of the statement's columns. */
    BinaryCopy(Iterable<R> rows, BiConsumer<R, Fields> encoder) {
        this.rows = rows.iterator();
        this.encoder = encoder;
        encoded.room(SIGNATURE.length + 2 * Integer.BYTES)
                .put(SIGNATURE)
                .putInt(NO_FLAGS)
                .putInt(NO_EXTENSION);
    }

    @Override
    public int read() {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : Byte.toUnsignedInt(one[0]);
    }

    @Override
    public int read(byte[] to, int offset, int length) {
        if (taken == encoded.buffer.position()) {
            encodeMore();
        }
        int part = Math.min(length, encoded.buffer.position() - taken);
        if (part == 0) {
            return length == 0 ? 0 : -1;
        }
        System.arraycopy(encoded.buffer.array(), taken, to, offset, part);
        taken += part;
        return part;
    }

    private void encodeMore() {
        encoded.buffer.clear();
        taken = 0;
        while (rows.hasNext() && encoded.buffer.position() < PORTION_BYTES) {
            encoder.accept(rows.next(), encoded);
        }
        if (!rows.hasNext() && !ended) {
            ended = true;
            encoded.count(TRAILER);
        }
    }

    /** Where the fields of rows are written. */
    static final class Fields {
        private static final int NULL = -1;
        private static final byte JSONB_VERSION = 1;
        private static final Instant EPOCH = Instant.parse("2000-01-01T00:00:00Z");

        private ByteBuffer buffer = ByteBuffer.allocate(2 * PORTION_BYTES);

        private Fields() {}

        /** Begins a row of that many fields. */
        void count(int fields) {
            room(Short.BYTES).putShort((short) fields);
        }

        /** A field that is null, of any type. */
        void nothing() {
            room(Integer.BYTES).putInt(NULL);
        }

        void text(String value) {
            bytea(value.getBytes(StandardCharsets.UTF_8));
        }

        void jsonb(String value) {
            byte[] json = value.getBytes(StandardCharsets.UTF_8);
            room(Integer.BYTES + 1 + json.length)
                    .putInt(1 + json.length)
                    .put(JSONB_VERSION)
                    .put(json);
        }

        void bytea(byte[] value) {
            room(Integer.BYTES + value.length).putInt(value.length).put(value);
        }

        void bool(boolean value) {
            room(Integer.BYTES + 1).putInt(1).put((byte) (value ? 1 : 0));
        }

        void int4(int value) {
            room(2 * Integer.BYTES).putInt(Integer.BYTES).putInt(value);
        }

        void int8(long value) {
            room(Integer.BYTES + Long.BYTES).putInt(Long.BYTES).putLong(value);
        }

        void float8(double value) {
            room(Integer.BYTES + Double.BYTES).putInt(Double.BYTES).putDouble(value);
        }

        /** Counts microseconds; what is finer is cut off. */
        void timestamptz(Instant value) {
            int8(TimeUnit.SECONDS.toMicros(value.getEpochSecond() - EPOCH.getEpochSecond())
                    + TimeUnit.NANOSECONDS.toMicros(value.getNano()));
        }

        private ByteBuffer room(int bytes) {
            if (buffer.remaining() < bytes) {
                int wanted = Math.addExact(buffer.position(), bytes);
                buffer = ByteBuffer.allocate(Math.max(wanted, Math.multiplyExact(2, buffer.capacity())))
                        .put(buffer.flip());
            }
            return buffer;
        }
    }
}
