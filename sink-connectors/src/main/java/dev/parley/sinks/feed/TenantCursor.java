package dev.parley.sinks.feed;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.Base64;

/**
 * A place in the stream of all conversations of a tenant: for each partition of the log, the position of the next event.
 * As text it is opaque, and bound to tenant and topic by a checksum, so that another's is not taken for this one's.
 *
 * @param binding of tenant and topic
 */
@SuppressWarnings("ArrayRecordComponent") // Never compared.
record TenantCursor(int binding, long[] next) {

    private static final String VERSION = "t1.";
    private static final int MAX_PARTITIONS = 10_000;

    static TenantCursor parse(String text) {
        if (!text.startsWith(VERSION)) {
            throw new InvalidCursorException("not a cursor of this stream");
        }
        try {
            ByteBuffer bytes = ByteBuffer.wrap(Base64.getUrlDecoder().decode(text.substring(VERSION.length())));
            int binding = bytes.getInt();
            int partitions = bytes.remaining() / Long.BYTES;
            if (bytes.remaining() % Long.BYTES != 0 || partitions == 0 || partitions > MAX_PARTITIONS) {
                throw new InvalidCursorException("not a cursor of this stream");
            }
            long[] next = new long[partitions];
            bytes.asLongBuffer().get(next);
            return new TenantCursor(binding, next);
        } catch (IllegalArgumentException | BufferUnderflowException e) {
            throw new InvalidCursorException("not a cursor of this stream");
        }
    }

    @Override
    public String toString() {
        ByteBuffer bytes =
                ByteBuffer.allocate(Integer.BYTES + next.length * Long.BYTES).putInt(binding);
        for (long position : next) {
            bytes.putLong(position);
        }
        return VERSION + Base64.getUrlEncoder().withoutPadding().encodeToString(bytes.array());
    }
}
