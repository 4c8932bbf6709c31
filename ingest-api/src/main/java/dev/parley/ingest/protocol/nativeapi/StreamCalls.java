package dev.parley.ingest.protocol.nativeapi;

import dev.parley.ingest.door.Door;
import dev.parley.ingest.http.Request;
import dev.parley.ingest.http.ResponseTransport;
import dev.parley.schemas.ConversationKey;
import dev.parley.sinks.edge.ClientTransport;
import dev.parley.sinks.edge.SseEdge;
import io.javalin.http.Context;
import io.javalin.http.HandlerType;
import java.io.IOException;
import java.util.function.Consumer;

/** Event streams of the native API. */
final class StreamCalls {

    private final Door door;
    private final SseEdge edge;

    StreamCalls(Door door, SseEdge edge) {
        this.door = door;
        this.edge = edge;
    }

    void one(Context ctx, Request request) throws IOException {
        ConversationKey conversation = request.streamingConversation();
        door.require(conversation);
        stream(ctx, transport -> edge.stream(conversation, request.cursor(), transport));
    }

    void all(Context ctx, Request request) throws IOException {
        String tenant = request.streamingTenant();
        stream(ctx, transport -> edge.streamTenant(tenant, request.cursor(), transport));
    }

    private static void stream(Context ctx, Consumer<ClientTransport> streaming) throws IOException {
        if (ctx.method().equals(HandlerType.HEAD)) {
            ResponseTransport.headers(ctx);
            return;
        }
        try (ResponseTransport transport = new ResponseTransport(ctx)) {
            streaming.accept(transport);
        }
    }
}
