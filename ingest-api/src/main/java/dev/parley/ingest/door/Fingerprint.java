package dev.parley.ingest.door;

import dev.parley.schemas.Sha256;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The hash of what a message asks for: equal for two requests exactly where they ask for the same, whatever the order and
 * spelling of their JSON. SHA-256 over the parts in a fixed order, each behind its length, so that no two sequences of parts
 * look alike. A version gives a request the hash that the versions before it gave it, so that a repeat is known for one after
 * an upgrade.
 */
public final class Fingerprint {

    private static final int ABSENT = -1;

    private final MessageDigest digest = Sha256.digest();

    private Fingerprint() {}

    static String of(Question question) {
        Handling handling = question.handling();
        Fingerprint fingerprint = new Fingerprint();
        fingerprint.add(Optional.of(question.content()));
        fingerprint.add(Optional.of(handling.onBusy().name()));
        fingerprint.add(handling.intent());
        fingerprint.add(handling.engine());
        new TreeMap<>(handling.metadata()).forEach((key, value) -> {
            fingerprint.add(Optional.of(key));
            fingerprint.add(Optional.of(value));
        });
        question.prompt().ifPresent(given -> fingerprint.digest.update(CanonicalPrompt.of(given)));
        question.after().ifPresent(place -> {
            fingerprint.add(Optional.of("after"));
            fingerprint.add(Optional.ofNullable(place.getMessageId()));
        });
        return HexFormat.of().formatHex(fingerprint.digest.digest());
    }

    /** A name for what {@code parts} stand for together, in {@code bytes} bytes. */
    public static String name(int bytes, String... parts) {
        Fingerprint fingerprint = new Fingerprint();
        for (String part : parts) {
            fingerprint.add(Optional.of(part));
        }
        return HexFormat.of().formatHex(fingerprint.digest.digest(), 0, bytes);
    }

    private void add(Optional<String> part) {
        byte[] bytes = part.orElse("").getBytes(StandardCharsets.UTF_8);
        digest.update(ByteBuffer.allocate(Integer.BYTES)
                .putInt(0, part.isPresent() ? bytes.length : ABSENT)
                .array());
        digest.update(bytes);
    }
}
