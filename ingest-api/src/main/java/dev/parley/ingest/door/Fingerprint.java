package dev.parley.ingest.door;

import dev.parley.chat.v1.CallerPrompt;
import dev.parley.chat.v1.OnBusy;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificDatumWriter;

/**
 * The hash of what a message asks for: equal for two requests exactly where they ask for the same, whatever the order and
 * spelling of their JSON. SHA-256 over the parts in a fixed order, each behind its length, so that no two sequences of parts
 * look alike.
 */
public final class Fingerprint {

    private static final int ABSENT = -1;

    private final MessageDigest digest = sha256();

    private Fingerprint() {}

    public static String of(
            String content,
            OnBusy onBusy,
            Optional<String> intent,
            Optional<String> engine,
            Map<String, String> metadata,
            Optional<CallerPrompt> prompt) {
        Fingerprint fingerprint = new Fingerprint();
        fingerprint.add(Optional.of(content));
        fingerprint.add(Optional.of(onBusy.name()));
        fingerprint.add(intent);
        fingerprint.add(engine);
        new TreeMap<>(metadata).forEach((key, value) -> {
            fingerprint.add(Optional.of(key));
            fingerprint.add(Optional.of(value));
        });
        prompt.ifPresent(given -> fingerprint.digest.update(encoded(given)));
        return HexFormat.of().formatHex(fingerprint.digest.digest());
    }

    /** Its Avro encoding, which has one form for each value, since there are no maps in it. */
    private static byte[] encoded(CallerPrompt prompt) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        BinaryEncoder encoder = EncoderFactory.get().directBinaryEncoder(bytes, null);
        try {
            new SpecificDatumWriter<>(CallerPrompt.class).write(prompt, encoder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
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

    public static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
