package dev.parley.ingest.protocol.openai;

import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.CreateConversation;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.SubmitMessage;
import dev.parley.ingest.answer.Answering;
import dev.parley.ingest.answer.UpstreamHeaders;
import dev.parley.ingest.door.Door;
import dev.parley.ingest.door.KeyedId;
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
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/** Chat completions: each a conversation of its own, under the completion's id, with one turn. */
final class ChatCompletionCalls {

    static final String PREFIX = "chatcmpl-";

    private final Door door;
    private final Answering answering;
    private final Supplier<Models> models;
    private final String defaultWorkspace;

    ChatCompletionCalls(Door door, Answering answering, Supplier<Models> models, String defaultWorkspace) {
        this.door = door;
        this.answering = answering;
        this.models = models;
        this.defaultWorkspace = defaultWorkspace;
    }

    Reply create(Context ctx, Request request) {
        Optional<String> key = request.idempotencyKey();
        ChatCompletionRequest asked = ChatCompletionRequest.of(request.bodyWithFiles(), models.get());
        String id = PREFIX + KeyedId.of(request.tenant(), "chat.completion", key);
        ConversationKey conversation = new ConversationKey(request.tenant(), id);
        SubmitMessage submit = asked.call().submit(TurnIds.of(conversation, key.orElse(id)));
        if (asked.store()) {
            // Where the conversation is there, this is a repeat, and without effect.
            Map<String, String> metadata = StoredCompletionCalls.marked(asked.ownMetadata());
            door.conversations()
                    .begin(conversation, new CreateConversation(null, defaultWorkspace, metadata), request.call());
        }
        if (!asked.stream()) {
            return whole(ctx, request, conversation, submit, key.isPresent());
        }
        Submission submission =
                door.messages().submit(conversation, submit, key.isPresent(), Optional.empty(), request.call());
        submission.refuseRejected();
        ChatCompletionEncoding encoding = new ChatCompletionEncoding(
                id, submit.getTurnId(), asked.call().model(), Instant.now(), asked.includeUsage());
        Answering.Told told =
                new Answering.Told(conversation, submit.getTurnId(), Long.toString(submission.before()), encoding);
        return answering.streamWhileRead(ctx, told, key.isPresent());
    }

    private Reply whole(
            Context ctx, Request request, ConversationKey conversation, SubmitMessage submit, boolean keyed) {
        Submission submission = request.waiting(
                () -> door.messages().submit(conversation, submit, keyed, Optional.of(Answering.WAIT), request.call()));
        ConversationEvent end = Answering.end(submission);
        if (!(end.getBody() instanceof MessageCompleted completed)) {
            throw new ProblemException(ErrorCode.CANCELLED, "the answer was stopped");
        }
        Instant created = submission.accepted().orElse(end).getTime();
        UpstreamHeaders.addTo(ctx, completed);
        Json.answer(ctx, 200, ChatCompletionJson.whole(conversation.conversation(), created, completed));
        return Reply.SENT;
    }
}
