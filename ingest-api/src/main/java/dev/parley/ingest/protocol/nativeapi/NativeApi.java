package dev.parley.ingest.protocol.nativeapi;

import dev.parley.ingest.answer.EventStreams;
import dev.parley.ingest.answer.UpstreamHeaders;
import dev.parley.ingest.documents.Documents;
import dev.parley.ingest.door.Door;
import dev.parley.ingest.http.Json;
import dev.parley.ingest.http.Request;
import dev.parley.ingest.http.Serving;
import dev.parley.ingest.http.Tickets;
import dev.parley.ingest.protocol.Protocol;
import dev.parley.ingest.search.Searches;
import io.javalin.config.JavalinConfig;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import java.util.List;

/** The native protocol: everything that this server can do, in its own words. */
public final class NativeApi implements Protocol {

    private final Serving serving;
    private final ConversationCalls conversations;
    private final MessageCalls messages;
    private final StreamCalls streams;
    private final DocumentCalls documents;
    private final SearchCalls searches;
    private final Tickets tickets;

    /**
     * The protocol of one server.
     *
     * @param defaultWorkspace whose knowledge conversations draw on that name none
     */
    public NativeApi(
            Serving serving,
            Door door,
            EventStreams streams,
            Documents documents,
            Searches searches,
            Tickets tickets,
            String defaultWorkspace) {
        this.serving = serving;
        this.conversations = new ConversationCalls(door, defaultWorkspace);
        this.messages = new MessageCalls(door);
        this.streams = new StreamCalls(door, streams);
        this.documents = new DocumentCalls(documents);
        this.searches = new SearchCalls(searches);
        this.tickets = tickets;
    }

    @Override
    public List<String> readableHeaders() {
        return UpstreamHeaders.NAMES;
    }

    @Override
    public void addTo(JavalinConfig config) {
        RoutesConfig routes = config.routes;
        routes.post("/api/conversations", serving.call(conversations::create));
        routes.get("/api/conversations", serving.call(conversations::list, "limit", "before", "q"));
        routes.get("/api/conversations/{id}", serving.call(conversations::snapshot, "branches"));
        routes.put("/api/conversations/{id}/branch", serving.call(conversations::switchBranch));
        routes.patch("/api/conversations/{id}", serving.call(conversations::rename));
        routes.delete("/api/conversations/{id}", serving.call(conversations::delete));
        routes.get("/api/conversations/{id}/export", serving.call(conversations::export, "format"));
        routes.post("/api/conversations/{id}/messages", serving.call(messages::submit));
        routes.get("/api/conversations/{id}/messages", serving.call(messages::list));
        routes.post("/api/conversations/{id}/messages/{messageId}/regenerate", serving.call(messages::regenerate));
        routes.post("/api/conversations/{id}/messages/{messageId}/feedback", serving.call(messages::rate));
        routes.post("/api/conversations/{id}/cancel", serving.call(messages::cancel));
        routes.get("/api/conversations/{id}/events", serving.stream(streams::one, "cursor", "ticket"));
        routes.get("/api/events", serving.stream(streams::all, "cursor", "ticket"));
        routes.get("/api/workspaces/{workspace}/documents", serving.call(documents::list, "limit", "after"));
        routes.put("/api/workspaces/{workspace}/documents/<path>", serving.call(documents::put, "title", "uri"));
        routes.get("/api/workspaces/{workspace}/documents/<path>", serving.call(documents::get));
        routes.delete("/api/workspaces/{workspace}/documents/<path>", serving.call(documents::delete));
        routes.post("/api/workspaces/{workspace}/search", serving.call(searches::search));
        routes.post("/api/tickets", serving.call(this::ticket));
    }

    /** A ticket, for those whose event streams and sockets cannot carry a key. */
    private void ticket(Context ctx, Request request) {
        request.body().done();
        Tickets.Ticket ticket = tickets.issue(request.tenant());
        Json.answer(
                ctx,
                201,
                Json.object()
                        .put("ticket", ticket.text())
                        .put("expiresAt", ticket.expiresAt().toString()));
    }
}
