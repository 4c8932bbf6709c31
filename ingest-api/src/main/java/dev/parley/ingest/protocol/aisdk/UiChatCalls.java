package dev.parley.ingest.protocol.aisdk;

import dev.parley.ingest.answer.Abandoned;
import dev.parley.ingest.answer.ChatRules;
import dev.parley.ingest.answer.EventStreams;
import dev.parley.ingest.door.TurnStart;
import dev.parley.ingest.http.Json;
import dev.parley.ingest.http.JsonBody;
import dev.parley.ingest.http.ProblemException;
import dev.parley.ingest.http.Reply;
import dev.parley.ingest.http.Request;
import dev.parley.ingest.http.Serving;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.keys.ConversationKey;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import java.util.Optional;

/** The AI SDK's chat over HTTP: {@code DefaultChatTransport} under {@code /api/chat}. */
final class UiChatCalls {

    private final UiChat chat;
    private final EventStreams streams;
    private final Abandoned abandoned;
    private final ChatRules rules;

    UiChatCalls(UiChat chat, EventStreams streams, Abandoned abandoned, ChatRules rules) {
        this.chat = chat;
        this.streams = streams;
        this.abandoned = abandoned;
        this.rules = rules;
    }

    void addTo(RoutesConfig routes, Serving serving) {
        routes.post("/api/chat", serving.streamed(this::send));
        routes.get("/api/chat/{id}/stream", serving.streamed(this::resume));
        routes.post("/api/chat/{id}/stop", serving.call(this::stop));
    }

    private Reply send(Context ctx, Request request) {
        String tenant = request.tenant();
        JsonBody body = request.body();
        ConversationKey conversation = conversation(tenant, body);
        UiChatRequest asked = UiChatRequest.of(body, body);
        body.done();
        return stream(ctx, conversation, chat.ask(conversation, asked, request.call()));
    }

    static ConversationKey conversation(String tenant, JsonBody body) {
        return new ConversationKey(
                tenant, body.text("id", Request.ID, Request.ID_RULE).orElseThrow(() -> JsonBody.required("id")));
    }

    private Reply resume(Context ctx, Request request) {
        ConversationKey conversation = request.conversation();
        Optional<TurnStart> unfinished = chat.unfinished(conversation);
        if (unfinished.isEmpty()) {
            ctx.status(204);
            return Reply.SENT;
        }
        return stream(ctx, conversation, unfinished.get());
    }

    private Reply stream(Context ctx, ConversationKey conversation, TurnStart answer) {
        return rules.reply(
                abandoned,
                conversation,
                answer.turnId(),
                () -> streams.answer(
                        ctx,
                        conversation,
                        answer.before(),
                        new UiMessageEncoding(conversation, answer.turnId(), rules.heartbeat()),
                        UiMessageEncoding.HEADERS));
    }

    /** Stops the answer, for everyone who reads it: closing a stream does not, unless the server is set so. */
    private void stop(Context ctx, Request request) {
        ConversationKey conversation = request.conversation();
        request.body().done();
        try {
            chat.stop(conversation, request.call());
        } catch (ProblemException e) {
            if (e.code() != ErrorCode.CONVERSATION_NOT_FOUND) {
                throw e;
            }
            // A client that stops before its first message arrived: there is nothing to stop.
        }
        Json.answer(ctx, 202, Json.object());
    }
}
