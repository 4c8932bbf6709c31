package dev.parley.ingest.protocol.nativeapi;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.chat.v1.Attempt;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.Source;
import dev.parley.chat.v1.SubmitMessage;
import dev.parley.chat.v1.ToolCall;
import dev.parley.chat.v1.TurnCancelled;
import dev.parley.chat.v1.TurnFailed;
import dev.parley.chat.v1.Usage;
import dev.parley.ingest.door.Door;
import dev.parley.sinks.postgres.ConversationSnapshot.Answer;
import dev.parley.sinks.postgres.ConversationSnapshot.Failure;
import dev.parley.sinks.postgres.ConversationSnapshot.Message;
import dev.parley.sinks.postgres.ConversationSnapshot.Origin;
import dev.parley.sinks.postgres.ConversationSnapshot.Status;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A question and how its turn ended, from the events alone, in the form in which the read model tells it later. */
final class Exchange {

    private Exchange() {}

    /**
     * What {@code Prefer: wait} answers with.
     *
     * @param submission one that has an end, other than a rejection
     */
    static ObjectNode view(SubmitMessage submit, Door.Submission submission) {
        ConversationEvent end = submission.end().orElseThrow();
        Instant asked = submission.accepted().orElse(end).getTime();
        Instant began = submission.started().orElse(end).getTime();
        Message question = message(submit.getMessageId(), submit, Role.USER, questionStatus(end), asked)
                .content(submit.getContent())
                .build();
        Builder answer = switch (end.getBody()) {
            case MessageCompleted completed ->
                message(completed.getMessageId(), submit, Role.ASSISTANT, Status.COMPLETED, began)
                        .content(completed.getContent())
                        .reasoning(completed.getReasoning())
                        .finished(completed.getFinishReason(), completed.getSources(), completed.getToolCalls())
                        .attempt(completed.getAttempt(), completed.getUsage());
            case TurnFailed failed ->
                message(failed.getMessageId(), submit, Role.ASSISTANT, Status.FAILED, began)
                        .content(failed.getContent())
                        .failure(new Failure(failed.getCode(), failed.getDetail()))
                        .attempt(failed.getAttempt(), failed.getUsage());
            case TurnCancelled cancelled ->
                message(
                                cancelled.getMessageId(),
                                submit,
                                Role.ASSISTANT,
                                cancelled.getForgotten() ? Status.FORGOTTEN : Status.CANCELLED,
                                began)
                        .content(cancelled.getContent())
                        .attempt(cancelled.getAttempt(), cancelled.getUsage());
            default -> throw new IllegalArgumentException("not the end of a turn");
        };
        ObjectNode view = Views.MAPPER.createObjectNode();
        view.set("userMessage", Views.message(question));
        view.set(
                "assistantMessage",
                Views.message(answer.completedAt(end.getTime()).build()));
        return view;
    }

    /** A question that was never put, or is to be forgotten, shares the fate of its turn. */
    private static Status questionStatus(ConversationEvent end) {
        if (end.getBody() instanceof TurnCancelled cancelled) {
            if (cancelled.getForgotten()) {
                return Status.FORGOTTEN;
            }
            if (cancelled.getGenerationId() == null) {
                return Status.CANCELLED;
            }
        }
        return Status.ACCEPTED;
    }

    private static Builder message(String id, SubmitMessage submit, Role role, Status status, Instant createdAt) {
        return new Builder(id, submit.getTurnId(), role, status, createdAt);
    }

    /** Collects a message's many parts. */
    private static final class Builder {
        private final String id;
        private final String turnId;
        private final Role role;
        private final Status status;
        private final Instant createdAt;
        private String content = "";
        private Optional<String> reasoning = Optional.empty();
        private Optional<Instant> completedAt = Optional.empty();
        private Optional<String> finishReason = Optional.empty();
        private Optional<Usage> usage = Optional.empty();
        private List<Source> sources = List.of();
        private Optional<Attempt> attempt = Optional.empty();
        private List<ToolCall> toolCalls = List.of();
        private Optional<Failure> failure = Optional.empty();

        Builder(String id, String turnId, Role role, Status status, Instant createdAt) {
            this.id = id;
            this.turnId = turnId;
            this.role = role;
            this.status = status;
            this.createdAt = createdAt;
        }

        Builder content(String text) {
            content = text;
            return this;
        }

        Builder reasoning(@Nullable String text) {
            reasoning = Optional.ofNullable(text);
            return this;
        }

        Builder finished(String reason, List<Source> drawnOn, List<ToolCall> asked) {
            finishReason = Optional.of(reason);
            sources = drawnOn;
            toolCalls = asked;
            return this;
        }

        Builder attempt(@Nullable Attempt decisive, @Nullable Usage used) {
            attempt = Optional.ofNullable(decisive);
            usage = Optional.ofNullable(used);
            return this;
        }

        Builder failure(Failure why) {
            failure = Optional.of(why);
            return this;
        }

        Builder completedAt(Instant time) {
            completedAt = Optional.of(time);
            return this;
        }

        Message build() {
            return new Message(
                    id,
                    turnId,
                    role,
                    content,
                    Optional.empty(),
                    status,
                    createdAt,
                    new Answer(
                            completedAt,
                            reasoning,
                            finishReason,
                            usage,
                            sources,
                            toolCalls,
                            attempt.map(decisive -> new Origin(decisive.getEngine(), decisive.getModel())),
                            failure),
                    Optional.empty());
        }
    }
}
