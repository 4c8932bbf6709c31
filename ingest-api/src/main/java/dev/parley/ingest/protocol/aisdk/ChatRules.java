package dev.parley.ingest.protocol.aisdk;

import dev.parley.ingest.http.Unused;
import java.time.Duration;
import java.util.Optional;

/**
 * What a deployment decides about chats.
 *
 * @param strict whether fields that mean nothing here are refused
 * @param stopAfter how long after its last reader has left an answer is stopped; empty: it goes on
 */
public record ChatRules(boolean strict, Optional<Duration> stopAfter) {

    /** For frames, which have no headers to name what was not used. */
    Unused unused() {
        return strict ? Unused.refused() : Unused.passedOver();
    }
}
