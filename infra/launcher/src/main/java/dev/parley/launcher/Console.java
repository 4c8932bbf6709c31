package dev.parley.launcher;

import java.time.Duration;
import java.util.List;

/** Progress lines with the time since the start, and the banner. Thread-safe. */
final class Console {

    private final long startedNanos = System.nanoTime();

    void progress(String what) {
        System.err.printf("[%5.1fs] %s%n", sinceStart().toMillis() / 1000.0, what);
    }

    void banner(List<String> lines) {
        int width = lines.stream().mapToInt(String::length).max().orElse(0);
        StringBuilder box = new StringBuilder();
        box.append("╭").append("─".repeat(width + 2)).append("╮\n");
        for (String line : lines) {
            box.append("│ ")
                    .append(line)
                    .append(" ".repeat(width - line.length()))
                    .append(" │\n");
        }
        box.append("╰").append("─".repeat(width + 2)).append("╯\n");
        System.out.print(box);
        System.out.flush();
    }

    /** Whether a person watches what this process prints. */
    @SuppressWarnings("SystemConsoleNull") // JDK 25 is back to null where there is no terminal.
    static boolean isTerminal() {
        java.io.Console console = System.console();
        return console != null && console.isTerminal();
    }

    Duration sinceStart() {
        return Duration.ofNanos(System.nanoTime() - startedNanos);
    }
}
