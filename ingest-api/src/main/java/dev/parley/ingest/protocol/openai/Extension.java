package dev.parley.ingest.protocol.openai;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.Upstream;
import dev.parley.ingest.answer.UpstreamMember;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What OpenAI's objects have no member for, in {@linkplain UpstreamMember one of their own}. */
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
}
