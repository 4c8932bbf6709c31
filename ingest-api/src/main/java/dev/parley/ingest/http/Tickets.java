package dev.parley.ingest.http;

import dev.parley.schemas.Sha256;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.schemas.settings.Secret;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Tickets that stand in for a key where a browser cannot send one: on the URL of an event stream or a web socket. A URL ends
 * up in histories and logs, so a ticket serves once, soon, and for nothing but streams.
 *
 * <p>A ticket is {@code tenant.expiry.nonce.signature}, signed under a secret that all nodes with the same API keys share:
 * whichever node the stream goes to takes it. That it was used is remembered by the node that took it.
 */
public final class Tickets {

    static final Duration LIFETIME = Duration.ofSeconds(30);

    private static final String ALGORITHM = "HmacSHA256";
    private static final int NONCE_BYTES = 12;
    private static final int MAX_CHARS = 512;
    private static final Base64.Encoder ENCODER = Base64.getUrlEncoder().withoutPadding();
    private static final Base64.Decoder DECODER = Base64.getUrlDecoder();

    private final SecretKeySpec secret;
    private final InstantSource clock;
    private final SecureRandom random = new SecureRandom();

    /** Used tickets that have not expired, with their expiry. */
    private final Map<String, Instant> used = new ConcurrentHashMap<>();

    public Tickets(Collection<Secret> apiKeys, InstantSource clock) {
        this.secret = secret(apiKeys);
        this.clock = clock;
    }

    /** What its caller is given. */
    public record Ticket(String text, Instant expiresAt) {}

    private static SecretKeySpec secret(Collection<Secret> apiKeys) {
        MessageDigest digest = Sha256.digest();
        digest.update("parley tickets".getBytes(StandardCharsets.US_ASCII));
        apiKeys.stream().map(Secret::reveal).sorted().forEach(key -> {
            digest.update((byte) 0);
            digest.update(key.getBytes(StandardCharsets.UTF_8));
        });
        return new SecretKeySpec(digest.digest(), ALGORITHM);
    }

    public Ticket issue(String tenant) {
        Instant expiresAt = clock.instant().plus(LIFETIME);
        byte[] nonce = new byte[NONCE_BYTES];
        random.nextBytes(nonce);
        String content = ENCODER.encodeToString(tenant.getBytes(StandardCharsets.UTF_8)) + "."
                + expiresAt.toEpochMilli() + "." + ENCODER.encodeToString(nonce);
        return new Ticket(content + "." + signature(content), expiresAt);
    }

    /** The tenant of a ticket that is valid now, and from now on no more; empty for any other text. */
    Optional<String> redeem(String text) {
        int end = text.lastIndexOf('.');
        if (end < 0 || text.length() > MAX_CHARS || !isSigned(text.substring(0, end), text.substring(end + 1))) {
            return Optional.empty();
        }
        String[] parts = text.split("\\.", -1);
        Instant now = clock.instant();
        Instant expiresAt = Instant.ofEpochMilli(Long.parseLong(parts[1]));
        used.values().removeIf(now::isAfter);
        if (now.isAfter(expiresAt) || used.putIfAbsent(text, expiresAt) != null) {
            return Optional.empty();
        }
        return Optional.of(new String(DECODER.decode(parts[0]), StandardCharsets.UTF_8))
                .filter(ConversationKey::isTenant);
    }

    private boolean isSigned(String content, String signature) {
        return MessageDigest.isEqual(
                signature(content).getBytes(StandardCharsets.US_ASCII), signature.getBytes(StandardCharsets.UTF_8));
    }

    private String signature(String content) {
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(secret);
            return ENCODER.encodeToString(mac.doFinal(content.getBytes(StandardCharsets.US_ASCII)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java platform has " + ALGORITHM, e);
        }
    }
}
