package dev.parley.ingest.protocol.openai;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.ingest.http.Json;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** The object that {@code /v1/completions} answers with, whole and in pieces. */
final class CompletionJson {

    private CompletionJson() {}

    /** A whole answer. */
    static ObjectNode whole(String id, Instant created, MessageCompleted completed) {
        String model = completed.getAttempt().getModel();
        ObjectNode json = piece(id, created, model, completed.getContent(), finishReason(completed));
        json.set("usage", ChatCompletionJson.usage(completed));
        Extension.addTo(json, completed);
        return json;
    }

    /** A piece of one; the last has the reason for its end. */
    static ObjectNode piece(String id, Instant created, String model, String text, @Nullable String finishReason) {
        ObjectNode json = head(id, created, model);
        json.putArray("choices")
                .addObject()
                .put("text", text)
                .put("index", 0)
                .putNull("logprobs")
                .put("finish_reason", finishReason);
        return json;
    }

    /** What follows the last piece, for those who asked for it. */
    static ObjectNode usage(String id, Instant created, MessageCompleted completed) {
        ObjectNode json = head(id, created, completed.getAttempt().getModel());
        json.putArray("choices");
        json.set("usage", ChatCompletionJson.usage(completed));
        return json;
    }

    /** This API's words are three; a call that a model makes unasked is told as the end that it is. */
    static String finishReason(MessageCompleted completed) {
        String reason = FinishReasons.of(completed);
        return reason.equals("tool_calls") ? "stop" : reason;
    }

    private static ObjectNode head(String id, Instant created, String model) {
        return Json.object()
                .put("id", id)
                .put("object", "text_completion")
                .put("created", created.getEpochSecond())
                .put("model", model);
    }
}
