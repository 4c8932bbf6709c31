package dev.parley.schemas.routes;

import dev.parley.chat.v1.Configuration;
import dev.parley.schemas.serde.SingleObject;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HexFormat;

/** Names configurations by what they say. */
public final class Versions {

    private static final SingleObject<Configuration> CONTENT = SingleObject.of(Configuration.class);
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
            MessageDigest sha = MessageDigest.getInstance("SHA-256");
            sha.update(CONTENT.encode(content));
            return HexFormat.of().formatHex(sha.digest()).substring(0, DIGITS);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
