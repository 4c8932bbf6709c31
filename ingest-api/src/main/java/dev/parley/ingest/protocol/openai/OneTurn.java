package dev.parley.ingest.protocol.openai;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.CreateConversation;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.SubmitMessage;
import dev.parley.ingest.answer.Answering;
import dev.parley.ingest.answer.UpstreamHeaders;
import dev.parley.ingest.door.Messages;
import dev.parley.ingest.door.Submission;
import dev.parley.ingest.http.Json;
import dev.parley.ingest.http.ProblemException;
import dev.parley.ingest.http.Reply;
import dev.parley.ingest.http.Request;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.keys.ConversationKey;
import io.javalin.http.Context;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** Answers completions, each of which is a conversation with one turn: as they come, or whole. */
final class OneTurn {

    private final Messages messages;
    private final Answering answering;

    OneTurn(Messages messages, Answering answering) {
        this.messages = messages;
        this.answering = answering;
    }

    /**
     * The question of a completion.
     *
     * @param create how the conversation comes to be; empty: as the message's own
     * @param keyed whether the conversation's id is that of an idempotency key, and so of every repeat
     */
    record Question(
            ConversationKey conversation, Optional<CreateConversation> create, SubmitMessage submit, boolean keyed) {}

    /** Makes the JSON of a whole answer. */
    @FunctionalInterface
    interface Whole {
        ObjectNode of(String id, Instant created, MessageCompleted completed);
    }

    Reply streamed(Context ctx, Request request, Question question, CompletionStream stream) {
        Submission submission = submit(question, Optional.empty(), request);
        submission.refuseRejected();
        return answering.streamWhileRead(
                ctx,
                new Answering.Told(
                        question.conversation(),
                        question.submit().getTurnId(),
                        Long.toString(submission.before()),
                        stream),
                question.keyed());
    }

    Reply whole(Context ctx, Request request, Question question, Whole whole) {
        Submission submission = request.waiting(() -> submit(question, Optional.of(Answering.WAIT), request));
        ConversationEvent end = Answering.end(submission);
        if (!(end.getBody() instanceof MessageCompleted completed)) {
            throw new ProblemException(ErrorCode.CANCELLED, "the answer was stopped");
        }
        Instant created = submission.accepted().orElse(end).getTime();
        UpstreamHeaders.addTo(ctx, completed);
        Json.answer(ctx, 200, whole.of(question.conversation().conversation(), created, completed));
        return Reply.SENT;
    }

    private Submission submit(Question question, Optional<Duration> wait, Request request) {
        return messages.submit(
                question.conversation(), question.create(), question.submit(), question.keyed(), wait, request.call());
    }
}
