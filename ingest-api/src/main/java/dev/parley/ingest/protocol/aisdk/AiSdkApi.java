package dev.parley.ingest.protocol.aisdk;

import dev.parley.ingest.answer.Abandoned;
import dev.parley.ingest.answer.ChatRules;
import dev.parley.ingest.answer.EventStreams;
import dev.parley.ingest.door.Door;
import dev.parley.ingest.http.Access;
import dev.parley.ingest.http.Serving;
import dev.parley.ingest.protocol.Protocol;
import io.javalin.config.JavalinConfig;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * The chats of the AI SDK, over HTTP under {@code /api/chat} and over web sockets under {@code /ws}. Its clients show whatever
 * comes with an error status, so that problems stay as they are; on a socket, a problem is a frame.
 */
public final class AiSdkApi implements Protocol {

    private final Serving serving;
    private final UiChatCalls calls;
    private final ChatSockets sockets;

    /**
     * The protocol of one server.
     *
     * @param strict whether fields that mean nothing here are refused
     * @param stopAfter how long after its last reader has left an answer is stopped; empty: it goes on
     */
    public AiSdkApi(
            Serving serving,
            Access access,
            Door door,
            EventStreams streams,
            boolean strict,
            Optional<Duration> stopAfter) {
        ChatRules rules = new ChatRules(strict, stopAfter);
        UiChat chat = new UiChat(door);
        Abandoned abandoned = new Abandoned(door.turns());
        this.serving = serving;
        this.calls = new UiChatCalls(chat, streams, abandoned, rules);
        this.sockets = new ChatSockets(access, chat, streams, abandoned, rules);
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
