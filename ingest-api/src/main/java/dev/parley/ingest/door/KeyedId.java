package dev.parley.ingest.door;

import dev.parley.ingest.http.Request;
import java.util.Optional;

/** Ids that a repeat of a request under the same idempotency key meets again. */
public final class KeyedId {

    private static final int BYTES = 12;

    private KeyedId() {}

    /**
     * An id of one of {@code kind}.
     *
     * @param key empty: an id that nobody meets again
     */
    public static String of(String tenant, String kind, Optional<String> key) {
        return key.map(text -> Fingerprint.name(BYTES, tenant, kind, text)).orElseGet(Request::uniqueId);
    }
}
