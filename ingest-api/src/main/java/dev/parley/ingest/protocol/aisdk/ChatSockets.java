package dev.parley.ingest.protocol.aisdk;

import dev.parley.ingest.answer.Abandoned;
import dev.parley.ingest.answer.ChatRules;
import dev.parley.ingest.answer.EventStreams;
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

/** The connections of {@code /ws}. */
final class ChatSockets implements AutoCloseable {

    private static final String PATH = "/ws";
    private static final String TENANT = "parley.tenant";
    private static final int MAX_CONNECTIONS = 20_000;
    private static final Duration PING = Duration.ofSeconds(15);

    /** Longer than the pause between two pings, which a living client answers. */
    private static final Duration IDLE_TIMEOUT = Duration.ofSeconds(60);

    private static final int GOING_AWAY = 1001;
    private static final int UNSUPPORTED_DATA = 1003;

    private final Access access;
    private final UiChat chat;
    private final EventStreams streams;
    private final Abandoned abandoned;
    private final ChatRules rules;
    private final Map<String, ChatSocket> sockets = new ConcurrentHashMap<>();
    private final Map<String, WsContext> contexts = new ConcurrentHashMap<>();

    ChatSockets(Access access, UiChat chat, EventStreams streams, Abandoned abandoned, ChatRules rules) {
        this.access = access;
        this.chat = chat;
        this.streams = streams;
        this.abandoned = abandoned;
        this.rules = rules;
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
            access.checkUpgrade(ctx);
            Request.checkQuery(ctx, Set.of("ticket"));
            ctx.attribute(TENANT, access.streamingTenant(ctx));
        });
        config.routes.ws(PATH, ws -> {
            ws.onConnect(ctx -> {
                String tenant = ctx.attribute(TENANT);
                if (tenant == null) {
                    ctx.closeSession(1008, "not admitted");
                    return;
                }
                ctx.enableAutomaticPings(PING.toSeconds(), TimeUnit.SECONDS);
                contexts.put(ctx.sessionId(), ctx);
                sockets.put(ctx.sessionId(), new ChatSocket(tenant, ctx.session, chat, streams, abandoned, rules));
            });
            ws.onMessage(ctx -> {
                @Nullable ChatSocket socket = sockets.get(ctx.sessionId());
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
        @Nullable ChatSocket socket = sockets.remove(ctx.sessionId());
        if (socket != null) {
            socket.onClose();
        }
    }

    @Override
    public void close() {
        contexts.values().forEach(ctx -> ctx.closeSession(GOING_AWAY, "the server is stopping"));
    }
}
