package dev.parley.sinks.edge;

import dev.parley.schemas.keys.ConversationKey;
import dev.parley.sinks.feed.ConversationFeed;
import dev.parley.sinks.feed.Frame;
import dev.parley.sinks.feed.InvalidCursorException;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes the feed to SSE clients: one thread a client, which is the caller's; a queue bounded by bytes between the feed and
 * that thread; a deadline on every write. A client that falls behind is cut off, and goes on from its last id when it
 * comes back: it never holds up the feed or a neighbour.
 */
public final class SseEdge implements AutoCloseable {

    private static final Logger logger = LoggerFactory.getLogger(SseEdge.class);

    /** Between two looks of the watchdog, so that no heartbeat is later than that. */
    private static final long MAX_PERIOD_MILLIS = 250;

    private final ConversationFeed feed;
    private final EdgeSettings settings;
    private final MeterRegistry meters;
    private final Set<ClientQueue> clients = ConcurrentHashMap.newKeySet();
    private final ScheduledExecutorService watchdog = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().name("sse-watchdog").daemon().factory());
    private volatile boolean closing;

    public SseEdge(ConversationFeed feed, EdgeSettings settings, MeterRegistry meters) {
        this.feed = feed;
        this.settings = settings;
        this.meters = meters;
        meters.gauge("parley.sse.connections", clients, Set::size);
        long shortest = Math.min(
                settings.writeTimeout().toMillis(), settings.heartbeat().toMillis());
        long period = Math.clamp(shortest / 4, 10, MAX_PERIOD_MILLIS);
        var _ = watchdog.scheduleWithFixedDelay(this::look, period, period, TimeUnit.MILLISECONDS);
    }

    /** There are as many event streams as this node takes. */
    public static final class TooManyStreamsException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        public TooManyStreamsException() {
            super("this node serves as many event streams as it can");
        }
    }

    /** Why a stream ended. */
    public enum End {
        /** The client was told everything that its protocol has to tell. */
        OVER,
        /** The client left, or was cut off for being too slow. */
        GONE,
        /** This node stops, or could not go on telling. */
        BROKEN_OFF
    }

    /**
     * Streams one conversation to a client; returns when the client is gone, was cut off, or the edge closes.
     *
     * @throws InvalidCursorException before anything is written
     * @throws TooManyStreamsException before anything is written
     */
    public void stream(ConversationKey conversation, Optional<String> cursor, ClientTransport transport) {
        End _ = stream(conversation, cursor, new NativeEncoding(settings.heartbeat()), transport);
    }

    /** Streams one conversation in a protocol of the caller's, up to where that ends; otherwise like the other. */
    public End stream(
            ConversationKey conversation, Optional<String> cursor, StreamEncoding encoding, ClientTransport transport) {
        return serve(encoding, transport, client -> feed.subscribe(conversation, cursor, client));
    }

    /** Streams all conversations of a tenant; otherwise like {@link #stream}. */
    public void streamTenant(String tenant, Optional<String> cursor, ClientTransport transport) {
        End _ = serve(
                new NativeEncoding(settings.heartbeat()),
                transport,
                client -> feed.subscribeTenant(tenant, cursor, client));
    }

    private interface Subscribing {
        ConversationFeed.Subscription to(ClientQueue client);
    }

    private End serve(StreamEncoding encoding, ClientTransport transport, Subscribing subscribing) {
        if (closing || clients.size() >= settings.maxClients()) {
            throw new TooManyStreamsException();
        }
        ClientQueue client = new ClientQueue(transport, settings.clientQueueBytes());
        clients.add(client);
        if (closing) {
            // It came while the others were told, and nothing would wake it.
            client.end(EndReason.CLOSING);
        }
        try (ConversationFeed.Subscription subscription = subscribing.to(client)) {
            client.write(encoding.opening());
            while (!encoding.isOver()) {
                List<Frame> frames = client.next(encoding.heartbeatAfter());
                if (frames == null) {
                    return client.endReason().end();
                }
                client.write(frames.isEmpty() ? List.of(encoding.heartbeat()) : encoded(encoding, frames));
            }
            client.end(EndReason.OVER);
            return End.OVER;
        } catch (IOException e) {
            client.end(EndReason.GONE);
            return End.GONE;
        } finally {
            clients.remove(client);
            meters.counter("parley.sse.ended", "reason", client.endReason().tag())
                    .increment();
        }
    }

    private static List<byte[]> encoded(StreamEncoding encoding, List<Frame> frames) {
        if (frames.size() == 1) {
            return encoding.encode(frames.getFirst());
        }
        List<byte[]> pieces = new ArrayList<>();
        for (Frame frame : frames) {
            if (!encoding.isOver()) {
                pieces.addAll(encoding.encode(frame));
            }
        }
        return pieces;
    }

    /** Cuts off whose write takes too long, and has those told something to whom nothing came. */
    private void look() {
        long now = System.nanoTime();
        for (ClientQueue client : clients) {
            try {
                client.beatIfDue(now);
                client.cutOffIfSlow(now, settings.writeTimeout());
            } catch (RuntimeException e) {
                // All others depend on the watchdog, too.
                logger.error("a client could not be looked after", e);
            }
        }
    }

    @Override
    public void close() {
        closing = true;
        clients.forEach(client -> client.end(EndReason.CLOSING));
        watchdog.shutdownNow();
    }
}
