package dev.parley.schemas;

import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;

/**
 * Length and CRC-32C (RFC 3720) of a text's UTF-8 bytes, fed piece by piece: what a worker states at the end of an
 * attempt and the assembly checks. Pieces must not split surrogate pairs. Not thread-safe.
 */
public final class TextChecksum {

    private final CRC32C crc = new CRC32C();
    private long bytes;

    public void add(String piece) {
        byte[] utf8 = piece.getBytes(StandardCharsets.UTF_8);
        crc.update(utf8);
        bytes += utf8.length;
    }

    public long bytes() {
        return bytes;
    }

    /** The checksum so far, as an unsigned 32-bit number. */
    public long crc32c() {
        return crc.getValue();
    }

    public static TextChecksum of(String text) {
        TextChecksum checksum = new TextChecksum();
        checksum.add(text);
        return checksum;
    }
}
