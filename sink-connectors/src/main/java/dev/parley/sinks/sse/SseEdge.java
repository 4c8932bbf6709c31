package dev.parley.sinks.sse;

import dev.parley.schemas.ConversationKey;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Writes the feed to SSE clients: one thread a client, which is the caller's; a queue bounded by bytes between the feed and
 * that thread; a deadline on every write. A client that falls behind is cut off, and goes on from its last id when it
 * comes back: it never holds up the feed or a neighbour.
 */
public final class SseEdge implements AutoCloseable {

    private static final byte[] OPENING = "retry: 1000\n\n".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] HEARTBEAT = ": still here\n\n".getBytes(StandardCharsets.US_ASCII);
    private static final int MAX_WRITE_BYTES = 256 * 1024;

    private final ConversationFeed feed;
    private final FeedSettings settings;
    private final MeterRegistry meters;
    private final Set<Client> clients = ConcurrentHashMap.newKeySet();
    private final ScheduledExecutorService watchdog = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().name("sse-watchdog").daemon().factory());
    private volatile boolean closing;

    public SseEdge(ConversationFeed feed, FeedSettings settings, MeterRegistry meters) {
        this.feed = feed;
        this.settings = settings;
        this.meters = meters;
        meters.gauge("parley.sse.connections", clients, Set::size);
        long period = Math.max(10, settings.writeTimeout().toMillis() / 4);
        var _ = watchdog.scheduleWithFixedDelay(this::cutOffStalled, period, period, TimeUnit.MILLISECONDS);
    }

    /** There are as many event streams as this node takes. */
    public static final class TooManyStreamsException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        TooManyStreamsException() {
            super("this node serves as many event streams as it can");
        }
    }

    /**
     * Streams one conversation to a client; returns when the client is gone, was cut off, or the edge closes.
     *
     * @throws InvalidCursorException before anything is written
     * @throws TooManyStreamsException before anything is written
     */
    public void stream(ConversationKey conversation, Optional<String> cursor, ClientTransport transport) {
        serve(transport, client -> feed.subscribe(conversation, cursor, client));
    }

    /** Streams all conversations of a tenant; otherwise like {@link #stream}. */
    public void streamTenant(String tenant, Optional<String> cursor, ClientTransport transport) {
        serve(transport, client -> feed.subscribeTenant(tenant, cursor, client));
    }

    private interface Subscribing {
        ConversationFeed.Subscription to(Client client);
    }

    private void serve(ClientTransport transport, Subscribing subscribing) {
        if (closing || clients.size() >= settings.maxClients()) {
            throw new TooManyStreamsException();
        }
        Client client = new Client(transport, settings.clientQueueBytes());
        clients.add(client);
        try (ConversationFeed.Subscription subscription = subscribing.to(client)) {
            client.write(OPENING);
            while (true) {
                byte[] next = client.next(settings.heartbeat());
                if (next == null) {
                    break;
                }
                client.write(next.length == 0 ? HEARTBEAT : next);
            }
        } catch (IOException e) {
            client.end("gone");
        } finally {
            clients.remove(client);
            meters.counter("parley.sse.ended", "reason", client.endReason()).increment();
        }
    }

    private void cutOffStalled() {
        long now = System.nanoTime();
        for (Client client : clients) {
            long since = client.writingSinceNanos;
            if (since != 0 && now - since > settings.writeTimeout().toNanos()) {
                client.end("too_slow");
                client.transport.abort();
            }
        }
    }

    @Override
    public void close() {
        closing = true;
        clients.forEach(client -> client.end("closing"));
        watchdog.shutdownNow();
    }

    /** What waits for one client. The feed's thread offers, the client's own thread takes. */
    private static final class Client implements ConversationFeed.FrameListener {
        private final ClientTransport transport;
        private final int maxBytes;
        private final Deque<byte[]> queue = new ArrayDeque<>();
        private int queuedBytes;
        private @Nullable String ended;

        /** When the write that is under way began; 0 where none is. Read by the watchdog. */
        private volatile long writingSinceNanos;

        Client(ClientTransport transport, int maxBytes) {
            this.transport = transport;
            this.maxBytes = maxBytes;
        }

        @Override
        public synchronized boolean onFrame(Frame frame) {
            if (ended != null) {
                return false;
            }
            // One frame always passes, however large.
            if (!queue.isEmpty() && queuedBytes + frame.sse().length > maxBytes) {
                end("too_far_behind");
                transport.abort();
                return false;
            }
            queue.addLast(frame.sse());
            queuedBytes += frame.sse().length;
            notifyAll();
            return true;
        }

        @Override
        public void onEnd() {
            end("feed_ended");
        }

        synchronized void end(String reason) {
            if (ended == null) {
                ended = reason;
            }
            notifyAll();
        }

        synchronized String endReason() {
            return ended == null ? "gone" : ended;
        }

        /** What is to be written next, several frames in one; empty for a heartbeat; null at the end. */
        private synchronized byte @Nullable [] next(Duration heartbeat) {
            long deadline = System.nanoTime() + heartbeat.toNanos();
            while (queue.isEmpty() && ended == null) {
                long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
                if (left <= 0) {
                    return new byte[0];
                }
                try {
                    wait(left);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    return null;
                }
            }
            if (queue.isEmpty() || (ended != null && !ended.equals("feed_ended"))) {
                return null;
            }
            byte[] first = queue.removeFirst();
            queuedBytes -= first.length;
            if (queue.isEmpty()) {
                return first;
            }
            java.io.ByteArrayOutputStream batch = new java.io.ByteArrayOutputStream();
            batch.writeBytes(first);
            while (!queue.isEmpty() && batch.size() + queue.getFirst().length <= MAX_WRITE_BYTES) {
                byte[] more = queue.removeFirst();
                queuedBytes -= more.length;
                batch.writeBytes(more);
            }
            return batch.toByteArray();
        }

        private void write(byte[] bytes) throws IOException {
            writingSinceNanos = System.nanoTime() | 1;
            try {
                transport.write(bytes);
            } finally {
                writingSinceNanos = 0;
            }
        }
    }
}
