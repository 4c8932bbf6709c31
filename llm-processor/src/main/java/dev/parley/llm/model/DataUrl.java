package dev.parley.llm.model;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;

/**
 * A content inside a URL, which is how a prompt that is about to be sent carries the contents of its files: nothing that reads the
 * prompt has to know of where they are kept.
 *
 * @param base64 the content
 */
public record DataUrl(String mediaType, String base64) {

    private static final String SCHEME = "data:";
    private static final String BASE64 = ";base64,";

    /** One with {@code content}, as text. */
    public static String of(String mediaType, ByteBuffer content) {
        ByteBuffer encoded = Base64.getEncoder().encode(content.duplicate());
        return SCHEME + mediaType + BASE64 + StandardCharsets.ISO_8859_1.decode(encoded);
    }

    /** The content in {@code url}; empty where that is of another kind. */
    static Optional<DataUrl> parse(String url) {
        int end = url.indexOf(BASE64);
        return url.startsWith(SCHEME) && end > 0
                ? Optional.of(new DataUrl(url.substring(SCHEME.length(), end), url.substring(end + BASE64.length())))
                : Optional.empty();
    }

    /** The content as text in UTF-8. */
    String text() {
        return new String(Base64.getDecoder().decode(base64), StandardCharsets.UTF_8);
    }
}
