package dev.parley.schemas;

/**
 * How many tokens a text has, roughly. What counts exactly is the tokenizer of the model, which is known to its server alone;
 * four characters a token is the usual rule of thumb for English text. Code and other languages have fewer characters a token,
 * so that a budget kept by this may be overrun there: it bounds a prompt, and is not what anything is charged by.
 */
public final class TokenEstimate {

    private static final int CHARS_PER_TOKEN = 4;

    private TokenEstimate() {}

    /** The tokens of a text of {@code chars} UTF-16 code units, of which a broken one counts whole. */
    public static int ofChars(int chars) {
        return Math.ceilDiv(chars, CHARS_PER_TOKEN);
    }

    /** The UTF-16 code units that {@code tokens} have. */
    public static long chars(int tokens) {
        return (long) tokens * CHARS_PER_TOKEN;
    }
}
