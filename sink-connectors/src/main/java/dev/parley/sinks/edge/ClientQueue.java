package dev.parley.sinks.edge;

import dev.parley.sinks.feed.ConversationFeed;
import dev.parley.sinks.feed.Frame;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What waits for one client. The feed's thread offers, the client's own thread takes.
 *
 * <p>The client's thread waits without a timer, which would have to be set and cancelled with each frame: the watchdog
 * wakes it when a heartbeat is due.
 */
public final class ClientQueue implements ConversationFeed.FrameListener {

    /** How many times the bound of what is live the past may take that a reader asked for. */
    private static final int MAX_PAST = 16;

    private static final int MAX_WRITE_BYTES = 256 * 1024;

    private final ClientTransport transport;
    private final int maxBytes;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition news = lock.newCondition();
    private final Condition room = lock.newCondition();
    private final Deque<Frame> queue = new ArrayDeque<>();
    private int queuedBytes;
    private int largestBytes;
    private boolean heartbeatDue;
    private @Nullable EndReason ended;

    /** When the write that is under way began; 0 where none is. Read by the watchdog. */
    private volatile long writingSinceNanos;

    /** When the client is to hear something, where nothing comes; 0 while it does not wait. Read by the watchdog. */
    private volatile long heartbeatNanos;

    /** An empty queue, in which {@code maxBytes} of what is live may wait. */
    public ClientQueue(ClientTransport transport, int maxBytes) {
        this.transport = transport;
        this.maxBytes = maxBytes;
    }

    @Override
    public boolean onFrame(Frame frame) {
        lock.lock();
        try {
            // One frame always passes, however large, wherever it stands among the others.
            largestBytes = Math.max(largestBytes, frame.encoded().length);
            return take(frame, queuedBytes + frame.encoded().length - largestBytes > maxBytes);
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
            end(EndReason.TOO_FAR_BEHIND);
            transport.abort();
            return false;
        }
        queue.addLast(frame);
        queuedBytes += frame.encoded().length;
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
        end(EndReason.FEED_ENDED);
    }

    void end(EndReason reason) {
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

    /** Why it ended; {@link EndReason#GONE} where nobody said. */
    EndReason endReason() {
        lock.lock();
        try {
            return ended == null ? EndReason.GONE : ended;
        } finally {
            lock.unlock();
        }
    }

    /** Cuts the client off where a write takes too long; called by the watchdog. */
    void cutOffIfSlow(long now, Duration writeTimeout) {
        long since = writingSinceNanos;
        if (since != 0 && now - since > writeTimeout.toNanos()) {
            end(EndReason.TOO_SLOW);
            transport.abort();
        }
    }

    /** Wakes the client's thread where a heartbeat is due; called by the watchdog. */
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
    public @Nullable List<Frame> next(Duration heartbeat) {
        lock.lock();
        try {
            awaitNews(heartbeat);
            if (ended != null && (queue.isEmpty() || ended != EndReason.FEED_ENDED)) {
                return null;
            }
            return dequeue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            end(EndReason.CLOSING);
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
            bytes += frame.encoded().length;
            frames.add(frame);
        } while (!queue.isEmpty() && bytes + queue.getFirst().encoded().length <= MAX_WRITE_BYTES);
        queuedBytes -= bytes;
        if (queue.isEmpty()) {
            largestBytes = 0;
        }
        room.signalAll();
        return frames;
    }

    void write(List<byte[]> pieces) throws IOException {
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
