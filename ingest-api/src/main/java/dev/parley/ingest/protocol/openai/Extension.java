package dev.parley.ingest.protocol.openai;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.chat.v1.Attempt;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.Upstream;
import dev.parley.ingest.http.Json;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What OpenAI's objects have no member for, in one of their own, {@code parley}: {@code {code?, finish_reason?, engine?, model?,
 * attempts?, left_out?, retry_after_ms?}}. It is not there where there is nothing to say.
 */
final class Extension {

    private static final String NAME = "parley";

    private Extension() {}

    /** Adds to the object that tells the end of an answer. */
    static void addTo(ObjectNode json, MessageCompleted completed) {
        add(json, FinishReasons.own(completed), completed.getUpstream());
    }

    /** Adds to the object that tells of an answer without an end. */
    static void addTo(ObjectNode json, @Nullable Upstream upstream) {
        add(json, Optional.empty(), upstream);
    }

    /** Adds which engine and model it was whose answer, or whose failure, is told. */
    static void addAttempt(ObjectNode json, @Nullable Attempt attempt) {
        if (attempt != null) {
            json.withObjectProperty(NAME).put("engine", attempt.getEngine()).put("model", attempt.getModel());
        }
    }

    /** Adds why there is no answer, by our own name for it. */
    static void addCode(ObjectNode json, String code) {
        json.withObjectProperty(NAME).put("code", code);
    }

    private static void add(ObjectNode json, Optional<String> finishReason, @Nullable Upstream upstream) {
        ObjectNode parley = Json.object();
        finishReason.ifPresent(reason -> parley.put("finish_reason", reason));
        if (upstream != null) {
            if (upstream.getCalls() > 0) {
                parley.put("attempts", upstream.getCalls());
            }
            if (!upstream.getLeftOut().isEmpty()) {
                upstream.getLeftOut().forEach(parley.putArray("left_out")::add);
            }
            if (upstream.getRetryAfterMillis() != null) {
                parley.put("retry_after_ms", upstream.getRetryAfterMillis());
            }
        }
        if (!parley.isEmpty()) {
            json.withObjectProperty(NAME).setAll(parley);
        }
    }
}
