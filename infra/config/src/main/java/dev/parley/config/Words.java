package dev.parley.config;

import java.util.regex.Pattern;

/** How values are quoted in what people read: short, on one line, and never what may be a secret. */
final class Words {

    private static final int MAX_LINE = 120;

    /** Long, in one piece, of letters and digits, as nobody names things; or with the beginning that makers of keys give them. */
    private static final Pattern SECRET = Pattern.compile(
            "(?=\\S*\\d)(?=\\S*[A-Za-z])[A-Za-z0-9+/=_-]{24,}|(sk|pk|rk|hf|gsk|xai|ghp|key)[-_]\\S{8,}");

    private Words() {}

    static String quoted(String value) {
        if (looksSecret(value)) {
            return "what is there (it looks like a key, and is not repeated here)";
        }
        return "'" + line(value) + "'";
    }

    /** The beginning of {@code text}, on one line. */
    static String line(String text) {
        String start = text.substring(0, Math.min(text.length(), 10 * MAX_LINE));
        String line = start.replaceAll("\\s+", " ").strip();
        return line.length() > MAX_LINE ? line.substring(0, MAX_LINE) + "…" : line;
    }

    static boolean looksSecret(String value) {
        return SECRET.matcher(value.strip()).matches();
    }
}
