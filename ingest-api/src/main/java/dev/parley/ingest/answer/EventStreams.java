package dev.parley.ingest.answer;

import dev.parley.ingest.http.EventStreamHeaders;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.sinks.edge.ClientTransport;
import dev.parley.sinks.edge.SseEdge;
import dev.parley.sinks.edge.StreamEncoding;
import io.javalin.http.Context;
import io.javalin.http.HandlerType;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/** Event streams: what the edge tells, as the answer of a request or over a connection of a protocol's own. */
public final class EventStreams {

    private final SseEdge edge;

    public EventStreams(SseEdge edge) {
        this.edge = edge;
    }

    /** Streams a conversation in the server's own form, until the client leaves. */
    public void conversation(Context ctx, ConversationKey conversation, Optional<String> cursor) throws IOException {
        stream(ctx, transport -> edge.stream(conversation, cursor, transport));
    }

    /** Streams all conversations of a tenant in the server's own form, until the client leaves. */
    public void tenant(Context ctx, String tenant, Optional<String> cursor) throws IOException {
        stream(ctx, transport -> edge.streamTenant(tenant, cursor, transport));
    }

    private static void stream(Context ctx, Consumer<ClientTransport> streaming) throws IOException {
        if (ctx.method().equals(HandlerType.HEAD)) {
            EventStreamHeaders.addTo(ctx);
            return;
        }
        try (ResponseTransport transport = new ResponseTransport(ctx, Map.of())) {
            streaming.accept(transport);
        }
    }

    /**
     * Streams an answer in a protocol's form, up to its end.
     *
     * @param before cursor from which all of its turn is told
     */
    public SseEdge.End answer(Context ctx, ConversationKey conversation, String before, AnswerEncoding encoding)
            throws IOException {
        return answer(ctx, conversation, before, encoding, Map.of());
    }

    /** The same with headers of the protocol's own. */
    public SseEdge.End answer(
            Context ctx,
            ConversationKey conversation,
            String before,
            AnswerEncoding encoding,
            Map<String, String> headers)
            throws IOException {
        try (ResponseTransport transport = new ResponseTransport(ctx, headers)) {
            SseEdge.End end = answer(conversation, before, encoding, transport);
            if (end == SseEdge.End.OVER && !ctx.res().isCommitted()) {
                transport.write(List.of()); // A stream that has nothing to tell is one as well.
            }
            return end;
        }
    }

    /** The same over {@code transport}. */
    public SseEdge.End answer(
            ConversationKey conversation, String before, StreamEncoding encoding, ClientTransport transport) {
        return edge.stream(conversation, Optional.of(before), encoding, transport);
    }
}
