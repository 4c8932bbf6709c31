package dev.parley.faults;

import dev.parley.stack.Folders;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;

/** A temporary folder of an installation: gone with it, unless its logs are to be looked at. */
final class Folder {

    private final Path path;
    private boolean kept;

    private Folder(Path path) {
        this.path = path;
    }

    static Folder temporary() {
        try {
            return new Folder(Files.createTempDirectory("parley-faults-"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Path path() {
        return path;
    }

    /** Of the processes, a file each. */
    Path logs() {
        try {
            return Files.createDirectories(path.resolve("logs"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void keep() {
        kept = true;
    }

    /** Deletes it, or says where it is kept. */
    void leave(Consumer<String> progress) {
        if (kept) {
            progress.accept("logs are kept in " + logs());
        } else {
            delete();
        }
    }

    private void delete() {
        try {
            Folders.delete(path);
        } catch (UncheckedIOException e) {
            // What is left of a temporary directory harms nobody.
        }
    }
}
