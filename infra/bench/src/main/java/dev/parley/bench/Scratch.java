package dev.parley.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/** A folder for the time of one benchmark; gone at its end, and also when this process is told to end before. */
final class Scratch implements AutoCloseable {

    private static final int LAST_TRIES = 20;
    private static final long PAUSE_MILLIS = 100;

    private final Path folder;
    private final Thread hook = new Thread(this::deleteAtLast, "bench-cleanup");

    private Scratch(Path folder) {
        this.folder = folder;
    }

    static Scratch create() throws IOException {
        Scratch scratch = new Scratch(Files.createTempDirectory("parley-bench-"));
        Runtime.getRuntime().addShutdownHook(scratch.hook);
        return scratch;
    }

    Path folder() {
        return folder;
    }

    /** Others may still write while this process goes down: so it tries more than once. */
    private void deleteAtLast() {
        for (int i = 0; i < LAST_TRIES && Files.exists(folder); i++) {
            try {
                delete();
                Thread.sleep(PAUSE_MILLIS);
            } catch (IOException | UncheckedIOException e) {
                // Again: something was made meanwhile.
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    private void delete() throws IOException {
        if (Files.exists(folder)) {
            try (Stream<Path> all = Files.walk(folder)) {
                for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                    Files.deleteIfExists(path);
                }
            }
        }
    }

    @Override
    public void close() {
        try {
            delete();
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (IllegalStateException e) {
            // The hook runs already.
        }
    }
}
