package dev.parley.sinks.edge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.MessageAccepted;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.sinks.feed.ConversationFeed;
import dev.parley.sinks.feed.FeedEvent;
import dev.parley.sinks.feed.Frame;
import dev.parley.sinks.feed.InvalidCursorException;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SseEdgeTest {

    private static final ConversationKey KEY = new ConversationKey("t", "c");
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int QUEUE_BYTES = 2000;

    private final FakeFeed feed = new FakeFeed();
    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final SseEdge edge =
            new SseEdge(feed, new EdgeSettings(2, QUEUE_BYTES, Duration.ofMillis(400), Duration.ofMillis(200)), meters);

    @AfterEach
    void stop() {
        edge.close();
    }

    /** Tells its listeners whatever a test wants. */
    private static final class FakeFeed implements ConversationFeed {
        private final List<FrameListener> listeners = new CopyOnWriteArrayList<>();

        void tell(int seq, String text) {
            Frame frame = new SseFrames()
                    .encode(
                            new FeedEvent.MessageDelta(
                                    KEY, "turn", "a", 1, seq, FeedEvent.MessageDelta.Kind.TEXT, text),
                            "1.1." + seq);
            listeners.removeIf(listener -> !listener.onFrame(frame));
        }

        @Override
        public Subscription subscribe(ConversationKey conversation, Optional<String> cursor, FrameListener listener) {
            if (cursor.isPresent()) {
                throw new InvalidCursorException("no");
            }
            listeners.add(listener);
            return () -> listeners.remove(listener);
        }

        @Override
        public Subscription subscribeTenant(String tenant, Optional<String> cursor, FrameListener listener) {
            return subscribe(KEY, cursor, listener);
        }

        @Override
        public long lastSequence(ConversationKey conversation) {
            return 0;
        }

        @Override
        public boolean isDeleted(ConversationKey conversation) {
            return false;
        }

        @Override
        public Optional<MessageAccepted> acceptance(ConversationKey conversation, String messageId) {
            return Optional.empty();
        }

        @Override
        public Optional<Running> running(ConversationKey conversation) {
            return Optional.empty();
        }

        @Override
        public Optional<String> latestTurn(ConversationKey conversation) {
            return Optional.empty();
        }

        @Override
        public List<ConversationEvent> turn(ConversationKey conversation, String turnId) {
            return List.of();
        }
    }

    /** A client that reads everything, or nothing until its connection is broken. */
    private static final class FakeClient implements ClientTransport {
        private final ByteArrayOutputStream got = new ByteArrayOutputStream();
        private final CountDownLatch aborted = new CountDownLatch(1);
        private final boolean stuck;

        FakeClient(boolean stuck) {
            this.stuck = stuck;
        }

        @Override
        public void write(List<byte[]> pieces) throws IOException {
            if (aborted.getCount() == 0) {
                throw new IOException("broken");
            }
            if (stuck) {
                try {
                    aborted.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
                throw new IOException("broken");
            }
            synchronized (got) {
                pieces.forEach(got::writeBytes);
            }
        }

        @Override
        public void abort() {
            aborted.countDown();
        }

        String text() {
            synchronized (got) {
                return got.toString(StandardCharsets.UTF_8);
            }
        }
    }

    private Thread serve(FakeClient client) {
        Thread thread = Thread.ofVirtual().start(() -> edge.stream(KEY, Optional.empty(), client));
        await().atMost(PATIENCE).until(() -> feed.listeners.size() > 0 || !thread.isAlive());
        return thread;
    }

    @Test
    void aStreamOpensWithRetryCarriesFramesAndBeats() {
        FakeClient client = new FakeClient(false);
        serve(client);
        feed.tell(0, "one");
        feed.tell(1, "two");

        await().atMost(PATIENCE)
                .until(() -> client.text().contains("\"two\"") && client.text().contains("\n: still here\n"));
        assertThat(client.text().replace(": still here\n\n", ""))
                .startsWith("retry: 1000\n\nid: 1.1.0\nevent: message.delta\n");
    }

    @Test
    void aClientThatFallsBehindIsCutOffAndItsNeighbourIsNot() throws InterruptedException {
        FakeClient slow = new FakeClient(true);
        Thread slowThread = serve(slow);
        FakeClient quick = new FakeClient(false);
        Thread.ofVirtual().start(() -> edge.stream(KEY, Optional.empty(), quick));
        await().atMost(PATIENCE).until(() -> feed.listeners.size() == 2);

        for (int seq = 0; seq < 50; seq++) {
            feed.tell(seq, "x".repeat(100));
            int told = seq;
            await().atMost(PATIENCE).until(() -> quick.text().contains("id: 1.1." + told + "\n"));
        }

        assertThat(slowThread.join(PATIENCE)).isTrue();
        assertThat(slow.aborted.getCount()).isZero();
        assertThat(meters.counter("parley.sse.ended", "reason", "too_far_behind")
                                .count()
                        + meters.counter("parley.sse.ended", "reason", "too_slow")
                                .count())
                .isEqualTo(1);
    }

    @Test
    void aWriteThatHangsIsBrokenAtItsDeadline() throws InterruptedException {
        FakeClient stuck = new FakeClient(true);

        assertThat(serve(stuck).join(PATIENCE)).isTrue();
        assertThat(meters.counter("parley.sse.ended", "reason", "too_slow").count())
                .isEqualTo(1);
    }

    @Test
    void oneFrameAlwaysPassesHoweverLarge() {
        FakeClient client = new FakeClient(false);
        serve(client);

        feed.tell(0, "y".repeat(QUEUE_BYTES * 10));

        await().atMost(PATIENCE).until(() -> client.text().contains("id: 1.1.0\n"));
    }

    @Test
    void moreClientsThanAllowedAreRefusedBeforeAnythingIsWritten() {
        serve(new FakeClient(false));
        serve(new FakeClient(false));
        await().atMost(PATIENCE).until(() -> feed.listeners.size() == 2);
        FakeClient third = new FakeClient(false);

        assertThatThrownBy(() -> edge.stream(KEY, Optional.empty(), third))
                .isInstanceOf(SseEdge.TooManyStreamsException.class);
        assertThat(third.text()).isEmpty();
    }

    @Test
    void aCursorThatIsNoneIsRefusedBeforeAnythingIsWritten() {
        FakeClient client = new FakeClient(false);

        assertThatThrownBy(() -> edge.stream(KEY, Optional.of("junk"), client))
                .isInstanceOf(InvalidCursorException.class);
        assertThat(client.text()).isEmpty();
    }

    // A protocol of the caller's

    /** Tells the text of every delta in one piece, up to a full stop. */
    private static final class TextEncoding implements StreamEncoding {
        private final Duration heartbeatAfter;
        private boolean over;
        private boolean failing;

        TextEncoding(Duration heartbeatAfter) {
            this.heartbeatAfter = heartbeatAfter;
        }

        private static byte[] bytes(String text) {
            return text.getBytes(StandardCharsets.UTF_8);
        }

        @Override
        public List<byte[]> opening() {
            return List.of(bytes("<"), bytes(":"));
        }

        @Override
        public List<byte[]> encode(Frame frame) {
            if (over) {
                throw new AssertionError("nothing is to be told once it is over");
            }
            String text = frame.event() instanceof FeedEvent.MessageDelta delta ? delta.text() : "";
            if (failing) {
                throw new IllegalStateException("cannot be told");
            }
            over = text.equals(".");
            return text.isEmpty() ? List.of() : List.of(bytes("["), bytes(text), bytes("]"));
        }

        @Override
        public boolean isOver() {
            return over;
        }

        @Override
        public byte[] heartbeat() {
            return bytes("~");
        }

        @Override
        public Duration heartbeatAfter() {
            return heartbeatAfter;
        }
    }

    private CompletableFuture<SseEdge.End> serve(FakeClient client, StreamEncoding encoding) {
        CompletableFuture<SseEdge.End> end = new CompletableFuture<>();
        Thread.ofVirtual().start(() -> {
            try {
                end.complete(edge.stream(KEY, Optional.empty(), encoding, client));
            } catch (RuntimeException e) {
                end.completeExceptionally(e);
            }
        });
        await().atMost(PATIENCE).until(() -> !feed.listeners.isEmpty() || end.isDone());
        return end;
    }

    private static SseEdge.End ending(CompletableFuture<SseEdge.End> end) throws Exception {
        return end.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }

    @Test
    void aProtocolIsToldUntilItIsOver() throws Exception {
        FakeClient client = new FakeClient(false);
        CompletableFuture<SseEdge.End> end = serve(client, new TextEncoding(PATIENCE));

        feed.tell(0, "a");
        feed.tell(1, "");
        feed.tell(2, "b");
        feed.tell(3, ".");
        feed.tell(4, "not told");

        assertThat(ending(end)).isEqualTo(SseEdge.End.OVER);
        assertThat(client.text()).isEqualTo("<:[a][b][.]");
        assertThat(feed.listeners).isEmpty();
        assertThat(meters.counter("parley.sse.ended", "reason", "over").count()).isEqualTo(1);
    }

    @Test
    void aProtocolHasItsOwnHeartbeats() throws Exception {
        FakeClient client = new FakeClient(false);
        CompletableFuture<SseEdge.End> end = serve(client, new TextEncoding(Duration.ofMillis(1)));

        await().atMost(PATIENCE).until(() -> client.text().contains("~~"));
        feed.tell(0, ".");

        assertThat(ending(end)).isEqualTo(SseEdge.End.OVER);
        assertThat(client.text()).startsWith("<:~").endsWith("~[.]");
    }

    @Test
    void aClientThatLeavesIsGone() throws Exception {
        FakeClient client = new FakeClient(false);
        CompletableFuture<SseEdge.End> end = serve(client, new TextEncoding(PATIENCE));
        await().atMost(PATIENCE).until(() -> client.text().equals("<:"));

        client.abort(); // From now on every write fails.
        feed.tell(0, "a");

        assertThat(ending(end)).isEqualTo(SseEdge.End.GONE);
        assertThat(feed.listeners).isEmpty();
    }

    @Test
    void aClientThatIsTooSlowIsGone() throws Exception {
        assertThat(ending(serve(new FakeClient(true), new TextEncoding(PATIENCE))))
                .isEqualTo(SseEdge.End.GONE);
    }

    @Test
    void aNodeThatStopsBreaksOff() throws Exception {
        FakeClient client = new FakeClient(false);
        CompletableFuture<SseEdge.End> end = serve(client, new TextEncoding(PATIENCE));

        edge.close();

        assertThat(ending(end)).isEqualTo(SseEdge.End.BROKEN_OFF);
    }

    @Test
    void aFeedThatEndsBreaksOffAfterWhatItHadToTell() throws Exception {
        FakeClient client = new FakeClient(false);
        CompletableFuture<SseEdge.End> end = serve(client, new TextEncoding(PATIENCE));

        feed.tell(0, "a");
        feed.listeners.forEach(ConversationFeed.FrameListener::onEnd);

        assertThat(ending(end)).isEqualTo(SseEdge.End.BROKEN_OFF);
        assertThat(client.text()).isEqualTo("<:[a]");
    }

    @Test
    void whatCannotBeToldIsItsCallersToAnswer() {
        TextEncoding encoding = new TextEncoding(PATIENCE);
        encoding.failing = true;
        CompletableFuture<SseEdge.End> end = serve(new FakeClient(false), encoding);

        feed.tell(0, "a");

        assertThatThrownBy(() -> ending(end)).hasCauseInstanceOf(IllegalStateException.class);
        assertThat(feed.listeners).isEmpty();
    }

    @Test
    void closingEndsEveryStream() throws InterruptedException {
        Thread thread = serve(new FakeClient(false));

        edge.close();

        assertThat(thread.join(PATIENCE)).isTrue();
    }
}
