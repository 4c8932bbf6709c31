package dev.parley.ingest.protocol.nativeapi;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.ingest.door.Door;
import dev.parley.ingest.door.Snapshots;
import dev.parley.ingest.http.Admission;
import dev.parley.ingest.http.Request;
import dev.parley.ingest.http.Serving;
import dev.parley.ingest.http.Tickets;
import dev.parley.sinks.edge.SseEdge;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;

/** The native API's routes: one protocol over the {@link Door}. */
public final class NativeApi {

    private final Serving serving;
    private final ConversationCalls conversations;
    private final MessageCalls messages;
    private final StreamCalls streams;
    private final DocumentCalls documents;
    private final SearchCalls searches;
    private final Tickets tickets;

    public NativeApi(
            Door door,
            Serving serving,
            Admission admission,
            Snapshots snapshots,
            SseEdge edge,
            Tickets tickets,
            DocumentCalls documents,
            SearchCalls searches,
            String defaultWorkspace) {
        this.serving = serving;
        this.documents = documents;
        this.searches = searches;
        this.conversations = new ConversationCalls(door, snapshots, defaultWorkspace);
        this.messages = new MessageCalls(door, snapshots, admission);
        this.streams = new StreamCalls(door, edge);
        this.tickets = tickets;
    }

    public void addTo(RoutesConfig routes) {
        routes.post("/api/conversations", serving.call(conversations::create));
        routes.get("/api/conversations", serving.call(conversations::list));
        routes.get("/api/conversations/{id}", serving.call(conversations::snapshot));
        routes.patch("/api/conversations/{id}", serving.call(conversations::rename));
        routes.delete("/api/conversations/{id}", serving.call(conversations::delete));
        routes.get("/api/conversations/{id}/export", serving.call(conversations::export));
        routes.post("/api/conversations/{id}/messages", serving.call(messages::submit));
        routes.get("/api/conversations/{id}/messages", serving.call(messages::list));
        routes.post("/api/conversations/{id}/messages/{messageId}/regenerate", serving.call(messages::regenerate));
        routes.post("/api/conversations/{id}/messages/{messageId}/feedback", serving.call(messages::rate));
        routes.post("/api/conversations/{id}/cancel", serving.call(messages::cancel));
        routes.get("/api/conversations/{id}/events", serving.stream(streams::one));
        routes.get("/api/events", serving.stream(streams::all));
        routes.get("/api/workspaces/{workspace}/documents", serving.call(documents::list));
        routes.put("/api/workspaces/{workspace}/documents/<path>", serving.call(documents::put));
        routes.get("/api/workspaces/{workspace}/documents/<path>", serving.call(documents::get));
        routes.delete("/api/workspaces/{workspace}/documents/<path>", serving.call(documents::delete));
        routes.post("/api/workspaces/{workspace}/search", serving.call(searches::search));
        routes.post("/api/tickets", serving.call(this::ticket));
    }

    /** A ticket, for those whose event streams and sockets cannot carry a key. */
    private void ticket(Context ctx, Request request) {
        request.body().done();
        Tickets.Ticket ticket = tickets.issue(request.tenant());
        answer(
                ctx,
                201,
                Views.MAPPER
                        .createObjectNode()
                        .put("ticket", ticket.text())
                        .put("expiresAt", ticket.expiresAt().toString()));
    }

    public static void answer(Context ctx, int status, JsonNode body) {
        ctx.header("Cache-Control", "no-store");
        ctx.status(status).contentType("application/json").result(body.toString());
    }
}
