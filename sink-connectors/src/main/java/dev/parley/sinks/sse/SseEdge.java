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
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes the feed to SSE clients: one thread a client, which is the caller's; a queue bounded by bytes between the feed and
 * that thread; a deadline on every write. A client that falls behind is cut off, and goes on from its last id when it
 * comes back: it never holds up the feed or a neighbour.
 */
public final class SseEdge implements AutoCloseable {

    private static final Logger logger = LoggerFactory.getLogger(SseEdge.class);

    /** How many times the bound of what is live the past may take that a reader asked for. */
    private static final int MAX_PAST = 16;

    private static final int MAX_WRITE_BYTES = 256 * 1024;

    /** Between two looks of the watchdog, so that no heartbeat is later than that. */
    private static final long MAX_PERIOD_MILLIS = 250;

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
        ConversationFeed.Subscription to(Client client);
    }

    private End serve(StreamEncoding encoding, ClientTransport transport, Subscribing subscribing) {
        if (closing || clients.size() >= settings.maxClients()) {
            throw new TooManyStreamsException();
        }
        Client client = new Client(transport, settings.clientQueueBytes());
        clients.add(client);
        if (closing) {
            // It came while the others were told, and nothing would wake it.
            client.end("closing");
        }
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

    /** Cuts off whose write takes too long, and has those told something to whom nothing came. */
    private void look() {
        long now = System.nanoTime();
        for (Client client : clients) {
            try {
                client.beatIfDue(now);
                long since = client.writingSinceNanos;
                if (since != 0 && now - since > settings.writeTimeout().toNanos()) {
                    client.end("too_slow");
                    client.transport.abort();
                }
            } catch (RuntimeException e) {
                // All others depend on the watchdog, too.
                logger.error("a client could not be looked after", e);
            }
        }
    }

    @Override
    public void close() {
        closing = true;
        clients.forEach(client -> client.end("closing"));
        watchdog.shutdownNow();
    }

    /**
     * What waits for one client. The feed's thread offers, the client's own thread takes.
     *
     * <p>The client's thread waits without a timer, which would have to be set and cancelled with each frame: the watchdog
     * wakes it when a heartbeat is due.
     */
    static final class Client implements ConversationFeed.FrameListener {
        private final ClientTransport transport;
        private final int maxBytes;
        private final ReentrantLock lock = new ReentrantLock();
        private final Condition news = lock.newCondition();
        private final Condition room = lock.newCondition();
        private final Deque<Frame> queue = new ArrayDeque<>();
        private int queuedBytes;
        private int largestBytes;
        private boolean heartbeatDue;
        private @Nullable String ended;

        /** When the write that is under way began; 0 where none is. Read by the watchdog. */
        private volatile long writingSinceNanos;

        /** When the client is to hear something, where nothing comes; 0 while it does not wait. Read by the watchdog. */
        private volatile long heartbeatNanos;

        Client(ClientTransport transport, int maxBytes) {
            this.transport = transport;
            this.maxBytes = maxBytes;
        }

        @Override
        public boolean onFrame(Frame frame) {
            lock.lock();
            try {
                // One frame always passes, however large, wherever it stands among the others.
                largestBytes = Math.max(largestBytes, frame.sse().length);
                return take(frame, queuedBytes + frame.sse().length - largestBytes > maxBytes);
            } finally {
                lock.unlock();
            }
        }

        @Override
        public boolean onPast(Frame frame) {
            lock.lock();
            try {
                return take(frame, queuedBytes > (long) MAX_PAST * maxBytes);
            } finally {
                lock.unlock();
            }
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
            news.signal();
            return true;
        }

        @Override
        public void awaitRoom() {
            lock.lock();
            try {
                while (ended == null && queuedBytes > maxBytes) {
                    room.await();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } finally {
                lock.unlock();
            }
        }

        @Override
        public void onEnd() {
            end("feed_ended");
        }

        void end(String reason) {
            lock.lock();
            try {
                if (ended == null) {
                    ended = reason;
                }
                news.signal();
                room.signalAll();
            } finally {
                lock.unlock();
            }
        }

        String endReason() {
            lock.lock();
            try {
                return ended == null ? "gone" : ended;
            } finally {
                lock.unlock();
            }
        }

        boolean wasCutOff() {
            String reason = endReason();
            return reason.equals("too_slow") || reason.equals("too_far_behind");
        }

        /** Called by the watchdog, every now and then. */
        void beatIfDue(long now) {
            long due = heartbeatNanos;
            if (due != 0 && now - due >= 0) {
                lock.lock();
                try {
                    heartbeatDue = true;
                    news.signal();
                } finally {
                    lock.unlock();
                }
            }
        }

        /**
         * What is to be told next, several frames at once where they wait; empty for a heartbeat, which is due at once where
         * {@code heartbeat} is zero; null at the end.
         */
        @Nullable
        List<Frame> next(Duration heartbeat) {
            lock.lock();
            try {
                awaitNews(heartbeat);
                if (ended != null && (queue.isEmpty() || !ended.equals("feed_ended"))) {
                    return null;
                }
                return dequeue();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return null;
            } finally {
                lock.unlock();
            }
        }

        private void awaitNews(Duration heartbeat) throws InterruptedException {
            heartbeatDue = !heartbeat.isPositive();
            if (!queue.isEmpty() || ended != null || heartbeatDue) {
                return;
            }
            heartbeatNanos = (System.nanoTime() + heartbeat.toNanos()) | 1;
            try {
                while (queue.isEmpty() && ended == null && !heartbeatDue) {
                    news.await();
                }
            } finally {
                heartbeatNanos = 0;
            }
        }

        private List<Frame> dequeue() {
            if (queue.isEmpty()) {
                return List.of();
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
            room.signalAll();
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
