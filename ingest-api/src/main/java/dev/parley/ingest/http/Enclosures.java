package dev.parley.ingest.http;

import dev.parley.schemas.ErrorCode;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;

/**
 * The contents of files that came within the body of one request, by their hashes. Who reads the body puts them here, and whoever
 * writes down what it asks for finds them here, so that nobody between needs to know of them. One thread.
 */
public final class Enclosures {

    private final FileLimits limits;
    private final Map<String, ByteBuffer> contents = new HashMap<>();
    private long otherBytes;

    public Enclosures(FileLimits limits) {
        this.limits = limits;
    }

    public FileLimits limits() {
        return limits;
    }

    /** The body that they come within has so many bytes. */
    void within(int bodyBytes) {
        otherBytes += bodyBytes;
    }

    /** So many bytes of the body are a content. */
    public void taken(int bytes) {
        otherBytes -= bytes;
    }

    /**
     * Checks that what is no content is no longer than any other body: it becomes a record, which contents do not.
     *
     * @throws ProblemException {@code payload_too_large}
     */
    void checkRest() {
        if (otherBytes > Admission.MAX_BODY_BYTES) {
            throw new ProblemException(
                    ErrorCode.PAYLOAD_TOO_LARGE,
                    "the body has more than " + Admission.MAX_BODY_BYTES + " bytes beside the files within it");
        }
    }

    /** Adds a content; returns its hash. */
    public String add(byte[] content) {
        String hash = HexFormat.of().formatHex(Sha256.digest().digest(content));
        contents.putIfAbsent(hash, ByteBuffer.wrap(content));
        return hash;
    }

    /** The content with this hash; empty where none came. */
    public Optional<ByteBuffer> content(String hash) {
        return Optional.ofNullable(contents.get(hash)).map(ByteBuffer::duplicate);
    }
}
