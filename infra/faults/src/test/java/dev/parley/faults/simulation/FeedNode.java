package dev.parley.faults.simulation;

import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.GenerationChunk;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.sinks.edge.ClientQueue;
import dev.parley.sinks.edge.ClientTransport;
import dev.parley.sinks.edge.SseFrames;
import dev.parley.sinks.feed.ConversationFeed;
import dev.parley.sinks.feed.EventArchive;
import dev.parley.sinks.feed.Feed;
import dev.parley.sinks.feed.FeedSettings;
import dev.parley.sinks.feed.Frame;
import dev.parley.sinks.feed.InvalidCursorException;
import dev.parley.sinks.feed.Replays;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * One node's feed and edge in one thread: records come by the caller's hand instead of a consumer's, replays from the
 * archive run when the caller says so, and a client takes what waits for it when the caller lets it.
 */
final class FeedNode {

    private final Feed feed;
    private final Deque<Runnable> replays = new ArrayDeque<>();

    /**
     * A node that has read nothing yet.
     *
     * @param pause what happens while a replay waits
     */
    public FeedNode(
            FeedSettings settings,
            EventArchive archive,
            LongSupplier ticker,
            Consumer<Duration> pause,
            MeterRegistry meters) {
        this.feed =
                new Feed(settings, archive, new Replays(replays::add, ticker, pause::accept), new SseFrames(), meters);
        feed.begin("simulated", new long[] {0});
    }

    public void take(ConversationKey key, ConversationEvent event, long position) {
        feed.take(key, event, 0, position);
    }

    public void take(ConversationKey key, GenerationChunk chunk) {
        feed.take(key, chunk);
    }

    public long sequence(ConversationKey key) {
        return feed.lastSequence(key);
    }

    /** Runs a replay that waits to be run; false where none does. */
    public boolean replay() {
        Runnable replay = replays.poll();
        if (replay == null) {
            return false;
        }
        replay.run();
        return true;
    }

    /** A client of this node's edge: the queue is the edge's own. */
    public final class Client implements ConversationFeed.FrameListener {
        private final ClientQueue queue;
        private final Deque<Frame> taken = new ArrayDeque<>();
        private ConversationFeed.Subscription subscription = () -> {};
        private boolean aborted;

        /**
         * Subscribes.
         *
         * @throws InvalidCursorException for a cursor that no node gave
         */
        public Client(ConversationKey conversation, Optional<String> cursor, int queueBytes) {
            this.queue = new ClientQueue(
                    new ClientTransport() {
                        @Override
                        public void write(List<byte[]> pieces) throws IOException {
                            throw new IOException("nothing is written here");
                        }

                        @Override
                        public void abort() {
                            aborted = true;
                        }
                    },
                    queueBytes);
            this.subscription = feed.subscribe(conversation, cursor, this);
        }

        @Override
        public boolean onFrame(Frame frame) {
            return queue.onFrame(frame);
        }

        @Override
        public boolean onPast(Frame frame) {
            return queue.onPast(frame);
        }

        /** Nobody else would make room in this one thread, so the writer takes what there is. */
        @Override
        public void awaitRoom() {
            takeAll();
        }

        @Override
        public void onEnd() {
            queue.onEnd();
        }

        private void takeAll() {
            List<Frame> frames = queue.next(Duration.ZERO);
            while (frames != null && !frames.isEmpty()) {
                taken.addAll(frames);
                frames = queue.next(Duration.ZERO);
            }
        }

        /** One write of the edge to a client that reads. */
        private void takeSome() {
            List<Frame> next = taken.isEmpty() ? queue.next(Duration.ZERO) : null;
            if (next != null) {
                taken.addAll(next);
            }
        }

        /** Whether nothing is on its way to this client. */
        public boolean isEmpty() {
            takeSome();
            return taken.isEmpty();
        }

        /** The next bytes on the wire, at most this many frames. */
        public List<byte[]> read(int frames) {
            takeSome();
            List<byte[]> read = new ArrayList<>();
            while (read.size() < frames && !taken.isEmpty()) {
                read.add(taken.removeFirst().encoded());
            }
            return read;
        }

        /** Whether the edge has cut it off; what it had taken until then still arrives. */
        public boolean isCutOff() {
            return aborted && taken.isEmpty();
        }

        /** The connection breaks: what was not read is lost. */
        public void cut() {
            subscription.close();
            taken.clear();
        }
    }
}
