package dev.parley.schemas.files;

import dev.parley.schemas.keys.FileId;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Optional;

/** Reads files. Another tenant's do not exist. Thread-safe; callers wait on their own threads. */
public interface FileReader extends AutoCloseable {

    /**
     * What is known of a file without its content.
     *
     * @param name as who sent it calls it
     * @param keptAt when it was written down
     */
    record Description(FileId id, String mediaType, Optional<String> name, long bytes, Instant keptAt) {}

    /** A file, whole. */
    record Content(Description description, ByteBuffer bytes) {}

    /**
     * What a file is, for whoever has no use for its content; empty where there is none.
     *
     * @throws FilesUnavailableException where it cannot be told in time
     */
    Optional<Description> description(String tenant, FileId id);

    /**
     * A file with its content, which is checked against its hash; empty where there is none.
     *
     * @throws FilesUnavailableException where it cannot be read in time
     */
    Optional<Content> content(String tenant, FileId id);

    @Override
    void close();
}
