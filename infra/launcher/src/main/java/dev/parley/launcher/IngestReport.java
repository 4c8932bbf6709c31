package dev.parley.launcher;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Tells what becomes of files: a line for each, a bar below them where somebody watches, a summary at the end. Thread-safe.
 */
final class IngestReport {

    private static final int BAR_CHARS = 24;
    private static final String CLEAR_LINE = "\r\u001b[K";

    /** What became of a file. */
    enum Outcome {
        ADDED,
        REPLACED,
        UNCHANGED,
        DELETED,
        SKIPPED,
        FAILED;

        private String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private final PrintStream out;
    private final boolean watched;
    private final Map<Outcome, Integer> counts = new EnumMap<>(Outcome.class);
    private int expected;
    private int told;
    private boolean ended;

    /**
     * A report to someone.
     *
     * @param watched whether {@code out} is a terminal, where a line can be written over
     */
    IngestReport(PrintStream out, boolean watched) {
        this.out = out;
        this.watched = watched;
    }

    synchronized void begin(int files) {
        expected = files;
        bar();
    }

    /**
     * Tells of one file.
     *
     * @param why where it is not what was asked for; empty otherwise
     */
    synchronized void tell(String name, Outcome outcome, String why) {
        if (ended) {
            return;
        }
        counts.merge(outcome, 1, Integer::sum);
        told++;
        clear();
        out.printf("%-9s  %s%s%n", outcome.word(), name, why.isEmpty() ? "" : ": " + why);
        bar();
    }

    /** The summary; nothing is told after it. */
    synchronized void end(boolean stopped) {
        if (ended) {
            return;
        }
        ended = true;
        clear();
        List<String> parts = new ArrayList<>();
        counts.forEach((outcome, count) -> parts.add(count + " " + outcome.word()));
        out.println((stopped ? "Stopped: " : "Done: ") + (parts.isEmpty() ? "no files" : String.join(", ", parts)));
        out.flush();
    }

    synchronized boolean hasFailures() {
        return counts.containsKey(Outcome.FAILED);
    }

    private void clear() {
        if (watched) {
            out.print(CLEAR_LINE);
        }
    }

    private void bar() {
        if (watched && expected > 0) {
            int done = Math.min(BAR_CHARS, BAR_CHARS * told / expected);
            out.print("█".repeat(done) + "░".repeat(BAR_CHARS - done) + " " + told + "/" + expected);
            out.flush();
        }
    }
}
