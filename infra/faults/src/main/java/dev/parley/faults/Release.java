package dev.parley.faults;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/** The last release, built from this repository's history by the script {@value #SCRIPT}. */
final class Release {

    static final String SCRIPT = "infra/faults/released/build";

    private static final String COMMIT = "infra/faults/released/commit";

    private Release() {}

    /**
     * The release's build.
     *
     * @throws SkippedException where it has not been built
     */
    static Build build() {
        return checkout()
                .filter(home -> Files.exists(home.resolve("infra/launcher/target/parley/built")))
                .map(Build::in)
                .orElseThrow(() -> new SkippedException("the last release is not built here: run " + SCRIPT));
    }

    /** Where the script puts it; empty outside of a checkout. */
    private static Optional<Path> checkout() {
        return Stream.iterate(Path.of("").toAbsolutePath(), folder -> folder != null, Path::getParent)
                .filter(folder -> Files.exists(folder.resolve(COMMIT)))
                .findFirst()
                .map(root -> root.resolve("target/released").resolve(commit(root)));
    }

    private static String commit(Path root) {
        try {
            return Files.readString(root.resolve(COMMIT)).strip();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
