package dev.parley.ingest.protocol.openai;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.chat.v1.Attempt;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.Upstream;
import dev.parley.ingest.answer.UpstreamMember;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What OpenAI's objects have no member for, in {@linkplain UpstreamMember one of their own}, which has a {@code code} beside, and an
 * {@code engine} and a {@code model}.
 */
final class Extension {

    private Extension() {}

    /** Adds to the object that tells the end of an answer. */
    static void addTo(ObjectNode json, MessageCompleted completed) {
        UpstreamMember.addTo(json, FinishReasons.own(completed), completed.getUpstream());
    }

    /** Adds to the object that tells of an answer without an end. */
    static void addTo(ObjectNode json, @Nullable Upstream upstream) {
        UpstreamMember.addTo(json, Optional.empty(), upstream);
    }

    /** Adds which engine and model it was whose answer, or whose failure, is told. */
    static void addAttempt(ObjectNode json, @Nullable Attempt attempt) {
        if (attempt != null) {
            json.withObjectProperty(UpstreamMember.NAME)
                    .put("engine", attempt.getEngine())
                    .put("model", attempt.getModel());
        }
    }

    /** Adds why there is no answer, by our own name for it. */
    static void addCode(ObjectNode json, String code) {
        json.withObjectProperty(UpstreamMember.NAME).put("code", code);
    }
}
