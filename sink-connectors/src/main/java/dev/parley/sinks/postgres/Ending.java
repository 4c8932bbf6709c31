package dev.parley.sinks.postgres;

import dev.parley.chat.v1.Attempt;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.Source;
import dev.parley.chat.v1.Timings;
import dev.parley.chat.v1.ToolCall;
import dev.parley.chat.v1.TurnCancelled;
import dev.parley.chat.v1.TurnFailed;
import dev.parley.chat.v1.Usage;
import dev.parley.sinks.postgres.Columns.Value;
import dev.parley.sinks.postgres.ConversationSnapshot.Status;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What a turn's end says of its answer and of its generation.
 *
 * @param sources null where it says nothing of them
 */
record Ending(
        LoggedEvent logged,
        Status status,
        String messageId,
        String generationId,
        @Nullable Attempt attempt,
        ExactText content,
        @Nullable ExactText reasoning,
        @Nullable String finishReason,
        @Nullable String errorCode,
        @Nullable String errorDetail,
        @Nullable Usage usage,
        @Nullable List<Source> sources,
        List<ToolCall> toolCalls,
        Timings timings) {

    static Ending of(LoggedEvent logged, MessageCompleted completed) {
        return new Ending(
                logged,
                Status.COMPLETED,
                completed.getMessageId(),
                completed.getGenerationId(),
                completed.getAttempt(),
                ExactText.of(completed.getContent()),
                ExactText.ofNullable(completed.getReasoning()),
                completed.getFinishReason(),
                null,
                null,
                completed.getUsage(),
                completed.getSources(),
                completed.getToolCalls(),
                completed.getTimings());
    }

    static Ending of(LoggedEvent logged, TurnFailed failed) {
        return new Ending(
                logged,
                Status.FAILED,
                failed.getMessageId(),
                failed.getGenerationId(),
                failed.getAttempt(),
                ExactText.of(failed.getContent()),
                null,
                null,
                failed.getCode(),
                ExactText.readable(failed.getDetail()),
                failed.getUsage(),
                null,
                List.of(),
                failed.getTimings());
    }

    /** The end of a turn that was cancelled when it had a generation. */
    static Ending of(LoggedEvent logged, TurnCancelled cancelled, String generationId) {
        return new Ending(
                logged,
                cancelled.getForgotten() ? Status.FORGOTTEN : Status.CANCELLED,
                cancelled.getMessageId(),
                generationId,
                cancelled.getAttempt(),
                ExactText.of(cancelled.getContent()),
                null,
                null,
                null,
                null,
                cancelled.getUsage(),
                null,
                List.of(),
                cancelled.getTimings());
    }

    /** This ending, after {@code earlier} of the same message. */
    Ending after(@Nullable Ending earlier) {
        return sources != null || earlier == null || earlier.sources == null
                ? this
                : new Ending(
                        logged,
                        status,
                        messageId,
                        generationId,
                        attempt,
                        content,
                        reasoning,
                        finishReason,
                        errorCode,
                        errorDetail,
                        usage,
                        earlier.sources,
                        toolCalls,
                        timings);
    }

    Instant time() {
        return logged.event().getTime();
    }

    String outcome() {
        return status.name().toLowerCase(Locale.ROOT);
    }

    /** What an ending's attempt says; null where nobody attempted. */
    static <T> Value<Ending, T> ofAttempt(Value<Attempt, T> part) {
        return ending -> ending.attempt == null ? null : part.of(ending.attempt);
    }

    @Nullable
    String endpoint() {
        return attempt == null || attempt.getEndpoint().isEmpty() ? null : attempt.getEndpoint();
    }

    @Nullable
    Integer inputTokens() {
        return usage == null ? null : usage.getInputTokens();
    }

    @Nullable
    Integer outputTokens() {
        return usage == null ? null : usage.getOutputTokens();
    }

    @Nullable
    String usageBasis() {
        return usage == null ? null : usage.getBasis().name().toLowerCase(Locale.ROOT);
    }

    @Nullable
    Long costMicros() {
        return usage == null ? null : usage.getCostMicros();
    }
}
