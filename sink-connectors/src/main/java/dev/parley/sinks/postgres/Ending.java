package dev.parley.sinks.postgres;

import dev.parley.chat.v1.Attempt;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.Source;
import dev.parley.chat.v1.Timings;
import dev.parley.chat.v1.ToolCall;
import dev.parley.chat.v1.TurnCancelled;
import dev.parley.chat.v1.TurnFailed;
import dev.parley.chat.v1.Upstream;
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
 * @param attempt null where nobody attempted
 * @param failure null where it is not one
 */
record Ending(
        LoggedEvent logged,
        Status status,
        String messageId,
        String generationId,
        @Nullable Attempt attempt,
        Answer answer,
        @Nullable Failure failure,
        Spent spent,
        Timings timings) {

    /**
     * What the answer has come to.
     *
     * @param sources null where the end says nothing of them
     */
    record Answer(
            ExactText content,
            @Nullable ExactText reasoning,
            @Nullable String finishReason,
            @Nullable List<Source> sources,
            List<ToolCall> toolCalls) {

        /** One that was not finished. */
        static Answer unfinished(String content) {
            return new Answer(ExactText.of(content), null, null, null, List.of());
        }

        Answer withSources(@Nullable List<Source> known) {
            return new Answer(content, reasoning, finishReason, known, toolCalls);
        }
    }

    /** What it took. */
    record Spent(@Nullable Usage usage, @Nullable Upstream upstream) {}

    /** Why a turn failed. */
    record Failure(String code, String detail) {}

    static Ending of(LoggedEvent logged, MessageCompleted completed) {
        return new Ending(
                logged,
                Status.COMPLETED,
                completed.getMessageId(),
                completed.getGenerationId(),
                completed.getAttempt(),
                new Answer(
                        ExactText.of(completed.getContent()),
                        ExactText.ofNullable(completed.getReasoning()),
                        completed.getFinishReason(),
                        completed.getSources(),
                        completed.getToolCalls()),
                null,
                new Spent(completed.getUsage(), completed.getUpstream()),
                completed.getTimings());
    }

    static Ending of(LoggedEvent logged, TurnFailed failed) {
        return new Ending(
                logged,
                Status.FAILED,
                failed.getMessageId(),
                failed.getGenerationId(),
                failed.getAttempt(),
                Answer.unfinished(failed.getContent()),
                new Failure(failed.getCode(), ExactText.readable(failed.getDetail())),
                new Spent(failed.getUsage(), failed.getUpstream()),
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
                Answer.unfinished(cancelled.getContent()),
                null,
                new Spent(cancelled.getUsage(), cancelled.getUpstream()),
                cancelled.getTimings());
    }

    /** This ending, after {@code earlier} of the same message: sources that it says nothing of stay. */
    Ending after(@Nullable Ending earlier) {
        return answer.sources() != null || earlier == null
                ? this
                : new Ending(
                        logged,
                        status,
                        messageId,
                        generationId,
                        attempt,
                        answer.withSources(earlier.answer.sources()),
                        failure,
                        spent,
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
    String errorCode() {
        return failure == null ? null : failure.code();
    }

    @Nullable
    String errorDetail() {
        return failure == null ? null : failure.detail();
    }

    @Nullable
    Integer inputTokens() {
        return spent.usage() == null ? null : spent.usage().getInputTokens();
    }

    @Nullable
    Integer outputTokens() {
        return spent.usage() == null ? null : spent.usage().getOutputTokens();
    }

    @Nullable
    String usageBasis() {
        return spent.usage() == null ? null : spent.usage().getBasis().name().toLowerCase(Locale.ROOT);
    }

    @Nullable
    Long costMicros() {
        return spent.usage() == null ? null : spent.usage().getCostMicros();
    }

    @Nullable
    String upstream() {
        return JsonColumns.ofUpstream(spent.upstream());
    }
}
