package dev.parley.stack;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Runs short commands to their end, and reads what processes left in their logs. */
final class Commands {

    private static final int TAIL_LINES = 25;

    private Commands() {}

    /** How a command ended: its exit status, and what it said on both streams. */
    record Outcome(int status, String output) {

        boolean succeeded() {
            return status == 0;
        }
    }

    /**
     * Runs {@code command} with its output sent to {@code output}, a file: a pipe would stay open for as long as a
     * daemon that the command leaves behind.
     */
    static Outcome run(List<String> command, Path output, Duration limit) {
        try {
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .redirectInput(ProcessBuilder.Redirect.from(new java.io.File("/dev/null")))
                    .start();
            if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
                process.destroyForcibly();
                return new Outcome(-1, "no end within " + limit.toSeconds() + " s; " + tail(output));
            }
            return new Outcome(process.exitValue(), tail(output));
        } catch (IOException e) {
            return new Outcome(-1, String.valueOf(e.getMessage()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StackStartException("interrupted while running " + command.getFirst(), e);
        }
    }

    /** The last lines of a log, or an empty text where there is none. */
    static String tail(Path log) {
        try {
            List<String> lines = new String(Files.readAllBytes(log), StandardCharsets.UTF_8)
                    .lines()
                    .toList();
            return String.join(
                            System.lineSeparator(), lines.subList(Math.max(0, lines.size() - TAIL_LINES), lines.size()))
                    .strip();
        } catch (IOException e) {
            return "";
        }
    }

    /** Removes {@code dir} and all in it; what others remove at the same time is no failure. */
    static void deleteRecursively(Path dir) {
        try {
            Files.walkFileTree(dir, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                    Files.deleteIfExists(file);
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFileFailed(Path file, IOException failure) {
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult postVisitDirectory(Path visited, @Nullable IOException failure)
                        throws IOException {
                    Files.deleteIfExists(visited);
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException e) {
            throw new UncheckedIOException("cannot remove " + dir, e);
        }
    }
}
