package dev.parley.ingest.answer;

import dev.parley.ingest.http.Access;
import dev.parley.ingest.http.Admission;
import dev.parley.ingest.http.Request;
import dev.parley.sinks.edge.SseEdge;
import io.javalin.config.JavalinConfig;
import io.javalin.websocket.WsContext;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The web sockets of a path: who is let in, how many at a time, that they live, and how they end. */
public final class TextSockets implements AutoCloseable {

    private static final String TENANT = "parley.tenant";
    private static final int MAX_CONNECTIONS = 20_000;
    private static final Duration PING = Duration.ofSeconds(15);

    /** Longer than the pause between two pings, which a living client answers. */
    private static final Duration IDLE_TIMEOUT = Duration.ofSeconds(60);

    private static final int GOING_AWAY = 1001;
    private static final int UNSUPPORTED_DATA = 1003;
    private static final int NOT_ADMITTED = 1008;

    private final Access access;
    private final String path;
    private final Opening opening;
    private final Map<String, Connection> connections = new ConcurrentHashMap<>();

    /** What is made of a connection. */
    @FunctionalInterface
    public interface Opening {
        Client open(String tenant, TextSocket socket);
    }

    /** Takes what a client says, on the connection's thread. */
    public interface Client {

        void onText(String text);

        /** The connection is gone. */
        void onClose();
    }

    private record Connection(WsContext context, Client client) {}

    public TextSockets(Access access, String path, Opening opening) {
        this.access = access;
        this.path = path;
        this.opening = opening;
    }

    public void addTo(JavalinConfig config) {
        config.jetty.modifyWebSocketServletFactory(factory -> {
            factory.setMaxTextMessageSize(Admission.MAX_BODY_BYTES);
            factory.setIdleTimeout(IDLE_TIMEOUT);
        });
        config.routes.wsBeforeUpgrade(path, ctx -> {
            if (connections.size() >= MAX_CONNECTIONS) {
                throw new SseEdge.TooManyStreamsException();
            }
            access.checkUpgrade(ctx);
            Request.checkQuery(ctx, Set.of("ticket"));
            ctx.attribute(TENANT, access.streamingTenant(ctx));
        });
        config.routes.ws(path, ws -> {
            ws.onConnect(ctx -> {
                String tenant = ctx.attribute(TENANT);
                if (tenant == null) {
                    ctx.closeSession(NOT_ADMITTED, "not admitted");
                    return;
                }
                ctx.enableAutomaticPings(PING.toSeconds(), TimeUnit.SECONDS);
                connections.put(
                        ctx.sessionId(), new Connection(ctx, opening.open(tenant, new TextSocket(ctx.session))));
            });
            ws.onMessage(ctx -> {
                @Nullable Connection connection = connections.get(ctx.sessionId());
                if (connection != null) {
                    connection.client().onText(ctx.message());
                }
            });
            ws.onBinaryMessage(ctx -> ctx.closeSession(UNSUPPORTED_DATA, "frames are JSON in text"));
            ws.onClose(this::gone);
            ws.onError(this::gone);
        });
    }

    private void gone(WsContext ctx) {
        @Nullable Connection connection = connections.remove(ctx.sessionId());
        if (connection != null) {
            connection.client().onClose();
        }
    }

    @Override
    public void close() {
        connections
                .values()
                .forEach(connection -> connection.context().closeSession(GOING_AWAY, "the server is stopping"));
    }
}
