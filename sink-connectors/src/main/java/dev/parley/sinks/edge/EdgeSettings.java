package dev.parley.sinks.edge;

import dev.parley.schemas.settings.Settings;
import java.time.Duration;

/**
 * How a node treats the clients of its event streams.
 *
 * @param maxClients event streams at the same time ({@code PARLEY_MAX_STREAMS}, 20,000)
 * @param clientQueueBytes that may wait for one client ({@code PARLEY_STREAM_QUEUE_BYTES}, 1 MiB)
 * @param writeTimeout how long one write to a client may take ({@code PARLEY_STREAM_WRITE_TIMEOUT}, 10 s)
 * @param heartbeat between comments on a quiet stream ({@code PARLEY_STREAM_HEARTBEAT}, 15 s)
 */
public record EdgeSettings(int maxClients, int clientQueueBytes, Duration writeTimeout, Duration heartbeat) {

    private static final int MEBIBYTE = 1024 * 1024;

    public static EdgeSettings from(Settings settings) {
        return new EdgeSettings(
                settings.integer("PARLEY_MAX_STREAMS", 20_000, 1, 1_000_000),
                settings.integer("PARLEY_STREAM_QUEUE_BYTES", MEBIBYTE, 1024, 64 * MEBIBYTE),
                settings.duration("PARLEY_STREAM_WRITE_TIMEOUT", Duration.ofSeconds(10)),
                settings.duration("PARLEY_STREAM_HEARTBEAT", Duration.ofSeconds(15)));
    }
}
