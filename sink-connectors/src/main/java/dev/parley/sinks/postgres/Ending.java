package dev.parley.sinks.postgres;

import dev.parley.chat.v1.Attempt;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.Source;
import dev.parley.chat.v1.Timings;
import dev.parley.chat.v1.ToolCall;
import dev.parley.chat.v1.TurnCancelled;
import dev.parley.chat.v1.TurnEnd;
import dev.parley.chat.v1.TurnFailed;
import dev.parley.chat.v1.Usage;
import dev.parley.sinks.postgres.Columns.Value;
import dev.parley.sinks.postgres.ConversationSnapshot.Status;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What is written of a turn's end: of its answer and of its generation.
 *
 * @param answer what the end says of it, and where it says nothing, what an earlier end said
 */
record Ending(LoggedEvent logged, TurnEnd end, Answer answer) {

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

        private static Answer of(TurnEnd end) {
            ExactText content = ExactText.of(end.getContent());
            return switch (end) {
                case MessageCompleted completed ->
                    new Answer(
                            content,
                            ExactText.ofNullable(completed.getReasoning()),
                            completed.getFinishReason(),
                            completed.getSources(),
                            completed.getToolCalls());
                case TurnFailed _, TurnCancelled _ -> new Answer(content, null, null, null, List.of());
            };
        }

        Answer withSources(@Nullable List<Source> known) {
            return new Answer(content, reasoning, finishReason, known, toolCalls);
        }
    }

    static Ending of(LoggedEvent logged, TurnEnd end) {
        return new Ending(logged, end, Answer.of(end));
    }

    /** This ending, after {@code earlier} of the same message: sources that it says nothing of stay. */
    Ending after(@Nullable Ending earlier) {
        return answer.sources() != null || earlier == null
                ? this
                : new Ending(logged, end, answer.withSources(earlier.answer.sources()));
    }

    String messageId() {
        return end.getMessageId();
    }

    String generationId() {
        return Objects.requireNonNull(end.getGenerationId(), "a turn that has not begun has no ending");
    }

    Status status() {
        return Status.of(end);
    }

    Timings timings() {
        return end.getTimings();
    }

    Instant time() {
        return logged.event().getTime();
    }

    String outcome() {
        return status().name().toLowerCase(Locale.ROOT);
    }

    /** What an ending's attempt says; null where nobody attempted. */
    static <T> Value<Ending, T> ofAttempt(Value<Attempt, T> part) {
        return ending -> {
            Attempt attempt = ending.end.getAttempt();
            return attempt == null ? null : part.of(attempt);
        };
    }

    /** What an ending's usage says; null where nobody knows. */
    static <T> Value<Ending, T> ofUsage(Value<Usage, T> part) {
        return ending -> {
            Usage usage = ending.end.getUsage();
            return usage == null ? null : part.of(usage);
        };
    }

    static String basis(Usage usage) {
        return usage.getBasis().name().toLowerCase(Locale.ROOT);
    }

    static @Nullable String endpoint(Attempt attempt) {
        return attempt.getEndpoint().isEmpty() ? null : attempt.getEndpoint();
    }

    @Nullable
    String errorCode() {
        return end instanceof TurnFailed failed ? failed.getCode() : null;
    }

    @Nullable
    String errorDetail() {
        return end instanceof TurnFailed failed ? ExactText.readable(failed.getDetail()) : null;
    }

    @Nullable
    String upstream() {
        return JsonColumns.ofUpstream(end.getUpstream());
    }
}
