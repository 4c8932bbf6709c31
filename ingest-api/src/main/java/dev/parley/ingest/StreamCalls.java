package dev.parley.ingest;

import dev.parley.schemas.ConversationKey;
import dev.parley.sinks.sse.ClientTransport;
import dev.parley.sinks.sse.SseEdge;
import io.javalin.http.Context;
import io.javalin.http.HandlerType;
import java.io.IOException;
import java.io.OutputStream;
import java.util.function.Consumer;
import org.eclipse.jetty.ee10.servlet.ServletContextRequest;
import org.eclipse.jetty.io.EndPoint;

/** Event streams. A request keeps its virtual thread, which is the one that writes, until the client is gone. */
final class StreamCalls {

    private final Door door;
    private final SseEdge edge;

    StreamCalls(Door door, SseEdge edge) {
        this.door = door;
        this.edge = edge;
    }

    void one(Context ctx, Request request) throws IOException {
        ConversationKey conversation = request.conversation();
        door.require(conversation);
        stream(ctx, transport -> edge.stream(conversation, request.cursor(), transport));
    }

    void all(Context ctx, Request request) throws IOException {
        String tenant = request.tenant();
        stream(ctx, transport -> edge.streamTenant(tenant, request.cursor(), transport));
    }

    private static void stream(Context ctx, Consumer<ClientTransport> streaming) throws IOException {
        if (ctx.method().equals(HandlerType.HEAD)) {
            headers(ctx);
            return;
        }
        try (ResponseTransport transport = new ResponseTransport(ctx)) {
            streaming.accept(transport);
        }
    }

    private static void headers(Context ctx) {
        ctx.contentType("text/event-stream; charset=utf-8");
        ctx.header("Cache-Control", "no-store");
        // Proxies that buffer would hold tokens back.
        ctx.header("X-Accel-Buffering", "no");
    }

    /** The servlet response as the edge writes to it. */
    private static final class ResponseTransport implements ClientTransport, AutoCloseable {
        private final Context ctx;
        private final OutputStream body;
        private final EndPoint connection;

        /** The connection may serve another request after this one: then it is not this one's to break. */
        private boolean over;

        ResponseTransport(Context ctx) throws IOException {
            this.ctx = ctx;
            // Not Javalin's own stream, which may compress, and compression holds tokens back.
            body = ctx.res().getOutputStream();
            connection = ServletContextRequest.getServletContextRequest(ctx.req())
                    .getConnectionMetaData()
                    .getConnection()
                    .getEndPoint();
        }

        @Override
        public void write(byte[] bytes) throws IOException {
            if (!ctx.res().isCommitted()) {
                headers(ctx); // Only now: a stream that is refused is answered with a problem.
            }
            body.write(bytes);
            body.flush();
        }

        @Override
        public synchronized void abort() {
            if (!over) {
                connection.close();
            }
        }

        @Override
        public synchronized void close() {
            over = true;
        }
    }
}
