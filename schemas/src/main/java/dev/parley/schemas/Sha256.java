package dev.parley.schemas;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** The hash that contents, secrets and names are known by. */
public final class Sha256 {

    private Sha256() {}

    /** A digest of nothing yet. */
    public static MessageDigest digest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /** The hash of a content in hexadecimal, 64 small letters and digits. */
    public static String hex(ByteBuffer content) {
        MessageDigest digest = digest();
        digest.update(content.duplicate());
        return HexFormat.of().formatHex(digest.digest());
    }
}
