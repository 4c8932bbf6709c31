package dev.parley.ingest.files;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/** Contents that are, by their first bytes, what they are called. */
public final class Pictures {

    private static final byte[] PNG = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};

    private Pictures() {}

    /** A PNG like no other that is called otherwise. */
    public static byte[] png(String what) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.writeBytes(PNG);
        bytes.writeBytes(what.getBytes(StandardCharsets.UTF_8));
        return bytes.toByteArray();
    }

    /** One of so many bytes. */
    public static byte[] png(int bytes) {
        byte[] png = new byte[bytes];
        System.arraycopy(PNG, 0, png, 0, PNG.length);
        return png;
    }

    public static String base64(byte[] content) {
        return Base64.getEncoder().encodeToString(content);
    }

    public static String dataUrl(String mediaType, byte[] content) {
        return "data:" + mediaType + ";base64," + base64(content);
    }
}
