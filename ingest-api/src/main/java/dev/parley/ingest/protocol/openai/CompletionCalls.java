package dev.parley.ingest.protocol.openai;

import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.SubmitMessage;
import dev.parley.ingest.answer.Answering;
import dev.parley.ingest.answer.UpstreamHeaders;
import dev.parley.ingest.door.KeyedId;
import dev.parley.ingest.door.Messages;
import dev.parley.ingest.door.Models;
import dev.parley.ingest.door.Submission;
import dev.parley.ingest.http.Json;
import dev.parley.ingest.http.ProblemException;
import dev.parley.ingest.http.Reply;
import dev.parley.ingest.http.Request;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.schemas.keys.TurnIds;
import io.javalin.http.Context;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Supplier;

/** Completions of OpenAI's first API: each a conversation of its own, under the completion's id, with one turn. */
final class CompletionCalls {

    private static final String PREFIX = "cmpl-";

    private final Messages messages;
    private final Answering answering;
    private final Supplier<Models> models;

    CompletionCalls(Messages messages, Answering answering, Supplier<Models> models) {
        this.messages = messages;
        this.answering = answering;
        this.models = models;
    }

    Reply create(Context ctx, Request request) {
        Optional<String> key = request.idempotencyKey();
        CompletionRequest asked = CompletionRequest.of(request.body(), models.get());
        String id = PREFIX + KeyedId.of(request.tenant(), "text.completion", key);
        ConversationKey conversation = new ConversationKey(request.tenant(), id);
        SubmitMessage submit = asked.call().submit(TurnIds.of(conversation, key.orElse(id)));
        if (!asked.stream()) {
            Submission submission = request.waiting(
                    () -> submit(conversation, submit, key.isPresent(), Optional.of(Answering.WAIT), request));
            return whole(ctx, conversation, submission);
        }
        Submission submission = submit(conversation, submit, key.isPresent(), Optional.empty(), request);
        submission.refuseRejected();
        CompletionEncoding encoding = new CompletionEncoding(
                id, submit.getTurnId(), asked.call().model(), Instant.now(), asked.includeUsage());
        return answering.streamWhileRead(
                ctx,
                new Answering.Told(conversation, submit.getTurnId(), Long.toString(submission.before()), encoding),
                key.isPresent());
    }

    private Submission submit(
            ConversationKey conversation,
            SubmitMessage submit,
            boolean keyed,
            Optional<Duration> wait,
            Request request) {
        return messages.submit(conversation, submit, keyed, wait, request.call());
    }

    private static Reply whole(Context ctx, ConversationKey conversation, Submission submission) {
        ConversationEvent end = Answering.end(submission);
        if (!(end.getBody() instanceof MessageCompleted completed)) {
            throw new ProblemException(ErrorCode.CANCELLED, "the answer was stopped");
        }
        Instant created = submission.accepted().orElse(end).getTime();
        UpstreamHeaders.addTo(ctx, completed);
        Json.answer(ctx, 200, CompletionJson.whole(conversation.conversation(), created, completed));
        return Reply.SENT;
    }
}
