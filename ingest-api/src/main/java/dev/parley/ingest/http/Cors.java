package dev.parley.ingest.http;

import dev.parley.ingest.IngestSettings;
import dev.parley.ingest.protocol.aisdk.UiMessageEncoding;
import dev.parley.ingest.protocol.openai.OpenAiErrors;
import io.javalin.http.Context;
import java.time.Duration;
import java.util.Collection;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Web pages of other origins that may read answers (the Fetch standard's CORS protocol). Whoever is not named gets the same
 * answers as ever, and it is the browser that keeps them from the page.
 */
public final class Cors {

    private static final String READABLE_HEADERS = String.join(
            ", ",
            "x-request-id",
            "Location",
            "Retry-After",
            "Preference-Applied",
            OpenAiErrors.SHOULD_RETRY,
            UiMessageEncoding.HEADER);

    private static final String METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE";
    private static final Duration PREFLIGHT_AGE = Duration.ofMinutes(10);

    private final Set<String> origins;

    public Cors(Collection<String> origins) {
        this.origins = Set.copyOf(origins);
    }

    /** Tells the browser of a friendly page that it may have the answer; answers its question beforehand. */
    public void admit(Context ctx) {
        if (origins.isEmpty()) {
            return;
        }
        ctx.res().addHeader("Vary", "Origin");
        @Nullable String origin = ctx.header("Origin");
        if (origin == null || !(origins.contains(origin) || origins.contains(IngestSettings.ANY_ORIGIN))) {
            return;
        }
        ctx.header("Access-Control-Allow-Origin", origin);
        ctx.header("Access-Control-Expose-Headers", READABLE_HEADERS);
        boolean preflight =
                ctx.req().getMethod().equals("OPTIONS") && ctx.header("Access-Control-Request-Method") != null;
        if (preflight) {
            ctx.header("Access-Control-Allow-Methods", METHODS);
            @Nullable String wanted = ctx.header("Access-Control-Request-Headers");
            if (wanted != null) {
                ctx.header("Access-Control-Allow-Headers", wanted);
            }
            ctx.header("Access-Control-Max-Age", Long.toString(PREFLIGHT_AGE.toSeconds()));
            ctx.status(204);
            ctx.skipRemainingHandlers();
        }
    }
}
