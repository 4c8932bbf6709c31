package dev.parley.ingest.protocol.nativeapi;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.chat.v1.Attempt;
import dev.parley.chat.v1.ConversationCreated;
import dev.parley.chat.v1.ConversationDeleted;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.ConversationRenamed;
import dev.parley.chat.v1.FeedbackRecorded;
import dev.parley.chat.v1.MessageAccepted;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.MessageRejected;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.SubmitMessage;
import dev.parley.chat.v1.TurnCancelled;
import dev.parley.chat.v1.TurnFailed;
import dev.parley.chat.v1.TurnRetrieved;
import dev.parley.chat.v1.TurnRouted;
import dev.parley.chat.v1.TurnStarted;
import dev.parley.chat.v1.Unknown;
import dev.parley.chat.v1.Upstream;
import dev.parley.chat.v1.Usage;
import dev.parley.ingest.door.Submission;
import dev.parley.ingest.http.Json;
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
final class EndedTurn {

    private EndedTurn() {}

    /**
     * What {@code Prefer: wait} answers with.
     *
     * @param submission one that has an end, other than a rejection
     */
    static ObjectNode view(SubmitMessage submit, Submission submission) {
        ConversationEvent end = submission.end().orElseThrow();
        Message question = new Message(
                submit.getMessageId(),
                submit.getTurnId(),
                Role.USER,
                submit.getContent(),
                Optional.empty(),
                questionStatus(end),
                submission.accepted().orElse(end).getTime(),
                Answer.NONE,
                Optional.empty());
        ObjectNode view = Json.object();
        view.set("userMessage", Views.message(question));
        view.set(
                "assistantMessage",
                Views.message(answer(
                        submit.getTurnId(),
                        end,
                        submission.started().orElse(end).getTime())));
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

    private static Message answer(String turnId, ConversationEvent end, Instant began) {
        return switch (end.getBody()) {
            case MessageCompleted completed ->
                message(
                        turnId,
                        completed.getMessageId(),
                        completed.getContent(),
                        Status.COMPLETED,
                        began,
                        new Answer(
                                Optional.of(end.getTime()),
                                Optional.ofNullable(completed.getReasoning()),
                                Optional.of(completed.getFinishReason()),
                                Optional.of(completed.getUsage()),
                                Optional.ofNullable(completed.getUpstream()),
                                completed.getSources(),
                                completed.getToolCalls(),
                                origin(completed.getAttempt()),
                                Optional.empty()));
            case TurnFailed failed ->
                message(
                        turnId,
                        failed.getMessageId(),
                        failed.getContent(),
                        Status.FAILED,
                        began,
                        brokenOff(
                                end,
                                failed.getUsage(),
                                failed.getUpstream(),
                                failed.getAttempt(),
                                Optional.of(new Failure(failed.getCode(), failed.getDetail()))));
            case TurnCancelled cancelled ->
                message(
                        turnId,
                        cancelled.getMessageId(),
                        cancelled.getContent(),
                        cancelled.getForgotten() ? Status.FORGOTTEN : Status.CANCELLED,
                        began,
                        brokenOff(
                                end,
                                cancelled.getUsage(),
                                cancelled.getUpstream(),
                                cancelled.getAttempt(),
                                Optional.empty()));
            case ConversationCreated _,
                    ConversationRenamed _,
                    ConversationDeleted _,
                    MessageAccepted _,
                    MessageRejected _,
                    TurnStarted _,
                    TurnRouted _,
                    TurnRetrieved _,
                    FeedbackRecorded _,
                    Unknown _ -> throw new IllegalArgumentException("not the end of a turn");
        };
    }

    private static Message message(
            String turnId, String id, String content, Status status, Instant began, Answer answer) {
        return new Message(
                id, turnId, Role.ASSISTANT, content, Optional.empty(), status, began, answer, Optional.empty());
    }

    private static Answer brokenOff(
            ConversationEvent end,
            @Nullable Usage usage,
            @Nullable Upstream upstream,
            @Nullable Attempt attempt,
            Optional<Failure> failure) {
        return new Answer(
                Optional.of(end.getTime()),
                Optional.empty(),
                Optional.empty(),
                Optional.ofNullable(usage),
                Optional.ofNullable(upstream),
                List.of(),
                List.of(),
                origin(attempt),
                failure);
    }

    private static Optional<Origin> origin(@Nullable Attempt attempt) {
        return Optional.ofNullable(attempt).map(decisive -> new Origin(decisive.getEngine(), decisive.getModel()));
    }
}
