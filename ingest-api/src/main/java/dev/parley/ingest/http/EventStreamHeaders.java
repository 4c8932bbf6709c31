package dev.parley.ingest.http;

import io.javalin.http.Context;

/** The headers of every event stream. */
public final class EventStreamHeaders {

    private EventStreamHeaders() {}

    public static void addTo(Context ctx) {
        ctx.contentType("text/event-stream; charset=utf-8");
        ctx.header("Cache-Control", "no-store");
        // Proxies that buffer would hold tokens back.
        ctx.header("X-Accel-Buffering", "no");
    }
}
