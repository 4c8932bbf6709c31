package dev.parley.ingest.protocol.openai;

import dev.parley.chat.v1.CreateConversation;
import dev.parley.chat.v1.SubmitMessage;
import dev.parley.ingest.door.KeyedId;
import dev.parley.ingest.door.Models;
import dev.parley.ingest.http.Reply;
import dev.parley.ingest.http.Request;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.schemas.keys.TurnIds;
import io.javalin.http.Context;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Supplier;

/** Chat completions: each a conversation of its own, under the completion's id, with one turn. */
final class ChatCompletionCalls {

    static final String PREFIX = "chatcmpl-";

    private final OneTurn turns;
    private final Supplier<Models> models;
    private final String defaultWorkspace;

    ChatCompletionCalls(OneTurn turns, Supplier<Models> models, String defaultWorkspace) {
        this.turns = turns;
        this.models = models;
        this.defaultWorkspace = defaultWorkspace;
    }

    Reply create(Context ctx, Request request) {
        Optional<String> key = request.idempotencyKey();
        ChatCompletionRequest asked = ChatCompletionRequest.of(request.bodyWithFiles(), models.get());
        String id = PREFIX + KeyedId.of(request.tenant(), "chat.completion", key);
        ConversationKey conversation = new ConversationKey(request.tenant(), id);
        SubmitMessage submit = asked.call().submit(TurnIds.of(conversation, key.orElse(id)));
        Optional<CreateConversation> create = asked.store()
                ? Optional.of(new CreateConversation(
                        null, defaultWorkspace, StoredCompletionCalls.marked(asked.ownMetadata(), submit.getTurnId())))
                : Optional.empty();
        OneTurn.Question question = new OneTurn.Question(conversation, create, submit, key.isPresent());
        return asked.stream()
                ? turns.streamed(
                        ctx,
                        request,
                        question,
                        new ChatCompletionEncoding(
                                id, submit.getTurnId(), asked.call().model(), Instant.now(), asked.includeUsage()))
                : turns.whole(ctx, request, question, ChatCompletionJson::whole);
    }
}
