package dev.parley.stack;

import java.nio.file.Path;

/** Another live process works on the same data directory; two writers would destroy it. */
public final class DataDirInUseException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    DataDirInUseException(Path dir, String owner) {
        super("the data directory " + dir + " is in use by " + owner
                + ": stop that one first, or choose another directory");
    }
}
