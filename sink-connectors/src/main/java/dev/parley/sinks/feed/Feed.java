package dev.parley.sinks.feed;

import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.GenerationChunk;
import dev.parley.chat.v1.MessageAccepted;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.sinks.feed.FeedEvent.FeedGap;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * Takes the records of the log and the chunks in one order, and tells whoever subscribed.
 *
 * <p>{@link FeedMemory} is guarded by this object's monitor: whoever brings records (the {@link FeedReader}'s thread) takes it
 * for one record at a time, subscribers take it to register and to read from memory in one step, so that nothing can come
 * between what they are replayed and what they are told live. What is older than memory is fetched from the archive
 * on a virtual thread, without the lock, before that step.
 */
public final class Feed implements ConversationFeed {

    private final long memoryBytes;
    private final EventArchive archive;
    private final Replays replays;
    private final FrameEncoder encoder;
    private final MeterRegistry meters;
    private @Nullable FeedMemory memory;

    /**
     * A feed that nobody can subscribe to before it is told where the log {@link #begin begins}.
     *
     * @param encoder gives its frames their form
     */
    public Feed(
            FeedSettings settings, EventArchive archive, Replays replays, FrameEncoder encoder, MeterRegistry meters) {
        this.memoryBytes = settings.memoryBytes();
        this.archive = archive;
        this.replays = replays;
        this.encoder = encoder;
        this.meters = meters;
        meters.gauge("parley.feed.memory.bytes", this, feed -> feed.measure(FeedMemory::bytes));
        meters.gauge("parley.feed.conversations", this, feed -> feed.measure(FeedMemory::conversations));
    }

    private synchronized double measure(ToDoubleFunction<FeedMemory> figure) {
        return memory == null ? 0 : figure.applyAsDouble(memory);
    }

    /**
     * From here on subscribers are served. Called once, before the first record.
     *
     * @param topicId of the log of record; cursors of one log are not taken for another's
     * @param from for each partition of the log, the position from which it will be read without a hole
     */
    public void begin(String topicId, long[] from) {
        remember(new FeedMemory(memoryBytes, topicId, from, encoder));
    }

    synchronized void remember(FeedMemory begun) {
        memory = begun;
    }

    /** Takes the next record of a partition of the log, and tells what follows from it. One thread at a time. */
    public synchronized void take(ConversationKey conversation, ConversationEvent event, int partition, long position) {
        memory().accept(conversation, event, partition, position);
    }

    /** Takes the next chunk, and tells what follows from it. One thread at a time. */
    public synchronized void take(ConversationKey conversation, GenerationChunk chunk) {
        memory().accept(conversation, chunk);
    }

    /** Passes over a record of the log that cannot be read. */
    public synchronized void skip(int partition, long position) {
        memory().skip(partition, position);
    }

    /** The memory; there is one before the first record and the first subscriber that has to wait for it. */
    private FeedMemory memory() {
        if (memory == null) {
            throw new FeedNotReadyException();
        }
        return memory;
    }

    /** The feed has just been started and cannot serve anyone yet. */
    public static final class FeedNotReadyException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        FeedNotReadyException() {
            super("the feed is starting");
        }
    }

    @Override
    public Subscription subscribe(ConversationKey conversation, Optional<String> cursor, FrameListener listener) {
        Optional<FeedCursor> place = cursor.map(FeedCursor::parse);
        Subscriber subscriber = new Subscriber(listener);
        if (place.isEmpty()) {
            synchronized (this) {
                subscriber.tellAll(
                        memory().known(conversation).map(Timeline::joining).orElse(List.of()));
                goLive(conversation, subscriber);
            }
        } else {
            resume(conversation, place.get(), subscriber);
        }
        return () -> {
            subscriber.end();
            synchronized (this) {
                memory().readers().remove(conversation, subscriber);
            }
        };
    }

    private void goLive(ConversationKey conversation, Subscriber subscriber) {
        if (subscriber.isOpen()) {
            memory().readers().add(conversation, subscriber);
        }
    }

    private void resume(ConversationKey conversation, FeedCursor cursor, Subscriber subscriber) {
        if (!joinFromMemory(conversation, cursor, subscriber)) {
            ConversationReplay replay =
                    new ConversationReplay(this, archive, replays, encoder, conversation, subscriber);
            replays.runner().run(() -> replay.from(cursor));
        }
    }

    /** Serves a reader whose past is all in memory, and has it told what comes; false where it is not. */
    synchronized boolean joinFromMemory(ConversationKey conversation, FeedCursor cursor, Subscriber subscriber) {
        Optional<Timeline> known = memory().known(conversation);
        if (known.isEmpty()
                || cursor.sequence() > known.get().sequence()
                || known.get().isBehind(cursor)) {
            return false;
        }
        Timeline.Replay replay = known.get().after(cursor);
        if (replay.missingBefore() > 0) {
            return false;
        }
        countReplay("memory");
        subscriber.tellAll(replay.frames());
        goLive(conversation, subscriber);
        return true;
    }

    /**
     * Has a reader told what comes of a conversation that this node has never heard of; false where it has by now, or has not
     * read as far as the archive: it may still come upon events that were told from there.
     *
     * @param archived for each partition of the log, the position up to which (exclusive) the archive holds it
     */
    synchronized boolean joinUnknown(ConversationKey conversation, Map<Integer, Long> archived, Subscriber subscriber) {
        if (isKnown(conversation) || !memory().hasRead(archived)) {
            return false;
        }
        goLive(conversation, subscriber);
        return true;
    }

    synchronized boolean isKnown(ConversationKey conversation) {
        return memory().known(conversation).isPresent();
    }

    /** Whether this node has every event before {@code place}, and not yet the chunk. */
    synchronized boolean awaitsChunks(ConversationKey conversation, FeedCursor place) {
        return memory().known(conversation)
                .filter(timeline -> timeline.sequence() >= place.sequence() && timeline.isBehind(place))
                .isPresent();
    }

    /** Tells a reader that something is missing, then goes on with what comes. */
    synchronized void gap(ConversationKey conversation, FeedGap.Reason reason, Subscriber subscriber) {
        countGap(reason);
        Optional<Timeline> timeline = memory().known(conversation);
        long here = timeline.map(Timeline::sequence).orElse(0L);
        subscriber.tell(encoder.encode(
                new FeedGap(conversation.tenant(), Optional.of(conversation), reason), Long.toString(here)));
        subscriber.tellAll(timeline.map(Timeline::joining).orElse(List.of()));
        goLive(conversation, subscriber);
    }

    @Override
    public Subscription subscribeTenant(String tenant, Optional<String> cursor, FrameListener listener) {
        Optional<TenantCursor> place = cursor.map(TenantCursor::parse);
        Subscriber subscriber = new Subscriber(listener);
        synchronized (this) {
            if (place.isEmpty()) {
                subscriber.tellAll(memory().after(memory().here(tenant), tenant));
                memory().tenantReaders().add(tenant, subscriber);
            } else if (!memory().isOurs(place.get(), tenant)) {
                throw new InvalidCursorException("not a cursor of this stream");
            } else if (memory().isFuture(place.get())) {
                tenantGap(tenant, FeedGap.Reason.CURSOR_AHEAD, subscriber);
            } else if (memory().missing(place.get()).isEmpty()) {
                joinTenant(tenant, place.get(), subscriber);
            } else {
                TenantReplay replay = new TenantReplay(this, archive, encoder, tenant, subscriber);
                replays.runner().run(() -> replay.from(place.get()));
            }
        }
        return () -> {
            subscriber.end();
            synchronized (this) {
                memory().tenantReaders().remove(tenant, subscriber);
            }
        };
    }

    /** Serves a reader from memory, and has it told what comes. */
    synchronized void joinTenant(String tenant, TenantCursor cursor, Subscriber subscriber) {
        countReplay("memory");
        subscriber.tellAll(memory().after(cursor, tenant));
        if (subscriber.isOpen()) {
            memory().tenantReaders().add(tenant, subscriber);
        }
    }

    /** For each partition where a cursor is older than memory, where memory begins. */
    synchronized Map<Integer, Long> missing(TenantCursor cursor) {
        return memory().missing(cursor);
    }

    /** Tells a reader of a tenant's stream that something is missing, then goes on with what comes. */
    synchronized void tenantGap(String tenant, FeedGap.Reason reason, Subscriber subscriber) {
        countGap(reason);
        TenantCursor here = memory().here(tenant);
        subscriber.tell(encoder.encode(new FeedGap(tenant, Optional.empty(), reason), here.toString()));
        joinTenant(tenant, here, subscriber);
    }

    void countReplay(String source) {
        meters.counter("parley.feed.replays", "source", source).increment();
    }

    private void countGap(FeedGap.Reason reason) {
        meters.counter("parley.feed.gaps", "reason", reason.wire()).increment();
    }

    @Override
    public long lastSequence(ConversationKey conversation) {
        return known(() -> memory().known(conversation).map(Timeline::sequence).orElse(0L));
    }

    @Override
    public boolean isDeleted(ConversationKey conversation) {
        return known(() -> memory().known(conversation).map(Timeline::deleted).orElse(false));
    }

    @Override
    public Optional<MessageAccepted> acceptance(ConversationKey conversation, String messageId) {
        return known(() -> memory().acceptance(conversation, messageId));
    }

    @Override
    public Optional<Running> running(ConversationKey conversation) {
        return known(() -> memory().known(conversation).flatMap(Timeline::running));
    }

    @Override
    public Optional<String> latestTurn(ConversationKey conversation) {
        return known(() -> memory().known(conversation).flatMap(Timeline::latestTurn));
    }

    @Override
    public List<ConversationEvent> turn(ConversationKey conversation, String turnId) {
        List<ConversationEvent> remembered = known(() -> memory().known(conversation)
                .map(timeline -> timeline.turn(turnId))
                .orElse(List.of()));
        // Memory forgets the oldest first: with its acceptance, a turn is there as a whole.
        return remembered.stream().anyMatch(event -> event.getBody() instanceof MessageAccepted)
                ? remembered
                : archive.turn(conversation, turnId);
    }

    private synchronized <T> T known(Supplier<T> question) {
        return question.get();
    }
}
