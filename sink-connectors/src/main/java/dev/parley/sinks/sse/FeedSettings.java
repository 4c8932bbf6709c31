package dev.parley.sinks.sse;

import dev.parley.schemas.config.Settings;
import java.time.Duration;

/**
 * What a node's feed remembers, and how it treats its clients.
 *
 * @param memoryBytes for events of all conversations ({@code PARLEY_FEED_MEMORY_BYTES}, 256 MiB)
 * @param lookback how far back it reads when it starts; longer than any turn may run ({@code PARLEY_FEED_LOOKBACK}, 15 min)
 * @param maxClients event streams at the same time ({@code PARLEY_MAX_STREAMS}, 20,000)
 * @param clientQueueBytes that may wait for one client ({@code PARLEY_STREAM_QUEUE_BYTES}, 1 MiB)
 * @param writeTimeout how long one write to a client may take ({@code PARLEY_STREAM_WRITE_TIMEOUT}, 10 s)
 * @param heartbeat between comments on a quiet stream ({@code PARLEY_STREAM_HEARTBEAT}, 15 s)
 */
public record FeedSettings(
        long memoryBytes,
        Duration lookback,
        int maxClients,
        int clientQueueBytes,
        Duration writeTimeout,
        Duration heartbeat) {

    private static final int MEBIBYTE = 1024 * 1024;

    public static FeedSettings from(Settings settings) {
        return new FeedSettings(
                settings.integer("PARLEY_FEED_MEMORY_BYTES", 256 * MEBIBYTE, MEBIBYTE, Integer.MAX_VALUE),
                settings.duration("PARLEY_FEED_LOOKBACK", Duration.ofMinutes(15)),
                settings.integer("PARLEY_MAX_STREAMS", 20_000, 1, 1_000_000),
                settings.integer("PARLEY_STREAM_QUEUE_BYTES", MEBIBYTE, 1024, 64 * MEBIBYTE),
                settings.duration("PARLEY_STREAM_WRITE_TIMEOUT", Duration.ofSeconds(10)),
                settings.duration("PARLEY_STREAM_HEARTBEAT", Duration.ofSeconds(15)));
    }
}
