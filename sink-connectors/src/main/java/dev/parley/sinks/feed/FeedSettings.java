package dev.parley.sinks.feed;

import dev.parley.schemas.settings.Settings;
import java.time.Duration;

/**
 * What a node's feed remembers.
 *
 * @param memoryBytes for events of all conversations ({@code PARLEY_FEED_MEMORY_BYTES}, 256 MiB)
 * @param lookback how far back it reads when it starts; longer than any turn may run ({@code PARLEY_FEED_LOOKBACK}, 15 min)
 */
public record FeedSettings(long memoryBytes, Duration lookback) {

    private static final int MEBIBYTE = 1024 * 1024;

    public static FeedSettings from(Settings settings) {
        return new FeedSettings(
                settings.integer("PARLEY_FEED_MEMORY_BYTES", 256 * MEBIBYTE, MEBIBYTE, Integer.MAX_VALUE),
                settings.duration("PARLEY_FEED_LOOKBACK", Duration.ofMinutes(15)));
    }
}
