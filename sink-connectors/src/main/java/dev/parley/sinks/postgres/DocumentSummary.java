package dev.parley.sinks.postgres;

import dev.parley.chat.v1.Document;
import dev.parley.schemas.Sha256;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What is said about a document.
 *
 * @param contentType of the text as kept
 * @param bytes of the text as kept, in UTF-8
 * @param characters of the text as kept, in Unicode code points
 * @param contentHash the same for another record that would change nothing
 */
public record DocumentSummary(
        String path,
        Optional<String> title,
        Optional<String> uri,
        String contentType,
        long bytes,
        int characters,
        String contentHash,
        Instant updatedAt) {

    /** What is said about a document of the topic: the same for everyone who reads it. */
    public static DocumentSummary of(Document document) {
        String text = document.getText();
        return new DocumentSummary(
                document.getPath(),
                Optional.ofNullable(document.getTitle()),
                Optional.ofNullable(document.getUri()),
                document.getContentType(),
                text.getBytes(StandardCharsets.UTF_8).length,
                text.codePointCount(0, text.length()),
                hash(document),
                document.getTime());
    }

    /** Each part goes in with its length, so that no two documents run together to the same bytes. */
    private static String hash(Document document) {
        MessageDigest sha256 = Sha256.digest();
        add(sha256, document.getTitle());
        add(sha256, document.getUri());
        add(sha256, document.getContentType());
        add(sha256, document.getText());
        return HexFormat.of().formatHex(sha256.digest());
    }

    private static void add(MessageDigest digest, @Nullable String part) {
        if (part == null) {
            digest.update((byte) '-');
        } else {
            byte[] bytes = part.getBytes(StandardCharsets.UTF_8);
            digest.update((bytes.length + ":").getBytes(StandardCharsets.US_ASCII));
            digest.update(bytes);
        }
    }
}
