package dev.parley.ingest.protocol.nativeapi;

import dev.parley.ingest.answer.EventStreams;
import dev.parley.ingest.door.Door;
import dev.parley.ingest.http.Request;
import dev.parley.schemas.keys.ConversationKey;
import io.javalin.http.Context;
import java.io.IOException;

/** Event streams of the native API. */
final class StreamCalls {

    private final Door door;
    private final EventStreams streams;

    StreamCalls(Door door, EventStreams streams) {
        this.door = door;
        this.streams = streams;
    }

    void one(Context ctx, Request request) throws IOException {
        ConversationKey conversation = request.streamingConversation();
        door.conversations().require(conversation);
        streams.conversation(ctx, conversation, request.cursor());
    }

    void all(Context ctx, Request request) throws IOException {
        streams.tenant(ctx, request.streamingTenant(), request.cursor());
    }
}
