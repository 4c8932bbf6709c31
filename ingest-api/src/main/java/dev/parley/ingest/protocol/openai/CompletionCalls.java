package dev.parley.ingest.protocol.openai;

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

/** Completions of OpenAI's first API: each a conversation of its own, under the completion's id, with one turn. */
final class CompletionCalls {

    private static final String PREFIX = "cmpl-";

    private final OneTurn turns;
    private final Supplier<Models> models;

    CompletionCalls(OneTurn turns, Supplier<Models> models) {
        this.turns = turns;
        this.models = models;
    }

    Reply create(Context ctx, Request request) {
        Optional<String> key = request.idempotencyKey();
        CompletionRequest asked = CompletionRequest.of(request.body(), models.get());
        String id = PREFIX + KeyedId.of(request.tenant(), "text.completion", key);
        ConversationKey conversation = new ConversationKey(request.tenant(), id);
        SubmitMessage submit = asked.call().submit(TurnIds.of(conversation, key.orElse(id)));
        OneTurn.Question question = new OneTurn.Question(conversation, Optional.empty(), submit, key.isPresent());
        return asked.stream()
                ? turns.streamed(
                        ctx,
                        request,
                        question,
                        new CompletionEncoding(
                                id, submit.getTurnId(), asked.call().model(), Instant.now(), asked.includeUsage()))
                : turns.whole(ctx, request, question, CompletionJson::whole);
    }
}
