package dev.parley.ingest.protocol.openai;

import dev.parley.chat.v1.CreateConversation;
import dev.parley.chat.v1.SubmitMessage;
import dev.parley.ingest.door.Conversations;
import dev.parley.ingest.door.KeyedId;
import dev.parley.ingest.door.Models;
import dev.parley.ingest.http.Reply;
import dev.parley.ingest.http.Request;
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

    private final Conversations conversations;
    private final OneTurn turns;
    private final Supplier<Models> models;
    private final String defaultWorkspace;

    ChatCompletionCalls(Conversations conversations, OneTurn turns, Supplier<Models> models, String defaultWorkspace) {
        this.conversations = conversations;
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
        if (asked.store()) {
            // Where the conversation is there, this is a repeat, and without effect.
            Map<String, String> metadata = StoredCompletionCalls.marked(asked.ownMetadata());
            conversations.begin(conversation, new CreateConversation(null, defaultWorkspace, metadata), request.call());
        }
        OneTurn.Question question = new OneTurn.Question(conversation, submit, key.isPresent());
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
