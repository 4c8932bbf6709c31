package dev.parley.llm.model;

import dev.parley.chat.v1.Dialect;
import dev.parley.chat.v1.InstructionsRole;
import dev.parley.chat.v1.StreamOptions;
import dev.parley.chat.v1.TokenLimitParameter;
import dev.parley.llm.stream.ChatCompletionReader.Thinking;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What a server of chat completions takes: as its engine is configured, and for the rest as its refusals say. What was learned
 * once is kept for all later requests. Thread-safe.
 */
final class LearnedDialect {

    private static final String OLDER_LIMIT = "max_tokens";
    private static final String NEWER_LIMIT = "max_completion_tokens";

    private final Dialect configured;
    /** Under which name the limit of an answer is taken. */
    private volatile TokenLimitParameter limit;

    private volatile boolean withoutStreamOptions;
    private volatile boolean shortIds;
    private volatile boolean plainIds;
    private volatile boolean withoutInstructions;
    private volatile boolean instructionsFirst;
    private volatile boolean answersBetween;

    /** What a refusal may teach, each once a request: who is refused for the same again has nothing more to learn. */
    enum Lesson {
        STREAM_OPTIONS,
        TOKEN_LIMIT,
        SHORT_IDS,
        PLAIN_IDS,
        NO_INSTRUCTIONS,
        INSTRUCTIONS_FIRST,
        ANSWERS_BETWEEN
    }

    LearnedDialect(Dialect configured) {
        this.configured = configured;
        this.limit = configured.getTokenLimit();
        this.withoutStreamOptions = configured.getStreamOptions() == StreamOptions.NONE;
    }

    /**
     * The parameter that bounds an answer.
     *
     * @param newer whether the caller named it by its newer name, which holds as long as nothing else is known
     */
    String tokenLimit(boolean newer) {
        return switch (limit) {
            case MAX_TOKENS -> OLDER_LIMIT;
            case MAX_COMPLETION_TOKENS -> NEWER_LIMIT;
            case FOUND_OUT -> newer ? NEWER_LIMIT : OLDER_LIMIT;
        };
    }

    boolean sendsStreamOptions() {
        return !withoutStreamOptions;
    }

    String instructionsRole() {
        return configured.getInstructions() == InstructionsRole.DEVELOPER ? "developer" : "system";
    }

    ToolCallIds ids() {
        return shortIds ? ToolCallIds.NINE : plainIds ? ToolCallIds.ANTHROPIC : ToolCallIds.OPENAI;
    }

    /** Whether instructions are taken from a user alone. */
    boolean withoutInstructions() {
        return withoutInstructions;
    }

    /** Whether all instructions have to stand at the beginning, in one message. */
    boolean instructionsFirst() {
        return instructionsFirst;
    }

    /** Whether a user may speak after tools only when the assistant has. */
    boolean answersBetween() {
        return answersBetween;
    }

    List<String> leaveOut() {
        return configured.getLeaveOut();
    }

    Thinking thinking() {
        return switch (configured.getThinkTags()) {
            case NONE -> Thinking.APART;
            case TAGGED -> Thinking.TAGGED;
            case OPENED -> Thinking.OPENED;
        };
    }

    /**
     * Learns from a refusal of a request in this dialect.
     *
     * @param tokenLimit the parameter that bounded the answer in it
     * @param streamOptions whether they were in it
     * @return what makes another form of the request, which may be taken
     */
    Optional<Lesson> learns(RefusedException refused, String tokenLimit, boolean streamOptions) {
        boolean aboutTheRequest = refused.status() == 400 || refused.status() == 422 || refused.status() == 500;
        String words = refused.error().message().toLowerCase(Locale.ROOT);
        if (!aboutTheRequest) {
            return Optional.empty();
        }
        if (streamOptions
                && configured.getStreamOptions() == StreamOptions.FOUND_OUT
                && (words.contains("stream_options") || words.contains("include_usage"))) {
            withoutStreamOptions = true;
            return Optional.of(Lesson.STREAM_OPTIONS);
        }
        if (configured.getTokenLimit() == TokenLimitParameter.FOUND_OUT && refuses(words, tokenLimit)) {
            limit = tokenLimit.equals(OLDER_LIMIT)
                    ? TokenLimitParameter.MAX_COMPLETION_TOKENS
                    : TokenLimitParameter.MAX_TOKENS;
            return Optional.of(Lesson.TOKEN_LIMIT);
        }
        if (!shortIds && words.contains("tool call id") && words.contains("length of 9")) {
            shortIds = true;
            return Optional.of(Lesson.SHORT_IDS);
        }
        if (!plainIds && words.contains("pattern") && words.contains("a-za-z0-9_-") && words.contains("id")) {
            plainIds = true;
            return Optional.of(Lesson.PLAIN_IDS);
        }
        if (!withoutInstructions
                && words.contains("system")
                && words.contains("role")
                && (words.contains("not supported") || words.contains("does not support"))) {
            withoutInstructions = true;
            return Optional.of(Lesson.NO_INSTRUCTIONS);
        }
        if (!instructionsFirst && words.contains("system") && words.contains("beginning")) {
            instructionsFirst = true;
            return Optional.of(Lesson.INSTRUCTIONS_FIRST);
        }
        if (!answersBetween && words.contains("'user'") && words.contains("after") && words.contains("'tool'")) {
            answersBetween = true;
            return Optional.of(Lesson.ANSWERS_BETWEEN);
        }
        return Optional.empty();
    }

    /** Whether a server does not know a parameter, rather than that its value is too large. */
    private static boolean refuses(String words, String parameter) {
        boolean named = words.contains(NEWER_LIMIT) || (parameter.equals(OLDER_LIMIT) && words.contains(OLDER_LIMIT));
        boolean unknown = words.contains("use 'max_completion_tokens'")
                || words.contains("use max_completion_tokens")
                || words.contains("unsupported")
                || words.contains("not supported")
                || words.contains("unrecognized")
                || words.contains("unknown")
                || words.contains("unexpected")
                || words.contains("not permitted")
                || words.contains("not allowed");
        return named && unknown;
    }
}
