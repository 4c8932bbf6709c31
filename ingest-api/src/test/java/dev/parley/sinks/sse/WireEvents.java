package dev.parley.sinks.sse;

import java.nio.charset.StandardCharsets;

/** What event streams really carry, for tests of what is published about them. In this package to reach the encoder. */
public final class WireEvents {

    private static final String DATA = "data: ";

    private WireEvents() {}

    /** The {@code data} of an event's frame. */
    public static String data(FeedEvent event) {
        return new String(SseFrames.frame(event, "1").sse(), StandardCharsets.UTF_8)
                .lines()
                .filter(line -> line.startsWith(DATA))
                .map(line -> line.substring(DATA.length()))
                .findFirst()
                .orElseThrow();
    }
}
