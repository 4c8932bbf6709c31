package dev.parley.ingest.protocol.aisdk;

import dev.parley.ingest.answer.AnswerEncoding;
import dev.parley.ingest.answer.AnswerReader;
import dev.parley.ingest.answer.AnswerReader.Step;
import dev.parley.ingest.answer.SseJson;
import dev.parley.schemas.keys.ConversationKey;
import java.time.Duration;
import java.util.Map;

/** The AI SDK's UI message stream over HTTP. */
final class UiMessageEncoding extends AnswerEncoding {

    /** By this header its clients know the protocol. */
    static final String HEADER = "x-vercel-ai-ui-message-stream";

    static final Map<String, String> HEADERS = Map.of(HEADER, "v1");

    private final UiMessageChunks chunks;

    UiMessageEncoding(ConversationKey conversation, String turnId, Duration heartbeat) {
        super(new AnswerReader(turnId), heartbeat);
        this.chunks = new UiMessageChunks(conversation, turnId, false);
    }

    @Override
    protected void tell(Step step) {
        chunks.of(step).forEach(chunk -> send(SseJson.of(chunk)));
        if (chunks.isOver()) {
            send(SseJson.DONE);
            finish();
        }
    }
}
