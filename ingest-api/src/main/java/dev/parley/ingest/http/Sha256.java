package dev.parley.ingest.http;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** The hash that secrets and names are compared by. */
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
}
