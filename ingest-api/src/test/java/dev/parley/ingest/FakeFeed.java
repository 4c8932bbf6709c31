package dev.parley.ingest;

import dev.parley.chat.v1.ConversationDeleted;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.MessageAccepted;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.TurnCancelled;
import dev.parley.chat.v1.TurnFailed;
import dev.parley.chat.v1.TurnStarted;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.sinks.feed.ConversationFeed;
import dev.parley.sinks.feed.FeedEvent;
import dev.parley.sinks.feed.Frame;
import dev.parley.sinks.feed.InvalidCursorException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;

/** One node's feed over a {@link FakeWorld}. */
public final class FakeFeed implements ConversationFeed {

    private final FakeWorld world;
    private final List<Reader> readers = new CopyOnWriteArrayList<>();
    private final AtomicReference<Optional<Runnable>> meanwhile = new AtomicReference<>(Optional.empty());
    private volatile boolean forgetful;
    private volatile boolean archiveAway;

    private record Reader(Optional<ConversationKey> conversation, String tenant, FrameListener listener) {}

    public FakeFeed(FakeWorld world) {
        this.world = world;
    }

    /** From now on it remembers nothing by itself, like a node that has just been started. */
    public void forgetful() {
        forgetful = true;
    }

    /** What is not in memory cannot be replayed. */
    public void archiveAway() {
        archiveAway = true;
    }

    /** What another caller does right after a conversation was looked up the next time. */
    public void meanwhile(Runnable next) {
        meanwhile.set(Optional.of(next));
    }

    /** How many streams and waiting requests there are. */
    public int readers() {
        return readers.size();
    }

    public void take(ConversationKey key, ConversationEvent event) {
        for (Reader reader : readers) {
            if (reader.tenant().equals(key.tenant())
                    && reader.conversation().orElse(key).equals(key)) {
                tell(reader, key, event);
            }
        }
    }

    public void chatter(ConversationKey key, int bytes) {
        Frame frame = new Frame(
                new FeedEvent.MessageDelta(key, "turn", "message", 1, 0, FeedEvent.MessageDelta.Kind.TEXT, ""),
                "1.1.0",
                ("data: " + "x".repeat(bytes) + "\n\n").getBytes(StandardCharsets.UTF_8));
        readers.removeIf(reader -> reader.conversation().orElse(key).equals(key)
                && !reader.listener().onFrame(frame));
    }

    private void tell(Reader reader, ConversationKey key, ConversationEvent event) {
        if (!reader.listener().onFrame(frame(key, event))) {
            readers.remove(reader);
        }
    }

    private static Frame frame(ConversationKey key, ConversationEvent event) {
        String id = Long.toString(event.getSequence());
        String sse = "id: " + id + "\nevent: " + event.getBody().getClass().getSimpleName() + "\ndata: {}\n\n";
        return new Frame(new FeedEvent.Logged(key, event), id, sse.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public Subscription subscribe(ConversationKey conversation, Optional<String> cursor, FrameListener listener) {
        long after = cursor.map(FakeFeed::sequence).orElse(Long.MAX_VALUE);
        Reader reader = new Reader(Optional.of(conversation), conversation.tenant(), listener);
        synchronized (world) {
            readers.add(reader);
            if (after != Long.MAX_VALUE && forgetful && archiveAway) {
                listener.onFrame(new Frame(
                        new FeedEvent.FeedGap(
                                conversation.tenant(),
                                Optional.of(conversation),
                                FeedEvent.FeedGap.Reason.ARCHIVE_UNAVAILABLE),
                        "0",
                        new byte[0]));
            } else {
                world.events(conversation).stream()
                        .filter(event -> event.getSequence() > after)
                        .forEach(event -> tell(reader, conversation, event));
            }
        }
        return () -> readers.remove(reader);
    }

    private static long sequence(String cursor) {
        try {
            return Long.parseLong(cursor);
        } catch (NumberFormatException e) {
            throw new InvalidCursorException("not a cursor");
        }
    }

    @Override
    public Subscription subscribeTenant(String tenant, Optional<String> cursor, FrameListener listener) {
        if (cursor.isPresent()) {
            throw new InvalidCursorException("not a cursor");
        }
        Reader reader = new Reader(Optional.empty(), tenant, listener);
        readers.add(reader);
        return () -> readers.remove(reader);
    }

    private List<ConversationEvent> remembered(ConversationKey conversation) {
        return forgetful ? List.of() : world.events(conversation);
    }

    @Override
    public long lastSequence(ConversationKey conversation) {
        long last = remembered(conversation).size();
        meanwhile.getAndSet(Optional.empty()).ifPresent(Runnable::run);
        return last;
    }

    @Override
    public boolean isDeleted(ConversationKey conversation) {
        return remembered(conversation).stream().anyMatch(event -> event.getBody() instanceof ConversationDeleted);
    }

    @Override
    public Optional<Running> running(ConversationKey conversation) {
        Optional<Running> running = Optional.empty();
        for (ConversationEvent event : remembered(conversation)) {
            switch (event.getBody()) {
                case TurnStarted started ->
                    running = Optional.of(new Running(
                            String.valueOf(event.getTurnId()),
                            started.getAssistantMessageId(),
                            Long.toString(event.getSequence() - 1)));
                case MessageCompleted completed -> running = Optional.empty();
                case TurnFailed failed -> running = Optional.empty();
                case TurnCancelled cancelled -> running = Optional.empty();
                default -> {} // About no turn's beginning or end.
            }
        }
        return running;
    }

    @Override
    public Optional<String> latestTurn(ConversationKey conversation) {
        return remembered(conversation).stream()
                .filter(event -> event.getBody() instanceof MessageAccepted)
                .map(ConversationEvent::getTurnId)
                .reduce((first, second) -> second);
    }

    @Override
    public List<ConversationEvent> turn(ConversationKey conversation, String turnId) {
        return world.events(conversation).stream()
                .filter(event -> turnId.equals(event.getTurnId()))
                .toList();
    }

    @Override
    public Optional<MessageAccepted> acceptance(ConversationKey conversation, String messageId) {
        return remembered(conversation).stream()
                .map(ConversationEvent::getBody)
                .filter(MessageAccepted.class::isInstance)
                .map(MessageAccepted.class::cast)
                .filter(accepted -> accepted.getMessageId().equals(messageId))
                .findFirst();
    }
}
