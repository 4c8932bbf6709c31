package dev.parley.sinks.postgres;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * A text in two columns: Postgres cannot hold U+0000 in a text, so where there is one the exact UTF-8 bytes are kept beside
 * a readable stand-in.
 */
@SuppressWarnings("ArrayRecordComponent") // On its way to a column, compared by nobody.
record ExactText(String readable, byte @Nullable [] exact) {

    static final ExactText EMPTY = new ExactText("", null);

    static ExactText of(String text) {
        return text.indexOf('\u0000') < 0
                ? new ExactText(text, null)
                : new ExactText(readable(text), text.getBytes(StandardCharsets.UTF_8));
    }

    static @Nullable ExactText ofNullable(@Nullable String text) {
        return text == null ? null : of(text);
    }

    /** A text for a column where the exact one does not matter. */
    static String readable(String text) {
        return text.replace('\u0000', '\uFFFD');
    }

    static String read(String readable, byte @Nullable [] exact) {
        return exact == null ? readable : new String(exact, StandardCharsets.UTF_8);
    }
}
