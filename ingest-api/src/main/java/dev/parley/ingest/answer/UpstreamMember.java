package dev.parley.ingest.answer;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.chat.v1.Upstream;
import dev.parley.ingest.http.Json;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What became known at model servers, in a member of this server's own for objects of other protocols, which have none for it:
 * {@code parley}, {@code {finish_reason?, attempts?, left_out?, retry_after_ms?}}. It is not there where there is nothing to say.
 */
public final class UpstreamMember {

    public static final String NAME = "parley";

    private UpstreamMember() {}

    /**
     * Adds it to an object that tells the end of an answer.
     *
     * @param finishReason why the answer ended, by its own name, where the protocol's word is another
     */
    public static void addTo(ObjectNode json, Optional<String> finishReason, @Nullable Upstream upstream) {
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
