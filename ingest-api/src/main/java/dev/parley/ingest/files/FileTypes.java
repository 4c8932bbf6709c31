package dev.parley.ingest.files;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Which files are taken, and how they are known: pictures and PDF by the bytes that they begin with, text by being UTF-8.
 *
 * @see <a href="https://mimesniff.spec.whatwg.org/#matching-an-image-type-pattern">WHATWG: MIME sniffing</a>
 */
final class FileTypes {

    static final String RULE = "must be a PNG, JPEG, GIF or WebP image, a PDF, JSON, or text in UTF-8";

    static final String PDF = "application/pdf";

    /** What says nothing. */
    private static final String UNKNOWN = "application/octet-stream";

    private static final String JSON = "application/json";
    private static final String TEXT = "text/";
    private static final String PLAIN = "text/plain";

    private static final Pattern FORM =
            Pattern.compile("[a-z0-9][a-z0-9!#$&^_.+-]{0,62}/(?:[a-z0-9][a-z0-9!#$&^_.+-]{0,62}|\\*)");

    private static final byte[] GIF_87 = ascii("GIF87a");
    private static final byte[] GIF_89 = ascii("GIF89a");
    private static final byte[] PNG_BEGINNING = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    private static final byte[] JPEG_BEGINNING = {(byte) 0xff, (byte) 0xd8, (byte) 0xff};
    private static final byte[] PDF_BEGINNING = ascii("%PDF-");
    private static final byte[] RIFF = ascii("RIFF");
    private static final byte[] WEBP = ascii("WEBP");
    private static final int WEBP_AT = 8;

    /** What is known by how it begins. */
    private record Known(String type, List<byte[]> beginnings) {}

    private static final List<Known> KNOWN = List.of(
            new Known("image/png", List.of(PNG_BEGINNING)),
            new Known("image/jpeg", List.of(JPEG_BEGINNING)),
            new Known("image/gif", List.of(GIF_87, GIF_89)),
            new Known(PDF, List.of(PDF_BEGINNING)));

    private static final String WEBP_TYPE = "image/webp";

    private FileTypes() {}

    /** What became of looking at a content. */
    sealed interface Look {

        /** It is of this type. */
        record Is(String mediaType) implements Look {}

        /** It is not taken, by this rule. */
        record Refused(String rule) implements Look {}
    }

    /** A type as it is compared: without parameters, in small letters, by its usual name; empty where it is none. */
    static Optional<String> normal(String declared) {
        String type = declared.split(";", 2)[0].strip().toLowerCase(Locale.ROOT);
        if (!FORM.matcher(type).matches()) {
            return Optional.empty();
        }
        return Optional.of(type.equals("image/jpg") ? "image/jpeg" : type);
    }

    /** Whether a browser may show it in its place: pictures, which run nothing. */
    static boolean mayBeShown(String mediaType) {
        return isKnown(mediaType) && !mediaType.equals(PDF);
    }

    /**
     * Looks at a content.
     *
     * @param declared what its sender says that it is; nothing, or a star in place of the second half, leaves it open
     */
    static Look look(Optional<String> declared, byte[] content) {
        Optional<String> said = declared.flatMap(FileTypes::normal).filter(type -> !type.equals(UNKNOWN));
        if (declared.isPresent() && normal(declared.get()).isEmpty()) {
            return new Look.Refused("is declared to be of a type that is none");
        }
        if (content.length == 0) {
            return new Look.Refused("is empty");
        }
        Optional<String> seen = seen(content);
        String type = said.filter(any -> !any.endsWith("/*")).or(() -> seen).orElse(PLAIN);
        boolean text = type.startsWith(TEXT) || type.equals(JSON);
        if (!text && !isKnown(type)) {
            return new Look.Refused(RULE + ", and not " + type);
        }
        boolean fits = said.filter(any -> any.endsWith("/*"))
                .map(any -> type.startsWith(any.substring(0, any.length() - 1)))
                .orElse(true);
        boolean is = text ? seen.isEmpty() && isText(content) : seen.equals(Optional.of(type));
        if (is && fits) {
            return new Look.Is(type);
        }
        return new Look.Refused(said.map(any -> "is declared to be " + any + ", and is "
                        + seen.orElse(isText(content) ? "text" : "something else"))
                .orElse(RULE));
    }

    private static boolean isKnown(String type) {
        return type.equals(WEBP_TYPE)
                || KNOWN.stream().anyMatch(known -> known.type().equals(type));
    }

    private static Optional<String> seen(byte[] content) {
        if (begins(content, 0, RIFF) && begins(content, WEBP_AT, WEBP)) {
            return Optional.of(WEBP_TYPE);
        }
        return KNOWN.stream()
                .filter(known -> known.beginnings().stream().anyMatch(beginning -> begins(content, 0, beginning)))
                .map(Known::type)
                .findFirst();
    }

    private static boolean begins(byte[] content, int at, byte[] beginning) {
        return content.length >= at + beginning.length
                && Arrays.equals(content, at, at + beginning.length, beginning, 0, beginning.length);
    }

    private static boolean isText(byte[] content) {
        for (byte each : content) {
            if (each == 0) {
                return false;
            }
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(content))
                    .hasRemaining();
        } catch (CharacterCodingException e) {
            return false;
        }
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
