package dev.parley.ingest.http;

import io.javalin.http.Context;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Web pages of other origins that may read answers (the Fetch standard's CORS protocol). Whoever is not named gets the same
 * answers as ever, and it is the browser that keeps them from the page.
 */
public final class Cors {

    /** Any web page at all, in place of its origin. */
    public static final String ANY_ORIGIN = "*";

    private static final List<String> READABLE_HEADERS =
            List.of(HttpServer.REQUEST_ID_HEADER, "Location", "Retry-After", "Preference-Applied", Unused.HEADER);

    private static final String METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE";
    private static final Duration PREFLIGHT_AGE = Duration.ofMinutes(10);

    private final Set<String> origins;
    private final String readableHeaders;

    /**
     * The rules of one server.
     *
     * @param origins of the pages, as {@code https://host:port}, or {@link #ANY_ORIGIN}
     * @param readableHeaders of protocols, which pages may read beside the server's own
     */
    public Cors(Collection<String> origins, Collection<String> readableHeaders) {
        this.origins = Set.copyOf(origins);
        List<String> all = new ArrayList<>(READABLE_HEADERS);
        all.addAll(readableHeaders);
        this.readableHeaders = String.join(", ", all);
    }

    /** Tells the browser of a friendly page that it may have the answer; answers its question beforehand. */
    public void admit(Context ctx) {
        if (origins.isEmpty()) {
            return;
        }
        ctx.res().addHeader("Vary", "Origin");
        @Nullable String origin = ctx.header("Origin");
        if (origin == null || !(origins.contains(origin) || origins.contains(ANY_ORIGIN))) {
            return;
        }
        ctx.header("Access-Control-Allow-Origin", origin);
        ctx.header("Access-Control-Expose-Headers", readableHeaders);
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
