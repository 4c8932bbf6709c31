package dev.parley.ingest.contract;

import dev.parley.sinks.edge.SseFrames;
import dev.parley.sinks.feed.FeedEvent;
import java.nio.charset.StandardCharsets;

/** What event streams really carry, for tests of what is published about them. */
final class WireEvents {

    private static final SseFrames FRAMES = new SseFrames();
    private static final String DATA = "data: ";

    private WireEvents() {}

    /** The {@code data} of an event's frame. */
    static String data(FeedEvent event) {
        return new String(FRAMES.encode(event, "1").encoded(), StandardCharsets.UTF_8)
                .lines()
                .filter(line -> line.startsWith(DATA))
                .map(line -> line.substring(DATA.length()))
                .findFirst()
                .orElseThrow();
    }
}
