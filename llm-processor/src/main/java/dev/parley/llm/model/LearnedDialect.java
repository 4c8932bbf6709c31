package dev.parley.llm.model;

import dev.parley.chat.v1.Dialect;
import dev.parley.chat.v1.InstructionsRole;
import dev.parley.chat.v1.StreamOptions;
import dev.parley.chat.v1.TokenLimitParameter;
import dev.parley.llm.stream.ChatCompletionReader.Thinking;
import java.util.List;
import java.util.Locale;

/**
 * What a server of chat completions takes: as its engine is configured, and for the rest as its refusals say. What was learned
 * once is kept for all later requests. Thread-safe.
 */
final class LearnedDialect {

    /** Refusals of one request from which something may be learned: one for each thing there is to learn. */
    static final int LESSONS = 5;

    private final Dialect configured;
    private volatile boolean newerLimit;
    private volatile boolean withoutStreamOptions;
    private volatile boolean shortIds;
    private volatile boolean instructionsFirst;
    private volatile boolean answersBetween;

    LearnedDialect(Dialect configured) {
        this.configured = configured;
        this.newerLimit = configured.getTokenLimit() == TokenLimitParameter.MAX_COMPLETION_TOKENS;
        this.withoutStreamOptions = configured.getStreamOptions() == StreamOptions.NONE;
    }

    String tokenLimit() {
        return newerLimit ? "max_completion_tokens" : "max_tokens";
    }

    boolean sendsStreamOptions() {
        return !withoutStreamOptions;
    }

    String instructionsRole() {
        return configured.getInstructions() == InstructionsRole.DEVELOPER ? "developer" : "system";
    }

    ToolCallIds ids() {
        return shortIds ? ToolCallIds.NINE : ToolCallIds.OPENAI;
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
     * @return whether the request may be taken in another form
     */
    boolean learns(RefusedException refused, String tokenLimit, boolean streamOptions) {
        boolean aboutTheRequest = refused.status() == 400 || refused.status() == 422 || refused.status() == 500;
        String words = refused.error().message().toLowerCase(Locale.ROOT);
        if (!aboutTheRequest) {
            return false;
        }
        if (streamOptions
                && configured.getStreamOptions() == StreamOptions.FOUND_OUT
                && (words.contains("stream_options") || words.contains("include_usage"))) {
            withoutStreamOptions = true;
            return true;
        }
        if (configured.getTokenLimit() == TokenLimitParameter.FOUND_OUT && refuses(words, tokenLimit)) {
            newerLimit = tokenLimit.equals("max_tokens");
            return true;
        }
        if (!shortIds && words.contains("tool call id") && words.contains("length of 9")) {
            shortIds = true;
            return true;
        }
        if (!instructionsFirst && words.contains("system") && words.contains("beginning")) {
            instructionsFirst = true;
            return true;
        }
        if (!answersBetween && words.contains("'user'") && words.contains("after") && words.contains("'tool'")) {
            answersBetween = true;
            return true;
        }
        return false;
    }

    /** Whether a server does not know a parameter, rather than that its value is too large. */
    private static boolean refuses(String words, String parameter) {
        boolean named = parameter.equals("max_tokens")
                ? words.contains("max_tokens") || words.contains("max_completion_tokens")
                : words.contains("max_completion_tokens");
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
