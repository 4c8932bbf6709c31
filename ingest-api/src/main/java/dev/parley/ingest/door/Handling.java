package dev.parley.ingest.door;

import dev.parley.chat.v1.OnBusy;
import dev.parley.ingest.http.JsonBody;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * How a caller wants a message to be dealt with.
 *
 * @param intent of the route to take; empty for the one that routing finds
 * @param engine to ask; empty for the route's own
 * @param metadata to be kept with the message
 */
public record Handling(OnBusy onBusy, Optional<String> intent, Optional<String> engine, Map<String, String> metadata) {

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._:/-]{1,100}");
    private static final String NAME_RULE = "1 to 100 of A-Z a-z 0-9 . _ : / -";

    /** Reads it from {@code body}, under the names that this server's own fields have in every protocol. */
    public static Handling of(JsonBody body) {
        return new Handling(onBusy(body), intent(body), engine(body), body.metadata("metadata"));
    }

    public static OnBusy onBusy(JsonBody body) {
        return body.oneOf("onBusy", OnBusy.class).orElse(OnBusy.ENQUEUE);
    }

    public static Optional<String> intent(JsonBody body) {
        return body.text("intent", NAME, NAME_RULE);
    }

    public static Optional<String> engine(JsonBody body) {
        return body.text("engine", NAME, NAME_RULE);
    }
}
