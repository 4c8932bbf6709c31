package dev.parley.sinks.edge;

import java.util.Locale;

/** Why a stream ended, as the counter {@code parley.sse.ended} has it. */
enum EndReason {
    /** The client was told everything that its protocol has to tell. */
    OVER(SseEdge.End.OVER),
    /** The client left. */
    GONE(SseEdge.End.GONE),
    /** A write to the client took longer than it may. */
    TOO_SLOW(SseEdge.End.GONE),
    /** More waited for the client than may. */
    TOO_FAR_BEHIND(SseEdge.End.GONE),
    /** The feed closes, or could not serve the client's replay. */
    FEED_ENDED(SseEdge.End.BROKEN_OFF),
    /** The edge closes. */
    CLOSING(SseEdge.End.BROKEN_OFF);

    private final SseEdge.End end;

    EndReason(SseEdge.End end) {
        this.end = end;
    }

    /** What it is to the caller whose stream it was. */
    SseEdge.End end() {
        return end;
    }

    /** The counter's tag. */
    String tag() {
        return name().toLowerCase(Locale.ROOT);
    }
}
