package dev.parley.ingest;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.ingest.AnswerReader.Step;
import dev.parley.schemas.ConversationKey;
import dev.parley.sinks.sse.Frame;
import dev.parley.sinks.sse.StreamEncoding;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** The AI SDK's UI message stream over HTTP. */
final class UiMessageEncoding implements StreamEncoding {

    /** By this header its clients know the protocol. */
    static final String HEADER = "x-vercel-ai-ui-message-stream";

    static final String VERSION = "v1";

    private static final Duration HEARTBEAT = Duration.ofSeconds(15);

    private final AnswerReader reader;
    private final UiMessageChunks chunks;

    UiMessageEncoding(ConversationKey conversation, String turnId) {
        this.reader = new AnswerReader(turnId);
        this.chunks = new UiMessageChunks(conversation, turnId, false);
    }

    @Override
    public List<byte[]> opening() {
        return List.of();
    }

    @Override
    public byte[] heartbeat() {
        return SseData.HEARTBEAT;
    }

    @Override
    public Duration heartbeatAfter() {
        return HEARTBEAT;
    }

    @Override
    public boolean isOver() {
        return chunks.isOver();
    }

    @Override
    public List<byte[]> encode(Frame frame) {
        List<byte[]> pieces = new ArrayList<>();
        for (Step step : reader.read(frame.event())) {
            if (!chunks.isOver()) {
                for (ObjectNode chunk : chunks.of(step)) {
                    pieces.add(SseData.of(chunk));
                }
                if (chunks.isOver()) {
                    pieces.add(SseData.DONE);
                }
            }
        }
        return pieces;
    }
}
