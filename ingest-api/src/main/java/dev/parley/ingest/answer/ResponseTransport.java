package dev.parley.ingest.answer;

import dev.parley.ingest.http.EventStreamHeaders;
import dev.parley.sinks.edge.ClientTransport;
import io.javalin.http.Context;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.Map;
import org.eclipse.jetty.ee10.servlet.ServletContextRequest;
import org.eclipse.jetty.io.EndPoint;

/** An event stream's HTTP response as the edge writes to it. A request's own virtual thread writes, until the client is gone. */
final class ResponseTransport implements ClientTransport, AutoCloseable {

    private final Context ctx;
    private final Map<String, String> headers;
    private final OutputStream body;
    private final EndPoint connection;

    /** The connection may serve another request after this one: then it is not this one's to break. */
    private boolean over;

    ResponseTransport(Context ctx) throws IOException {
        this(ctx, Map.of());
    }

    /** With headers of a protocol's own. */
    ResponseTransport(Context ctx, Map<String, String> headers) throws IOException {
        this.ctx = ctx;
        this.headers = headers;
        // Not Javalin's own stream, which may compress, and compression holds tokens back.
        body = ctx.res().getOutputStream();
        connection = ServletContextRequest.getServletContextRequest(ctx.req())
                .getConnectionMetaData()
                .getConnection()
                .getEndPoint();
    }

    @Override
    public void write(List<byte[]> pieces) throws IOException {
        if (!ctx.res().isCommitted()) {
            // Only now: a stream that is refused is answered with a problem.
            EventStreamHeaders.addTo(ctx);
            headers.forEach(ctx::header);
        }
        for (byte[] piece : pieces) {
            body.write(piece);
        }
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
