package dev.parley.ingest;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.sinks.postgres.ConversationQueries;
import dev.parley.sinks.sse.ConversationFeed;
import dev.parley.sinks.sse.SseEdge;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.javalin.http.Handler;

/** The native API's routes: one protocol over the {@link Door}. */
final class NativeApi {

    private final Access access;
    private final Admission admission;
    private final ConversationCalls conversations;
    private final MessageCalls messages;
    private final StreamCalls streams;

    NativeApi(
            Door door,
            Access access,
            Admission admission,
            ConversationFeed feed,
            SseEdge edge,
            ConversationQueries queries) {
        this.access = access;
        this.admission = admission;
        Snapshots snapshots = new Snapshots(door, feed, queries);
        this.conversations = new ConversationCalls(door, snapshots);
        this.messages = new MessageCalls(door, snapshots, admission);
        this.streams = new StreamCalls(door, edge);
    }

    /** Serves one call. */
    @FunctionalInterface
    private interface Served {
        void serve(Context ctx, Request request) throws Exception;
    }

    void addTo(RoutesConfig routes) {
        routes.post("/api/conversations", call(conversations::create));
        routes.get("/api/conversations", call(conversations::list));
        routes.get("/api/conversations/{id}", call(conversations::snapshot));
        routes.patch("/api/conversations/{id}", call(conversations::rename));
        routes.delete("/api/conversations/{id}", call(conversations::delete));
        routes.get("/api/conversations/{id}/export", call(conversations::export));
        routes.post("/api/conversations/{id}/messages", call(messages::submit));
        routes.get("/api/conversations/{id}/messages", call(messages::list));
        routes.post("/api/conversations/{id}/messages/{messageId}/regenerate", call(messages::regenerate));
        routes.post("/api/conversations/{id}/messages/{messageId}/feedback", call(messages::rate));
        routes.post("/api/conversations/{id}/cancel", call(messages::cancel));
        // Streams have a bound of their own, the edge's.
        routes.get("/api/conversations/{id}/events", ctx -> streams.one(ctx, request(ctx)));
        routes.get("/api/events", ctx -> streams.all(ctx, request(ctx)));
    }

    private Handler call(Served served) {
        return admission.admitted(ctx -> served.serve(ctx, request(ctx)));
    }

    private Request request(Context ctx) {
        return new Request(ctx, access, admission);
    }

    static void answer(Context ctx, int status, JsonNode body) {
        ctx.header("Cache-Control", "no-store");
        ctx.status(status).contentType("application/json").result(body.toString());
    }
}
