package dev.parley.stack;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs short commands to their end, and reads what processes left in their logs. */
final class Commands {

    private static final int TAIL_LINES = 25;
    private static final Duration END_LIMIT = Duration.ofSeconds(5);

    private Commands() {}

    /** How a command ended: its exit status, and what it said on both streams. */
    record Outcome(int status, String output) {

        boolean succeeded() {
            return status == 0;
        }
    }

    /**
     * Runs {@code command} with its output sent to {@code output}, a file: a pipe would stay open for as long as a
     * daemon that the command leaves behind. Where this thread is interrupted, the command is ended.
     */
    static Outcome run(List<String> command, Path output, Duration limit) {
        try {
            Process process = start(command, output);
            try {
                return outcome(process, process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS), output, limit);
            } catch (InterruptedException e) {
                end(process);
                Thread.currentThread().interrupt();
                throw new StackStartException("interrupted while running " + command.getFirst(), e);
            }
        } catch (IOException e) {
            return new Outcome(-1, String.valueOf(e.getMessage()));
        }
    }

    /** {@link #run} that no interrupt ends, for a command that leaves something behind of which nobody else knows yet. */
    static Outcome runUninterrupted(List<String> command, Path output, Duration limit) {
        try {
            Process process = start(command, output);
            return outcome(process, endsWithin(process, limit), output, limit);
        } catch (IOException e) {
            return new Outcome(-1, String.valueOf(e.getMessage()));
        }
    }

    private static Process start(List<String> command, Path output) throws IOException {
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .redirectInput(ProcessBuilder.Redirect.from(new java.io.File("/dev/null")))
                .start();
    }

    private static Outcome outcome(Process process, boolean ended, Path output, Duration limit) {
        if (!ended) {
            process.destroyForcibly();
            return new Outcome(-1, "no end within " + limit.toSeconds() + " s; " + tail(output));
        }
        return new Outcome(process.exitValue(), tail(output));
    }

    /** Ends {@code process}: politely, for it may have children of its own, and by force where that takes too long. */
    private static void end(Process process) {
        process.destroy();
        if (!endsWithin(process, END_LIMIT)) {
            process.destroyForcibly();
            endsWithin(process, END_LIMIT);
        }
    }

    /** Waits, whether this thread is interrupted or not. */
    static boolean endsWithin(Process process, Duration limit) {
        return process.onExit()
                .thenApply(ended -> true)
                .completeOnTimeout(false, limit.toMillis(), TimeUnit.MILLISECONDS)
                .join();
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
}
