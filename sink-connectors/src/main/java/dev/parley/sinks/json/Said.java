package dev.parley.sinks.json;

import dev.parley.chat.v1.Upstream;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * An answer's text, with what the model server told apart as its refusal to answer, which is how the text ends.
 *
 * @param text before the refusal
 * @param refusal empty where none was told apart; never an empty text
 */
public record Said(String text, Optional<String> refusal) {

    /** A text without a refusal. */
    public static Said plainly(String text) {
        return new Said(text, Optional.empty());
    }

    /** A text, and the refusal after it; empty where there is none. */
    public static Said of(CharSequence text, CharSequence refusal) {
        return new Said(text.toString(), refusal.isEmpty() ? Optional.empty() : Optional.of(refusal.toString()));
    }

    /** What {@code content} says, by what is known of it upstream. */
    public static Said of(String content, @Nullable Upstream upstream) {
        Integer from = upstream == null ? null : upstream.getRefusalFrom();
        if (from == null || from < 0 || from >= content.length()) {
            return plainly(content);
        }
        return new Said(content.substring(0, from), Optional.of(content.substring(from)));
    }

    /** All of it. */
    public String whole() {
        return refusal.map(text::concat).orElse(text);
    }
}
