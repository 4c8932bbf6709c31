package dev.parley.ingest.protocol.openai;

import dev.parley.ingest.answer.TextSocket;
import dev.parley.ingest.http.Admission;
import dev.parley.ingest.http.Request;
import dev.parley.ingest.http.Serving;
import dev.parley.sinks.edge.SseEdge;
import io.javalin.config.JavalinConfig;
import io.javalin.websocket.WsContext;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The connections on which responses are created: web sockets at the path of the calls. */
final class ResponseSockets implements AutoCloseable {

    private static final String PATH = "/v1/responses";
    private static final String TENANT = "parley.tenant";
    private static final int MAX_CONNECTIONS = 20_000;
    private static final Duration PING = Duration.ofSeconds(15);

    /** Longer than the pause between two pings, which a living client answers. */
    private static final Duration IDLE_TIMEOUT = Duration.ofSeconds(60);

    private static final int GOING_AWAY = 1001;
    private static final int UNSUPPORTED_DATA = 1003;
    private static final int NOT_ADMITTED = 1008;

    private final Serving serving;
    private final ResponseCalls responses;
    private final Map<String, ResponseSocket> sockets = new ConcurrentHashMap<>();
    private final Map<String, WsContext> contexts = new ConcurrentHashMap<>();

    ResponseSockets(Serving serving, ResponseCalls responses) {
        this.serving = serving;
        this.responses = responses;
    }

    void addTo(JavalinConfig config) {
        config.jetty.modifyWebSocketServletFactory(factory -> {
            factory.setMaxTextMessageSize(Admission.MAX_BODY_BYTES);
            factory.setIdleTimeout(IDLE_TIMEOUT);
        });
        config.routes.wsBeforeUpgrade(PATH, ctx -> {
            if (sockets.size() >= MAX_CONNECTIONS) {
                throw new SseEdge.TooManyStreamsException();
            }
            serving.access().checkUpgrade(ctx);
            Request.checkQuery(ctx, Set.of("ticket"));
            ctx.attribute(TENANT, serving.access().streamingTenant(ctx));
        });
        config.routes.ws(PATH, ws -> {
            ws.onConnect(ctx -> {
                String tenant = ctx.attribute(TENANT);
                if (tenant == null) {
                    ctx.closeSession(NOT_ADMITTED, "not admitted");
                    return;
                }
                ctx.enableAutomaticPings(PING.toSeconds(), TimeUnit.SECONDS);
                contexts.put(ctx.sessionId(), ctx);
                sockets.put(
                        ctx.sessionId(),
                        new ResponseSocket(tenant, new TextSocket(ctx.session), responses, serving::unused));
            });
            ws.onMessage(ctx -> {
                @Nullable ResponseSocket socket = sockets.get(ctx.sessionId());
                if (socket != null) {
                    socket.onText(ctx.message());
                }
            });
            ws.onBinaryMessage(ctx -> ctx.closeSession(UNSUPPORTED_DATA, "frames are JSON in text"));
            ws.onClose(this::gone);
            ws.onError(this::gone);
        });
    }

    private void gone(WsContext ctx) {
        contexts.remove(ctx.sessionId());
        sockets.remove(ctx.sessionId());
    }

    @Override
    public void close() {
        contexts.values().forEach(ctx -> ctx.closeSession(GOING_AWAY, "the server is stopping"));
    }
}
