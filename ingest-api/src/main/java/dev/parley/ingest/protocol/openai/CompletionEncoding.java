package dev.parley.ingest.protocol.openai;

import dev.parley.chat.v1.MessageCompleted;
import dev.parley.ingest.answer.SseJson;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** The stream of a completion of {@code /v1/completions}: its text alone, a refusal included. */
final class CompletionEncoding extends CompletionStream {

    CompletionEncoding(String id, String turnId, String model, Instant created, boolean includeUsage) {
        super(id, turnId, model, created, includeUsage);
    }

    @Override
    void text(String piece) {
        piece(piece, null);
    }

    @Override
    void refusal(String piece) {
        piece(piece, null);
    }

    private void piece(String text, @Nullable String finishReason) {
        send(SseJson.of(CompletionJson.piece(id(), created(), model(), text, finishReason)));
    }

    @Override
    void completed(MessageCompleted completed) {
        piece("", CompletionJson.finishReason(completed));
        if (includesUsage()) {
            send(SseJson.of(CompletionJson.usage(id(), created(), completed)));
        }
    }
}
