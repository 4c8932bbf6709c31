package dev.parley.schemas.routes;

import dev.parley.chat.v1.Configuration;
import dev.parley.schemas.Sha256;
import dev.parley.schemas.serde.SingleObject;
import java.nio.ByteBuffer;
import java.time.Instant;

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
        return Sha256.hex(ByteBuffer.wrap(CONTENT.encode(content))).substring(0, DIGITS);
    }
}
