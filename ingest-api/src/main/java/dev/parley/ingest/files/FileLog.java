package dev.parley.ingest.files;

import dev.parley.ingest.http.Call;
import dev.parley.ingest.http.ProblemException;
import dev.parley.schemas.files.FileReader.Description;
import java.nio.ByteBuffer;
import java.util.Optional;

/** Where files go. Thread-safe. */
public interface FileLog extends AutoCloseable {

    /**
     * A file that is to be kept.
     *
     * @param hash of the content
     * @param name as its sender calls it
     */
    record NewFile(String hash, String mediaType, Optional<String> name, ByteBuffer content) {}

    /**
     * Appends a file; returns when the log has all of it for good, as readers are told of it from then on.
     *
     * @throws ProblemException where the log does not confirm it in time; parts of it may be there all the same, which nobody
     *     will ask for
     */
    Description append(String tenant, NewFile file, Call call);

    @Override
    void close();
}
