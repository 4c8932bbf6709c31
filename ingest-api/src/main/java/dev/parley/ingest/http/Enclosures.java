package dev.parley.ingest.http;

import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.Sha256;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongConsumer;

/**
 * The contents of files that came within the body of one request, by their hashes. Who reads the body puts them here, and whoever
 * writes down what it asks for finds them here, so that nobody between needs to know of them. One thread.
 */
public final class Enclosures {

    private final FileLimits limits;
    private final LongConsumer lettingGo;
    private final Map<String, ByteBuffer> contents = new HashMap<>();
    private long otherBytes;
    private int attachments;

    public Enclosures(FileLimits limits) {
        this(limits, otherBytes -> {});
    }

    /**
     * Of a request whose body takes room.
     *
     * @param lettingGo is told how many bytes of it go on taking some
     */
    Enclosures(FileLimits limits, LongConsumer lettingGo) {
        this.limits = limits;
        this.lettingGo = lettingGo;
    }

    public FileLimits limits() {
        return limits;
    }

    /**
     * The body that they come within says so many bytes, escapes of its texts resolved.
     *
     * @param possible how many of them may be contents, which is known when it has been read
     * @throws ProblemException {@code payload_too_large} where the others are too many already
     */
    void within(long bytes, long possible) {
        otherBytes += bytes;
        check(otherBytes - possible);
    }

    /** A text of the body is a content. */
    public void taken(String text) {
        otherBytes -= bytes(text);
    }

    /** How long a text is in UTF-8. */
    static long bytes(CharSequence text) {
        long bytes = 0;
        for (int i = 0; i < text.length(); i++) {
            bytes += bytes(text.charAt(i));
        }
        return bytes;
    }

    /** Of a pair of surrogates, which is four bytes long, each half counts as two. */
    static int bytes(char unit) {
        if (unit < 0x80) {
            return 1;
        }
        return unit < 0x800 || Character.isSurrogate(unit) ? 2 : 3;
    }

    /**
     * Checks that what is no content is no longer than any other body: it becomes a record, which contents do not.
     *
     * @throws ProblemException {@code payload_too_large}
     */
    void checkRest() {
        check(otherBytes);
    }

    private static void check(long otherBytes) {
        if (otherBytes > Admission.MAX_BODY_BYTES) {
            throw new ProblemException(
                    ErrorCode.PAYLOAD_TOO_LARGE,
                    "the body has more than " + Admission.MAX_BODY_BYTES + " bytes beside the files within it");
        }
    }

    /** Whether the request may have one image or file more, which counts from now on. */
    public boolean mayHaveOneMore() {
        attachments++;
        return attachments <= limits.perRequest();
    }

    /** Adds a content; returns its hash. */
    public String add(byte[] content) {
        ByteBuffer bytes = ByteBuffer.wrap(content);
        String hash = Sha256.hex(bytes);
        contents.putIfAbsent(hash, bytes);
        return hash;
    }

    /** The content with this hash; empty where none came, or where they were let go. */
    public Optional<ByteBuffer> content(String hash) {
        return Optional.ofNullable(contents.get(hash)).map(ByteBuffer::duplicate);
    }

    /** They are not needed any more: the room that they took is others'. */
    public void letGo() {
        contents.clear();
        lettingGo.accept(Math.max(0, otherBytes));
    }
}
