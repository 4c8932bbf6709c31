package dev.parley.ingest.files;

import dev.parley.chat.v1.Attachment;
import dev.parley.ingest.http.FileLimits;
import dev.parley.ingest.http.JsonBody;
import dev.parley.ingest.http.ProblemException;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.keys.FileId;
import dev.parley.sinks.json.NativeJson;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The images and files of one message, as they are read from its parts: a content within the request, a file of this server's, or
 * a reference that the model server alone will follow. Each is checked here, and refused by its field where it is not taken.
 */
public final class Attached {

    private static final int MAX_URL_CHARS = 8_192;
    private static final String DATA = "data:";
    private static final String BASE64 = ";base64";

    private static final String ANY_IMAGE = "image/*";
    private static final Pattern DETAIL = Pattern.compile("[a-z]{1,16}");

    private final List<Attachment> all = new ArrayList<>();

    /**
     * What is said of a file beside its content.
     *
     * @param mediaType as its sender declares it
     * @param detail how closely an image is to be looked at
     * @param at how much of the message's text stands before it, in UTF-16 code units
     */
    public record Said(Optional<String> mediaType, Named name, Optional<String> detail, int at) {

        /** Of a picture, of which nothing else is known. */
        public static Said image(int at) {
            return new Said(Optional.of(ANY_IMAGE), Named.NOT, Optional.empty(), at);
        }

        public static Said file(Optional<String> mediaType, Named name, int at) {
            return new Said(mediaType, name, Optional.empty(), at);
        }

        public Said withDetail(Optional<String> closely) {
            return new Said(mediaType, name, closely, at);
        }

        /** The same, of which somebody says what it is. */
        public Said as(Optional<String> declared) {
            return new Said(declared.or(() -> mediaType), name, detail, at);
        }
    }

    public boolean isEmpty() {
        return all.isEmpty();
    }

    /** Those that were read, in their order. */
    public List<Attachment> list() {
        return List.copyOf(all);
    }

    /** A URL of any kind: with the data in it, of a file of this server's, or of the web. */
    public void url(JsonBody part, String field, Said said) {
        String url = part.requiredLongText(field);
        if (url.regionMatches(true, 0, DATA, 0, DATA.length())) {
            data(part, field, url.substring(DATA.length()), said);
            return;
        }
        Optional<FileId> own = url.startsWith(NativeJson.FILES)
                ? FileId.of(url.substring(NativeJson.FILES.length()))
                : Optional.empty();
        add(part, field, own.map(file -> own(file, said)).orElseGet(() -> reference(part, field, url, said)));
    }

    /** A content in base64, or a URL with the data in it, which some protocols have in one field. */
    public void base64OrUrl(JsonBody part, String field, Said said) {
        String text = part.requiredLongText(field);
        if (text.regionMatches(true, 0, DATA, 0, DATA.length())) {
            data(part, field, text.substring(DATA.length()), said);
        } else {
            content(part, field, decoded(part, field, text), said);
        }
    }

    /** A content in base64. */
    public void base64(JsonBody part, String field, Said said) {
        String text = part.requiredLongText(field);
        content(part, field, decoded(part, field, text), said);
    }

    /** A text that is a file. */
    public void text(JsonBody part, String field, Said said) {
        String text = part.requiredLongText(field);
        part.enclosures().taken(text);
        content(part, field, text.getBytes(StandardCharsets.UTF_8), said);
    }

    /** A file of this server's, by its id. */
    public void id(JsonBody part, String field, Said said) {
        FileId file = FileId.of(part.requiredText(field))
                .orElseThrow(() -> new ProblemException(
                        ErrorCode.FILE_NOT_FOUND, "there is no file with this id", part.at(field)));
        add(part, field, own(file, said));
    }

    private void add(JsonBody part, String field, Attachment attachment) {
        FileLimits limits = part.enclosures().limits();
        if (all.size() >= limits.perMessage()) {
            throw tooMany(part.at(field), "a message", limits.perMessage());
        }
        if (!part.enclosures().mayHaveOneMore()) {
            throw tooMany(part.at(field), "a request", limits.perRequest());
        }
        all.add(attachment);
    }

    private static ProblemException tooMany(String path, String where, int most) {
        return new ProblemException(
                ErrorCode.PAYLOAD_TOO_LARGE,
                "is one too many: " + where + " may have " + most + " images and files",
                path);
    }

    private void data(JsonBody part, String field, String url, Said said) {
        int comma = url.indexOf(',');
        String head = comma < 0 ? "" : url.substring(0, comma);
        if (!head.regionMatches(true, head.length() - BASE64.length(), BASE64, 0, BASE64.length())) {
            throw part.refusal(field, "must be data in base64, such as data:image/png;base64,…");
        }
        Optional<String> declared = Optional.of(head.substring(0, head.length() - BASE64.length()))
                .filter(type -> !type.isBlank() && !type.startsWith(";"));
        content(part, field, decoded(part, field, url.substring(comma + 1)), said.as(declared));
    }

    private static byte[] decoded(JsonBody part, String field, String base64) {
        int most = part.enclosures().limits().fileBytes();
        // Four characters for three bytes, of which the last may be there for nothing.
        if (base64.length() / 4L * 3L - 2 > most) {
            throw tooLarge(part, field);
        }
        try {
            byte[] content = Base64.getDecoder().decode(base64);
            part.enclosures().taken(base64);
            return content;
        } catch (IllegalArgumentException e) {
            throw part.refusal(field, "must be base64");
        }
    }

    private static ProblemException tooLarge(JsonBody part, String field) {
        FileLimits limits = part.enclosures().limits();
        return new ProblemException(
                ErrorCode.PAYLOAD_TOO_LARGE, "must be of at most " + limits.fileBytes() + " bytes", part.at(field));
    }

    private void content(JsonBody part, String field, byte[] content, Said said) {
        if (content.length > part.enclosures().limits().fileBytes()) {
            throw tooLarge(part, field);
        }
        String type = switch (FileTypes.look(said.mediaType(), content)) {
            case FileTypes.Look.Is(String mediaType) -> mediaType;
            case FileTypes.Look.Refused(String rule) ->
                throw new ProblemException(ErrorCode.UNSUPPORTED_MEDIA_TYPE, rule, part.at(field));
        };
        add(
                part,
                field,
                attachment(said, type)
                        .setName(said.name().checked().orElse(null))
                        .setHash(part.enclosures().add(content))
                        .setBytes((long) content.length)
                        .build());
    }

    private static Attachment.Builder attachment(Said said, String mediaType) {
        return Attachment.newBuilder()
                .setMediaType(mediaType)
                .setDetail(said.detail()
                        .filter(detail -> DETAIL.matcher(detail).matches())
                        .orElse(null))
                .setAt(said.at());
    }

    /** What it is, is looked up when the message is written down. */
    private static Attachment own(FileId file, Said said) {
        return attachment(said, "")
                .setHash(file.hash())
                .setOffset(file.offset())
                .build();
    }

    private static Attachment reference(JsonBody part, String field, String url, Said said) {
        String type = said.mediaType()
                .map(declared -> FileTypes.normal(declared)
                        .orElseThrow(() -> part.refusal(field, "is declared to be of a type that is none")))
                .orElse(FileTypes.PDF);
        if (!isWebAddress(url)) {
            throw part.refusal(
                    field,
                    "must begin with data:, https:// or http://, or be a file of this server, in at most "
                            + MAX_URL_CHARS + " characters where it is a reference");
        }
        boolean taken = type.startsWith("image/") || type.startsWith("text/") || type.startsWith("application/");
        if (!taken) {
            throw new ProblemException(
                    ErrorCode.UNSUPPORTED_MEDIA_TYPE, FileTypes.RULE + ", and not " + type, part.at(field));
        }
        return attachment(said, type)
                .setName(said.name().checked().orElse(null))
                .setUri(url)
                .build();
    }

    private static boolean isWebAddress(String text) {
        try {
            URI address = new URI(text);
            return text.length() <= MAX_URL_CHARS
                    && address.getHost() != null
                    && ("https".equalsIgnoreCase(address.getScheme()) || "http".equalsIgnoreCase(address.getScheme()));
        } catch (URISyntaxException e) {
            return false;
        }
    }
}
