package dev.parley.ingest.protocol.anthropic;

import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.SubmitMessage;
import dev.parley.ingest.answer.Answering;
import dev.parley.ingest.answer.UpstreamHeaders;
import dev.parley.ingest.door.Door;
import dev.parley.ingest.door.Models;
import dev.parley.ingest.door.Submission;
import dev.parley.ingest.http.Json;
import dev.parley.ingest.http.ProblemException;
import dev.parley.ingest.http.Reply;
import dev.parley.ingest.http.Request;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.keys.ConversationKey;
import io.javalin.http.Context;
import java.util.Optional;
import java.util.function.Supplier;

/** Messages: each a conversation of its own, under the message's id, with one turn. */
final class MessageCalls {

    private final Door door;
    private final Answering answering;
    private final Thoughts thoughts;
    private final Supplier<Models> models;

    MessageCalls(Door door, Answering answering, Supplier<Models> models) {
        this.door = door;
        this.answering = answering;
        this.thoughts = new Thoughts(door);
        this.models = models;
    }

    Reply create(Context ctx, Request request) {
        Optional<String> key = request.idempotencyKey();
        MessagesRequest asked = MessagesRequest.of(request.bodyWithFiles(), models.get());
        AnswerId id = AnswerId.of(request.tenant(), key);
        ConversationKey conversation = id.conversation(request.tenant());
        SubmitMessage submit =
                asked.call().submitWith(id.turn(request.tenant()), thoughts.restored(request.tenant(), asked));
        if (!asked.stream()) {
            return whole(ctx, request, id, submit, key.isPresent());
        }
        Submission submission =
                door.messages().submit(conversation, submit, key.isPresent(), Optional.empty(), request.call());
        submission.refuseRejected();
        MessageEncoding encoding = new MessageEncoding(
                id, submit.getTurnId(), AnthropicErrors.named(ctx), asked.call().model(), asked.estimatedTokens());
        Answering.Told told =
                new Answering.Told(conversation, submit.getTurnId(), Long.toString(submission.before()), encoding);
        return answering.streamWhileRead(ctx, told, key.isPresent());
    }

    private Reply whole(Context ctx, Request request, AnswerId id, SubmitMessage submit, boolean keyed) {
        Submission submission = request.waiting(() -> door.messages()
                .submit(id.conversation(request.tenant()), submit, keyed, Optional.of(Answering.WAIT), request.call()));
        ConversationEvent end = Answering.end(submission);
        if (!(end.getBody() instanceof MessageCompleted completed)) {
            throw new ProblemException(ErrorCode.CANCELLED, "the answer was stopped");
        }
        UpstreamHeaders.addTo(ctx, completed);
        Json.answer(ctx, 200, MessageJson.whole(id, completed));
        return Reply.SENT;
    }

    void countTokens(Context ctx, Request request) {
        MessagesRequest asked = MessagesRequest.of(request.bodyWithFiles(), models.get());
        request.checkRest();
        Json.answer(ctx, 200, Json.object().put("input_tokens", asked.estimatedTokens()));
    }
}
