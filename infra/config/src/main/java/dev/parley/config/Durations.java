package dev.parley.config;

/** Lengths of time as the file writes them. */
final class Durations {

    private static final int SECOND = 1_000;
    private static final int MINUTE = 60 * SECOND;
    private static final int HOUR = 60 * MINUTE;

    private Durations() {}

    /** In the largest unit that needs no fraction. */
    static String text(int millis) {
        if (millis == 0 || millis % SECOND != 0) {
            return millis + "ms";
        }
        if (millis % MINUTE != 0) {
            return millis / SECOND + "s";
        }
        return millis % HOUR != 0 ? millis / MINUTE + "m" : millis / HOUR + "h";
    }
}
