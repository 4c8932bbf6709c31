package dev.parley.llm.model;

import dev.parley.llm.stream.ServerError;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A prompt that is too long for its model: model servers say so in words of their own, mostly with both numbers in them.
 *
 * @param limit of the model's context window, in tokens; null: not said
 * @param asked of the request, in tokens; null: not said
 */
record ContextOverflow(@Nullable Long limit, @Nullable Long asked) {

    private static final Set<String> NAMES = Set.of(
            "context_length_exceeded",
            "exceed_context_size_error",
            "contextwindowexceedederror",
            "model_context_window_exceeded",
            "string_above_max_length");

    private static final String NUMBER = "(\\d[\\d,_]*)";

    /** Both numbers, in groups {@code limit} and {@code asked}. */
    private static final List<Pattern> BOTH = List.of(
            // OpenAI, vLLM, OpenRouter, DeepSeek, LM Studio.
            pattern("(?:maximum|max) (?:context|model|prompt) length (?:is|of) (?:only )?LIMIT\\b.*?"
                    + "(?:requested|resulted in|has|contains|passed|request of)\\D{0,60}ASKED"),
            pattern("(?:passed|requested|requests?)\\D{0,20}ASKED\\b.*?context length is (?:only )?LIMIT"),
            // vLLM's other words, SGLang, Fireworks.
            pattern("(?:prompt|input)\\D{0,40}ASKED\\b\\D{0,60}longer than\\D{0,60}LIMIT"),
            pattern("prompt is too long: ASKED,? \\D{0,40}(?:maximum context length:?|>) ?LIMIT"),
            // Anthropic: of the prompt, and of prompt and answer.
            pattern("prompt is too long: ASKED tokens? > LIMIT"),
            pattern("exceed context limit: ASKED \\+ \\d+ > LIMIT"),
            // llama.cpp, Gemini, TGI, Mistral, Cohere, xAI.
            pattern("request \\(ASKED tokens\\) exceeds the available context size \\(LIMIT"),
            pattern("input token count \\(?(?:is )?ASKED\\)? (?:but|exceeds).*?\\(?LIMIT"),
            pattern("must (?:be <=|have less than) LIMIT.*?given: ASKED"),
            pattern("contains ASKED tokens.*?(?:maximum|model with) \\D{0,20}LIMIT"),
            pattern("cannot exceed LIMIT.{0,20}received ASKED"),
            pattern("keep the first ASKED tokens.*?context length of only LIMIT"));

    /** Words that mean it, whatever the numbers. */
    private static final Pattern WORDS =
            Pattern.compile("(?:maximum|max|model(?:'s)?|available) (?:context|prompt) (?:length|size)"
                    + "|context (?:length|window|size|limit)[^.]{0,60}exceed|exceed[^.]{0,60}context (?:length|window|size|limit)"
                    + "|prompt (?:is )?too long|input is too long|too long for (?:the )?requested model"
                    + "|context length of only|greater than the context length|longer than the (?:model's |maximum )|input token count[^.]{0,40}exceeds"
                    + "|`?inputs`? tokens \\+ `?max_new_tokens`? must be|too large for model with|too many tokens");

    private static final Pattern TOO_LONG =
            Pattern.compile("exceed|too (?:long|large|many)|longer than|greater than|must be <=");

    private static Pattern pattern(String words) {
        return Pattern.compile(
                words.replace("LIMIT", "(?<limit>" + NUMBER + ")").replace("ASKED", "(?<asked>" + NUMBER + ")"));
    }

    /** What {@code error} says of it; empty where it is about something else. */
    static Optional<ContextOverflow> in(ServerError error) {
        String words = error.message().toLowerCase(Locale.ROOT);
        boolean named = error.names().stream().anyMatch(NAMES::contains);
        if (!named && !WORDS.matcher(words).find()) {
            return Optional.empty();
        }
        for (Pattern both : BOTH) {
            Matcher found = both.matcher(words);
            if (found.find()) {
                return Optional.of(new ContextOverflow(number(found.group("limit")), number(found.group("asked"))));
            }
        }
        Matcher limit = Pattern.compile("(?:length|size|limit|maximum)\\D{0,20}" + NUMBER)
                .matcher(words);
        return Optional.of(new ContextOverflow(limit.find() ? number(limit.group(1)) : null, null));
    }

    /**
     * The same of an error in a stream. Its server had taken the prompt by then, so words that state the limit and nothing
     * else say only that the request is refused.
     */
    static Optional<ContextOverflow> inStream(ServerError error) {
        boolean tooLong = error.names().stream().anyMatch(NAMES::contains)
                || TOO_LONG.matcher(error.message().toLowerCase(Locale.ROOT)).find();
        return in(error).filter(overflow -> tooLong || overflow.asked() != null);
    }

    private static @Nullable Long number(String digits) {
        String plain = digits.replaceAll("[,_]", "");
        return plain.length() > 15 ? null : (Long) Long.parseLong(plain);
    }

    /** For a person to read. */
    String detail() {
        return "the prompt does not fit the model's context window"
                + (limit == null ? "" : " of " + limit + " tokens")
                + (asked == null ? "" : ": it needs " + asked);
    }
}
