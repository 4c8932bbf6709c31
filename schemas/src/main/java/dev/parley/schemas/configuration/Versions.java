package dev.parley.schemas.configuration;

import dev.parley.chat.v1.Configuration;
import dev.parley.schemas.serde.TrustedRecords;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HexFormat;

/** Names configurations by what they say. */
public final class Versions {

    static {
        TrustedRecords.trust();
    }

    private static final int DIGITS = 12;

    private Versions() {}

    /** {@code configuration} with its version: a digest of everything but time and origin, so equal ones are called alike. */
    public static Configuration stamped(Configuration configuration) {
        return Configuration.newBuilder(configuration)
                .setVersion(digest(configuration))
                .build();
    }

    private static String digest(Configuration configuration) {
        Configuration content = Configuration.newBuilder(configuration)
                .setVersion("")
                .setTime(Instant.EPOCH)
                .setOrigin("")
                .build();
        try {
            ByteBuffer bytes = Configuration.getEncoder().encode(content);
            MessageDigest sha = MessageDigest.getInstance("SHA-256");
            sha.update(bytes);
            return HexFormat.of().formatHex(sha.digest()).substring(0, DIGITS);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
