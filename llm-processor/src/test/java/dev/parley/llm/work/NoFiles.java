package dev.parley.llm.work;

import dev.parley.schemas.files.FileReader;
import dev.parley.schemas.keys.FileId;
import java.util.Optional;

/** A log of files without any. */
final class NoFiles implements FileReader {

    @Override
    public Optional<Description> description(String tenant, FileId id) {
        return Optional.empty();
    }

    @Override
    public Optional<Content> content(String tenant, FileId id) {
        return Optional.empty();
    }

    @Override
    public void close() {}
}
