package dev.parley.ingest.http;

import io.javalin.http.Context;

/** The headers of every event stream. */
public final class EventStreamHeaders {

    private EventStreamHeaders() {}

    public static void addTo(Context ctx) {
        ctx.contentType("text/event-stream; charset=utf-8");
        // Proxies that compress, or that buffer, would hold tokens back.
        ctx.header("Cache-Control", "no-cache, no-transform");
        ctx.header("X-Accel-Buffering", "no");
    }
}
