package dev.parley.ingest.http;

import dev.parley.schemas.ErrorCode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.MultiPart;
import org.eclipse.jetty.http.MultiPartFormData;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.util.Promise;
import org.jspecify.annotations.Nullable;

/** A {@code multipart/form-data} body, as browsers and SDKs send uploads; read as a whole, in memory. */
public final class MultipartForm {

    private static final String TYPE = "multipart/form-data";
    private static final int MAX_FIELDS = 16;
    private static final int MAX_HEADERS_BYTES = 8 * 1024;

    private final Map<String, Field> fields;

    /**
     * One of its fields.
     *
     * @param mediaType as its sender declares it
     * @param fileName where it is a file
     */
    public record Field(ByteBuffer content, Optional<String> mediaType, Optional<String> fileName) {

        public String text() {
            return StandardCharsets.UTF_8.decode(content.duplicate()).toString();
        }

        public byte[] bytes() {
            byte[] bytes = new byte[content.remaining()];
            content.duplicate().get(bytes);
            return bytes;
        }
    }

    private MultipartForm(Map<String, Field> fields) {
        this.fields = fields;
    }

    /**
     * Reads a body.
     *
     * @throws ProblemException where it is none such, or cannot be read
     */
    public static MultipartForm read(@Nullable String contentType, byte[] body) {
        String boundary = contentType == null || !contentType.regionMatches(true, 0, TYPE, 0, TYPE.length())
                ? null
                : MultiPart.extractBoundary(contentType);
        if (boundary == null) {
            throw new ProblemException(
                    ErrorCode.UNSUPPORTED_MEDIA_TYPE, "the body must be " + TYPE + ", with its boundary");
        }
        MultiPartFormData.Parser parser = new MultiPartFormData.Parser(boundary);
        parser.setMaxParts(MAX_FIELDS);
        parser.setPartHeadersMaxLength(MAX_HEADERS_BYTES);
        parser.setMaxMemoryFileSize(-1);
        parser.setUseFilesForPartsWithoutFileName(false);
        Map<String, Field> fields = new LinkedHashMap<>();
        CompletableFuture<MultiPartFormData.Parts> read = new CompletableFuture<>();
        parser.parse(Content.Source.from(ByteBuffer.wrap(body)), Promise.Invocable.toPromise(read));
        try (MultiPartFormData.Parts parts = read.join()) {
            for (MultiPart.Part part : parts) {
                Field field = new Field(
                        content(part),
                        Optional.ofNullable(part.getHeaders().get(HttpHeader.CONTENT_TYPE)),
                        Optional.ofNullable(part.getFileName()));
                if (part.getName() == null || fields.put(part.getName(), field) != null) {
                    throw new ProblemException(
                            ErrorCode.INVALID_REQUEST,
                            "must be there once, and have a name",
                            String.valueOf(part.getName()));
                }
            }
        } catch (CompletionException e) {
            throw new ProblemException(ErrorCode.INVALID_REQUEST, "the body is no " + TYPE + " that can be read");
        }
        return new MultipartForm(fields);
    }

    private static ByteBuffer content(MultiPart.Part part) {
        try {
            return Content.Source.asByteBuffer(part.getContentSource());
        } catch (IOException e) {
            throw new UncheckedIOException("what is in memory cannot be read", e);
        }
    }

    /** A field that has to be there. */
    public Field required(String name) {
        Field field = fields.get(name);
        if (field == null) {
            throw new ProblemException(ErrorCode.INVALID_REQUEST, "is missing", name);
        }
        return field;
    }

    /** Refuses fields that nobody has asked for. */
    public void only(Set<String> known) {
        fields.keySet().stream()
                .filter(name -> !known.contains(name))
                .findFirst()
                .ifPresent(name -> {
                    throw new ProblemException(
                            ErrorCode.INVALID_REQUEST,
                            "is not known here: there are " + String.join(", ", known),
                            name);
                });
    }
}
