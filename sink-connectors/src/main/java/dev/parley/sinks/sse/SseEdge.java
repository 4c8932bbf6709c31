package dev.parley.sinks.sse;

import dev.parley.schemas.ConversationKey;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
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

    /** How many times the bound of what is live the past may take that a reader asked for. */
    private static final int MAX_PAST = 16;

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
        ConversationFeed.Subscription to(Client client);
    }

    private End serve(StreamEncoding encoding, ClientTransport transport, Subscribing subscribing) {
        if (closing || clients.size() >= settings.maxClients()) {
            throw new TooManyStreamsException();
        }
        Client client = new Client(transport, settings.clientQueueBytes());
        clients.add(client);
        try (ConversationFeed.Subscription subscription = subscribing.to(client)) {
            client.write(encoding.opening());
            while (!encoding.isOver()) {
                List<Frame> frames = client.next(encoding.heartbeatAfter());
                if (frames == null) {
                    return client.wasCutOff() ? End.GONE : End.BROKEN_OFF;
                }
                client.write(frames.isEmpty() ? List.of(encoding.heartbeat()) : encoded(encoding, frames));
            }
            client.end("over");
            return End.OVER;
        } catch (IOException e) {
            client.end("gone");
            return End.GONE;
        } finally {
            clients.remove(client);
            meters.counter("parley.sse.ended", "reason", client.endReason()).increment();
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
    static final class Client implements ConversationFeed.FrameListener {
        private final ClientTransport transport;
        private final int maxBytes;
        private final Deque<Frame> queue = new ArrayDeque<>();
        private int queuedBytes;
        private int largestBytes;
        private @Nullable String ended;

        /** When the write that is under way began; 0 where none is. Read by the watchdog. */
        private volatile long writingSinceNanos;

        Client(ClientTransport transport, int maxBytes) {
            this.transport = transport;
            this.maxBytes = maxBytes;
        }

        @Override
        public synchronized boolean onFrame(Frame frame) {
            // One frame always passes, however large, wherever it stands among the others.
            largestBytes = Math.max(largestBytes, frame.sse().length);
            return take(frame, queuedBytes + frame.sse().length - largestBytes > maxBytes);
        }

        @Override
        public synchronized boolean onPast(Frame frame) {
            return take(frame, queuedBytes > (long) MAX_PAST * maxBytes);
        }

        private boolean take(Frame frame, boolean tooMuch) {
            if (ended != null) {
                return false;
            }
            if (tooMuch) {
                end("too_far_behind");
                transport.abort();
                return false;
            }
            queue.addLast(frame);
            queuedBytes += frame.sse().length;
            notifyAll();
            return true;
        }

        @Override
        public synchronized void awaitRoom() {
            try {
                while (ended == null && queuedBytes > maxBytes) {
                    wait();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
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

        synchronized boolean wasCutOff() {
            return "too_slow".equals(ended) || "too_far_behind".equals(ended);
        }

        /** What is to be told next, several frames at once where they wait; empty for a heartbeat; null at the end. */
        synchronized @Nullable List<Frame> next(Duration heartbeat) {
            long deadline = System.nanoTime() + heartbeat.toNanos();
            while (queue.isEmpty() && ended == null) {
                long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
                if (left <= 0) {
                    return List.of();
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
            List<Frame> frames = new ArrayList<>();
            int bytes = 0;
            do {
                Frame frame = queue.removeFirst();
                bytes += frame.sse().length;
                frames.add(frame);
            } while (!queue.isEmpty() && bytes + queue.getFirst().sse().length <= MAX_WRITE_BYTES);
            queuedBytes -= bytes;
            if (queue.isEmpty()) {
                largestBytes = 0;
            }
            notifyAll();
            return frames;
        }

        private void write(List<byte[]> pieces) throws IOException {
            if (pieces.isEmpty()) {
                return;
            }
            writingSinceNanos = System.nanoTime() | 1;
            try {
                transport.write(pieces);
            } finally {
                writingSinceNanos = 0;
            }
        }
    }
}
