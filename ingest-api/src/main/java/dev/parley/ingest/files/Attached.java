package dev.parley.ingest.files;

import dev.parley.chat.v1.Attachment;
import dev.parley.ingest.http.FileLimits;
import dev.parley.ingest.http.JsonBody;
import dev.parley.ingest.http.ProblemException;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.keys.FileId;
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

    private static final int MAX_NAME_CHARS = 255;
    private static final int MAX_URL_CHARS = 8_192;
    private static final String DATA = "data:";
    private static final String BASE64 = ";base64";

    /** How files of this server are named in what it shows. */
    private static final String OWN = "/api/files/";

    private static final String ANY_IMAGE = "image/*";
    private static final Pattern DETAIL = Pattern.compile("[a-z]{1,16}");

    private final List<Attachment> all = new ArrayList<>();

    /**
     * What is said of a file beside its content.
     *
     * @param mediaType as its sender declares it
     * @param name as its sender calls it
     * @param detail how closely an image is to be looked at
     * @param at how much of the message's text stands before it, in UTF-16 code units
     */
    public record Said(Optional<String> mediaType, Optional<String> name, Optional<String> detail, int at) {

        /** Of a picture, of which nothing else is known. */
        public static Said image(int at) {
            return new Said(Optional.of(ANY_IMAGE), Optional.empty(), Optional.empty(), at);
        }

        public static Said file(Optional<String> mediaType, Optional<String> name, int at) {
            return new Said(mediaType, name, Optional.empty(), at);
        }

        public Said withDetail(Optional<String> closely) {
            return new Said(mediaType, name, closely, at);
        }
    }

    public boolean isEmpty() {
        return all.isEmpty();
    }

    /** Those that were read, in their order. */
    public List<Attachment> list() {
        return List.copyOf(all);
    }

    /** Takes the attachments of another message that was read, whose text comes after {@code shift} code units of this one's. */
    public void addAll(JsonBody part, List<Attachment> others, int shift) {
        for (Attachment other : others) {
            add(part, Attachment.newBuilder(other).setAt(other.getAt() + shift).build());
        }
    }

    /** A URL of any kind: with the data in it, of a file of this server's, or of the web. */
    public void url(JsonBody part, String field, Said said) {
        String url = part.longText(field).orElseThrow(() -> JsonBody.required(part.at(field)));
        if (url.regionMatches(true, 0, DATA, 0, DATA.length())) {
            data(part, field, url.substring(DATA.length()), said);
        } else if (url.startsWith(OWN) && FileId.of(url.substring(OWN.length())).isPresent()) {
            add(part, own(url.substring(OWN.length()), said));
        } else {
            add(part, reference(part, field, url, said));
        }
    }

    /** A content in base64, or a URL with the data in it, which some protocols have in one field. */
    public void base64OrUrl(JsonBody part, String field, Said said) {
        String text = part.longText(field).orElseThrow(() -> JsonBody.required(part.at(field)));
        if (text.regionMatches(true, 0, DATA, 0, DATA.length())) {
            data(part, field, text.substring(DATA.length()), said);
        } else {
            content(part, field, decoded(part, field, text), said);
        }
    }

    /** A content in base64. */
    public void base64(JsonBody part, String field, Said said) {
        String text = part.longText(field).orElseThrow(() -> JsonBody.required(part.at(field)));
        content(part, field, decoded(part, field, text), said);
    }

    /** A text that is a file. */
    public void text(JsonBody part, String field, Said said) {
        String text = part.longText(field).orElseThrow(() -> JsonBody.required(part.at(field)));
        byte[] content = text.getBytes(StandardCharsets.UTF_8);
        part.enclosures().taken(content.length);
        content(part, field, content, said);
    }

    /** A file of this server's, by its id. */
    public void id(JsonBody part, String field, Said said) {
        String id = part.text(field).orElseThrow(() -> JsonBody.required(part.at(field)));
        if (FileId.of(id).isEmpty()) {
            throw new ProblemException(ErrorCode.FILE_NOT_FOUND, "there is no file with this id", part.at(field));
        }
        add(part, own(id, said));
    }

    private void add(JsonBody part, Attachment attachment) {
        int most = part.enclosures().limits().perMessage();
        if (all.size() >= most) {
            throw new ProblemException(
                    ErrorCode.PAYLOAD_TOO_LARGE,
                    "is one too many: a message may have " + most + " images and files",
                    part.at("type"));
        }
        all.add(attachment);
    }

    private void data(JsonBody part, String field, String url, Said said) {
        int comma = url.indexOf(',');
        String head = comma < 0 ? "" : url.substring(0, comma);
        if (!head.regionMatches(true, head.length() - BASE64.length(), BASE64, 0, BASE64.length())) {
            throw part.refusal(field, "must be data in base64, such as data:image/png;base64,…");
        }
        Optional<String> declared = Optional.of(head.substring(0, head.length() - BASE64.length()))
                .filter(type -> !type.isBlank() && !type.startsWith(";"))
                .or(said::mediaType);
        content(
                part,
                field,
                decoded(part, field, url.substring(comma + 1)),
                new Said(declared, said.name(), said.detail(), said.at()));
    }

    private static byte[] decoded(JsonBody part, String field, String base64) {
        int most = part.enclosures().limits().fileBytes();
        // Four characters for three bytes, of which the last may be there for nothing.
        if (base64.length() / 4L * 3L - 2 > most) {
            throw tooLarge(part, field);
        }
        try {
            byte[] content = Base64.getDecoder().decode(base64);
            part.enclosures().taken(base64.length());
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
                attachment(said, type)
                        .setName(said.name().map(name -> name(part, name)).orElse(null))
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
    private static Attachment own(String id, Said said) {
        FileId file = FileId.of(id).orElseThrow();
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
                .setName(said.name().map(name -> name(part, name)).orElse(null))
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

    private static String name(JsonBody part, String name) {
        return checkedName(name).orElseThrow(() -> part.refusal("name", nameRule()));
    }

    /** A name that can be kept; empty where {@code name} is none. */
    static Optional<String> checkedName(String name) {
        boolean fits = !name.isBlank()
                && name.codePointCount(0, name.length()) <= MAX_NAME_CHARS
                && name.codePoints().noneMatch(Character::isISOControl);
        return fits ? Optional.of(name) : Optional.empty();
    }

    static String nameRule() {
        return "must be 1 to " + MAX_NAME_CHARS + " characters, none of them a control character";
    }
}
