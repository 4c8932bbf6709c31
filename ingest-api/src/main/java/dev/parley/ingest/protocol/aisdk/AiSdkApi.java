package dev.parley.ingest.protocol.aisdk;

import dev.parley.ingest.answer.Abandoned;
import dev.parley.ingest.answer.ChatRules;
import dev.parley.ingest.answer.EventStreams;
import dev.parley.ingest.answer.TextSockets;
import dev.parley.ingest.door.Door;
import dev.parley.ingest.http.Serving;
import dev.parley.ingest.protocol.Protocol;
import io.javalin.config.JavalinConfig;
import java.util.List;

/**
 * The chats of the AI SDK, over HTTP under {@code /api/chat} and over web sockets under {@code /ws}. Its clients show whatever
 * comes with an error status, so that problems stay as they are; on a socket, a problem is a frame.
 */
public final class AiSdkApi implements Protocol {

    private final Serving serving;
    private final UiChatCalls calls;
    private final TextSockets sockets;

    /**
     * The protocol of one server.
     *
     * @param abandoned who reads answers, by any protocol of chats
     */
    public AiSdkApi(Serving serving, Door door, EventStreams streams, Abandoned abandoned, ChatRules rules) {
        UiChat chat = new UiChat(door);
        this.serving = serving;
        this.calls = new UiChatCalls(chat, streams, abandoned, rules);
        this.sockets = new TextSockets(
                serving.access(),
                "/ws",
                (tenant, socket) -> new ChatSocket(tenant, socket, serving, chat, streams, abandoned));
    }

    @Override
    public List<String> readableHeaders() {
        return List.of(UiMessageEncoding.HEADER);
    }

    @Override
    public void addTo(JavalinConfig config) {
        calls.addTo(config.routes, serving);
        sockets.addTo(config);
    }

    @Override
    public void close() {
        sockets.close();
    }
}
