package dev.parley.ingest.protocol.nativeapi;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.chat.v1.Attempt;
import dev.parley.chat.v1.BranchPoint;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.SubmitMessage;
import dev.parley.chat.v1.TurnCancelled;
import dev.parley.chat.v1.TurnEnd;
import dev.parley.chat.v1.TurnFailed;
import dev.parley.chat.v1.TurnStarted;
import dev.parley.ingest.door.Submission;
import dev.parley.ingest.http.Json;
import dev.parley.sinks.postgres.ConversationSnapshot.Answer;
import dev.parley.sinks.postgres.ConversationSnapshot.Failure;
import dev.parley.sinks.postgres.ConversationSnapshot.Message;
import dev.parley.sinks.postgres.ConversationSnapshot.Origin;
import dev.parley.sinks.postgres.ConversationSnapshot.Spent;
import dev.parley.sinks.postgres.ConversationSnapshot.Status;
import dev.parley.sinks.postgres.ConversationSnapshot.Utterance;
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
                new Utterance(Role.USER, submit.getContent(), after(submission)),
                Optional.empty(),
                questionStatus(end),
                submission.accepted().orElse(end).getTime(),
                Answer.NONE,
                Optional.empty());
        ObjectNode view = Json.object();
        view.set("userMessage", Views.message(question));
        view.set(
                "assistantMessage",
                Views.message(
                        answer(submit, end, submission.started().orElse(end).getTime())));
        return view;
    }

    private static Optional<String> after(Submission submission) {
        return submission
                .started()
                .map(event -> event.getBody() instanceof TurnStarted started ? started.getAfter() : null)
                .map(BranchPoint::getMessageId);
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

    private static Message answer(SubmitMessage submit, ConversationEvent event, Instant began) {
        if (!(event.getBody() instanceof TurnEnd end)) {
            throw new IllegalArgumentException("not the end of a turn");
        }
        return new Message(
                end.getMessageId(),
                submit.getTurnId(),
                new Utterance(Role.ASSISTANT, end.getContent(), Optional.of(submit.getMessageId())),
                Optional.empty(),
                Status.of(end),
                began,
                answer(end, event.getTime()),
                Optional.empty());
    }

    private static Answer answer(TurnEnd end, Instant time) {
        MessageCompleted completed = end instanceof MessageCompleted whole ? whole : null;
        return new Answer(
                Optional.of(time),
                Optional.ofNullable(completed).map(MessageCompleted::getReasoning),
                Optional.ofNullable(completed).map(MessageCompleted::getFinishReason),
                new Spent(Optional.ofNullable(end.getUsage()), Optional.ofNullable(end.getUpstream())),
                completed == null ? List.of() : completed.getSources(),
                completed == null ? List.of() : completed.getToolCalls(),
                origin(end.getAttempt()),
                end instanceof TurnFailed failed
                        ? Optional.of(new Failure(failed.getCode(), failed.getDetail()))
                        : Optional.empty());
    }

    private static Optional<Origin> origin(@Nullable Attempt attempt) {
        return Optional.ofNullable(attempt).map(decisive -> new Origin(decisive.getEngine(), decisive.getModel()));
    }
}
