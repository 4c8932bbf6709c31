package dev.parley.sinks.sse;

import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.GenerationChunk;
import dev.parley.chat.v1.MessageAccepted;
import dev.parley.schemas.ConversationKey;
import dev.parley.schemas.Role;
import dev.parley.schemas.Topic;
import dev.parley.schemas.TopicSpec;
import dev.parley.schemas.Topics;
import dev.parley.schemas.config.KafkaSettings;
import dev.parley.schemas.serde.RegistryUnavailableException;
import dev.parley.schemas.serde.UndecodableRecordException;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tails the log of record and the chunks of all partitions into one order, and tells whoever subscribed.
 *
 * <p>One platform thread owns the consumer. {@link FeedMemory} is guarded by this object's monitor: the feed's thread takes
 * it for one record at a time, subscribers take it to register and to read from memory in one step, so that nothing can
 * come between what they are replayed and what they are told live. What is older than memory is fetched from the archive
 * on a virtual thread, without the lock, before that step.
 */
public final class Feed implements ConversationFeed, Role {

    private static final Logger logger = LoggerFactory.getLogger(Feed.class);

    private static final Duration POLL = Duration.ofMillis(500);
    private static final Duration PAUSE_AFTER_TROUBLE = Duration.ofSeconds(1);
    private static final int ARCHIVE_PAGE = 500;

    /** The sink writes within milliseconds; an archive that lags longer than this has trouble of its own. */
    private static final Duration ARCHIVE_PATIENCE = Duration.ofSeconds(3);

    private static final Duration ARCHIVE_PAUSE = Duration.ofMillis(50);

    private final FeedSettings settings;
    private final KafkaSettings kafka;
    private final Topics topics;
    private final EventArchive archive;
    private final Replays replays;
    private final MeterRegistry meters;
    private final Timer delivery;
    private final Thread thread;
    private volatile boolean closing;
    private volatile boolean caughtUp;
    private @Nullable FeedMemory memory;

    /** A feed that reads nothing by itself yet; {@link #start} is how to get one that does. */
    Feed(
            FeedSettings settings,
            KafkaSettings kafka,
            Topics topics,
            EventArchive archive,
            Replays replays,
            MeterRegistry meters) {
        this.settings = settings;
        this.kafka = kafka;
        this.topics = topics;
        this.archive = archive;
        this.replays = replays;
        this.meters = meters;
        this.delivery = Timer.builder("parley.feed.delivery")
                .description("From a record's timestamp to its frames being handed to clients")
                .publishPercentileHistogram()
                .register(meters);
        this.thread = Thread.ofPlatform().name("feed").unstarted(this::run);
        meters.gauge("parley.feed.memory.bytes", this, feed -> feed.measure(FeedMemory::bytes));
        meters.gauge("parley.feed.conversations", this, feed -> feed.measure(FeedMemory::conversations));
    }

    private synchronized double measure(ToDoubleFunction<FeedMemory> figure) {
        return memory == null ? 0 : figure.applyAsDouble(memory);
    }

    public static Feed start(
            FeedSettings settings, KafkaSettings kafka, Topics topics, EventArchive archive, MeterRegistry meters) {
        Feed feed = new Feed(settings, kafka, topics, archive, Replays.ON_THREADS, meters);
        feed.thread.start();
        return feed;
    }

    @Override
    public String name() {
        return "feed";
    }

    @Override
    public Health health() {
        return new Health(caughtUp, caughtUp ? "live" : "reading the recent past");
    }

    // The feed's thread

    private void run() {
        Map<TopicPartition, Long> positions = new HashMap<>();
        while (!closing) {
            try (KafkaConsumer<byte[], byte[]> consumer = consumer()) {
                follow(consumer, positions);
            } catch (KafkaException e) {
                if (!closing) {
                    logger.warn("the feed cannot read, trying again: {}", e.toString());
                    pause(PAUSE_AFTER_TROUBLE);
                }
            }
        }
    }

    private KafkaConsumer<byte[], byte[]> consumer() {
        return new KafkaConsumer<>(
                kafka.client(
                        "parley-feed",
                        Map.of(
                                "enable.auto.commit",
                                false,
                                "auto.offset.reset",
                                "earliest",
                                "isolation.level",
                                "read_committed",
                                "fetch.min.bytes",
                                1,
                                "max.poll.records",
                                2000,
                                "max.partition.fetch.bytes",
                                TopicSpec.MAX_MESSAGE_BYTES)),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer());
    }

    /**
     * Reads until the end is asked for.
     *
     * @param positions where to go on; filled at the first call
     */
    private void follow(KafkaConsumer<byte[], byte[]> consumer, Map<TopicPartition, Long> positions) {
        List<TopicPartition> partitions = new ArrayList<>();
        for (Topic<?, ?> topic : List.of(topics.events(), topics.chunks())) {
            consumer.partitionsFor(topic.name())
                    .forEach(info -> partitions.add(new TopicPartition(info.topic(), info.partition())));
        }
        consumer.assign(partitions);
        Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
        if (positions.isEmpty()) {
            positions.putAll(startingPositions(consumer, partitions, ends));
            begin(positions);
        }
        positions.forEach(consumer::seek);
        while (!closing) {
            if (!caughtUp
                    && ends.entrySet().stream().allMatch(end -> consumer.position(end.getKey()) >= end.getValue())) {
                caughtUp = true;
            }
            for (ConsumerRecord<byte[], byte[]> record : consumer.poll(caughtUp ? POLL : Duration.ofMillis(20))) {
                take(record);
                positions.put(new TopicPartition(record.topic(), record.partition()), record.offset() + 1);
                if (closing) {
                    return;
                }
            }
        }
    }

    private Map<TopicPartition, Long> startingPositions(
            KafkaConsumer<byte[], byte[]> consumer, List<TopicPartition> partitions, Map<TopicPartition, Long> ends) {
        long since = Instant.now().minus(settings.lookback()).toEpochMilli();
        Map<TopicPartition, Long> times = new HashMap<>();
        partitions.forEach(partition -> times.put(partition, since));
        Map<TopicPartition, OffsetAndTimestamp> found = consumer.offsetsForTimes(times);
        Map<TopicPartition, Long> positions = new HashMap<>();
        for (TopicPartition partition : partitions) {
            OffsetAndTimestamp first = found.get(partition);
            positions.put(partition, first == null ? ends.getOrDefault(partition, 0L) : first.offset());
        }
        return positions;
    }

    private void begin(Map<TopicPartition, Long> positions) {
        long[] from = new long
                [(int) positions.keySet().stream()
                        .filter(partition ->
                                partition.topic().equals(topics.events().name()))
                        .count()];
        positions.forEach((partition, position) -> {
            if (partition.topic().equals(topics.events().name())) {
                from[partition.partition()] = position;
            }
        });
        remember(new FeedMemory(settings.memoryBytes(), topicId(), from));
    }

    /** From here on subscribers are served, out of {@code memory}. */
    synchronized void remember(FeedMemory memory) {
        this.memory = memory;
    }

    private String topicId() {
        try (Admin admin = Admin.create(kafka.client("parley-feed-admin", Map.of()))) {
            return admin.describeTopics(List.of(topics.events().name()))
                    .allTopicNames()
                    .get()
                    .values()
                    .iterator()
                    .next()
                    .topicId()
                    .toString();
        } catch (ExecutionException e) {
            throw new KafkaException("cannot describe " + topics.events().name(), e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new KafkaException("interrupted", e);
        }
    }

    private void take(ConsumerRecord<byte[], byte[]> record) {
        while (!closing) {
            try {
                if (record.topic().equals(topics.events().name())) {
                    takeEvent(record);
                } else {
                    takeChunk(record);
                }
                delivery.record(Duration.ofMillis(Math.max(0, System.currentTimeMillis() - record.timestamp())));
                return;
            } catch (UndecodableRecordException | IllegalArgumentException e) {
                // The sink dead-letters poison events, the assembly poison chunks; here they are passed over.
                skip(record);
                return;
            } catch (RegistryUnavailableException e) {
                pause(PAUSE_AFTER_TROUBLE);
            } catch (RuntimeException e) {
                // A fault of this feed's own: one record is not told, rather than none any more.
                logger.error("{}-{}@{} cannot be told", record.topic(), record.partition(), record.offset(), e);
                skip(record);
                return;
            }
        }
    }

    private void takeEvent(ConsumerRecord<byte[], byte[]> record) {
        ConversationKey key = key(record);
        ConversationEvent event = decoded(topics.events(), record);
        synchronized (this) {
            memory().accept(key, event, record.partition(), record.offset());
        }
    }

    private void takeChunk(ConsumerRecord<byte[], byte[]> record) {
        ConversationKey key = key(record);
        GenerationChunk chunk = decoded(topics.chunks(), record);
        synchronized (this) {
            memory().accept(key, chunk);
        }
    }

    private static <V> V decoded(Topic<String, V> topic, ConsumerRecord<byte[], byte[]> record) {
        V value =
                record.value() == null ? null : topic.values().deserializer().deserialize(topic.name(), record.value());
        if (value == null) {
            throw new UndecodableRecordException("the value is missing");
        }
        return value;
    }

    private static ConversationKey key(ConsumerRecord<byte[], byte[]> record) {
        if (record.key() == null) {
            throw new UndecodableRecordException("the key is missing");
        }
        return ConversationKey.parse(new String(record.key(), StandardCharsets.UTF_8));
    }

    private void skip(ConsumerRecord<byte[], byte[]> record) {
        meters.counter("parley.records.skipped", "topic", record.topic()).increment();
        if (record.topic().equals(topics.events().name())) {
            synchronized (this) {
                memory().skip(record.partition(), record.offset());
            }
        }
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

    // Subscribers

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
                memory().remove(subscriber, conversation);
            }
        };
    }

    private void goLive(ConversationKey conversation, Subscriber subscriber) {
        if (subscriber.isOpen()) {
            memory().add(conversation, subscriber);
        }
    }

    private void resume(ConversationKey conversation, FeedCursor cursor, Subscriber subscriber) {
        synchronized (this) {
            Optional<Timeline> timeline = memory().known(conversation);
            if (timeline.isPresent() && joinFromMemory(timeline.get(), conversation, cursor, subscriber)) {
                return;
            }
        }
        replays.runner().run(() -> replayThenJoin(conversation, cursor, subscriber));
    }

    /** Serves a reader whose past is all in memory; false where it is not. Under the lock. */
    private boolean joinFromMemory(
            Timeline timeline, ConversationKey conversation, FeedCursor cursor, Subscriber subscriber) {
        if (cursor.sequence() > timeline.sequence() || timeline.isBehind(cursor)) {
            return false;
        }
        Timeline.Replay replay = timeline.after(cursor);
        if (replay.missingBefore() > 0) {
            return false;
        }
        meters.counter("parley.feed.replays", "source", "memory").increment();
        subscriber.tellAll(replay.frames());
        goLive(conversation, subscriber);
        return true;
    }

    /** On a thread of its own: reads the archive until it meets memory, or says that it cannot. */
    private void replayThenJoin(ConversationKey conversation, FeedCursor cursor, Subscriber subscriber) {
        FeedCursor place = cursor;
        long deadline = replays.ticker().getAsLong() + ARCHIVE_PATIENCE.toNanos();
        try {
            while (subscriber.isOpen()) {
                List<ConversationEvent> page = awaitsChunks(conversation, place)
                        ? List.of()
                        : archive.events(conversation, place.sequence(), ARCHIVE_PAGE);
                for (ConversationEvent event : page) {
                    if (event.getSequence() != place.sequence() + 1) {
                        gap(conversation, "events_missing", subscriber);
                        return;
                    }
                    subscriber.awaitRoom();
                    if (place.attempt() > 0 && Timeline.endsAnswer(event)) {
                        // Which attempt the archive does not know; what ends may be another than the reader has seen.
                        subscriber.tellPast(Timeline.resetBefore(conversation, event, place));
                    }
                    place = Timeline.after(event, place);
                    subscriber.tellPast(SseFrames.frame(new FeedEvent.Logged(conversation, event), place.toString()));
                }
                if (!page.isEmpty()) {
                    meters.counter("parley.feed.replays", "source", "archive").increment();
                }
                if (page.size() < ARCHIVE_PAGE) {
                    if (joinAfterArchive(conversation, place, subscriber)) {
                        return;
                    }
                    if (replays.ticker().getAsLong() > deadline) {
                        gap(
                                conversation,
                                place.sequence() > knownSequence(conversation) ? "cursor_ahead" : "archive_behind",
                                subscriber);
                        return;
                    }
                    replays.pause().pause(ARCHIVE_PAUSE);
                }
            }
        } catch (EventArchive.ArchiveUnavailableException e) {
            gap(conversation, "archive_unavailable", subscriber);
        } catch (RuntimeException e) {
            logger.error("a replay failed", e);
            subscriber.end();
        }
    }

    private synchronized long knownSequence(ConversationKey conversation) {
        return memory().known(conversation).map(Timeline::sequence).orElse(0L);
    }

    /** Whether this node has every event before {@code place}, and not yet the chunk. */
    private synchronized boolean awaitsChunks(ConversationKey conversation, FeedCursor place) {
        return memory().known(conversation)
                .filter(timeline -> timeline.sequence() >= place.sequence() && timeline.isBehind(place))
                .isPresent();
    }

    private boolean joinAfterArchive(ConversationKey conversation, FeedCursor place, Subscriber subscriber) {
        synchronized (this) {
            Optional<Timeline> timeline = memory().known(conversation);
            if (timeline.isPresent()) {
                return joinFromMemory(timeline.get(), conversation, place, subscriber);
            }
        }
        if (place.attempt() > 0) {
            return false; // An answer runs that this node has not heard of yet.
        }
        Map<Integer, Long> held = Map.of();
        if (place.sequence() > 0) {
            if (archive.events(conversation, place.sequence() - 1, 1).isEmpty()) {
                return false; // Neither memory nor archive has ever seen the cursor's event.
            }
            held = archive.positions();
        }
        synchronized (this) {
            // A node that has not read as far as the archive may still come upon events that were told from there.
            if (memory().known(conversation).isPresent() || !memory().hasRead(held)) {
                return false;
            }
            goLive(conversation, subscriber);
            return true;
        }
    }

    /** Tells a reader that something is missing, then goes on with what comes. */
    private synchronized void gap(ConversationKey conversation, String reason, Subscriber subscriber) {
        meters.counter("parley.feed.gaps", "reason", reason).increment();
        Optional<Timeline> timeline = memory().known(conversation);
        long here = timeline.map(Timeline::sequence).orElse(0L);
        subscriber.tell(SseFrames.frame(
                new FeedEvent.FeedGap(conversation.tenant(), Optional.of(conversation), reason), Long.toString(here)));
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
                memory().addTenant(tenant, subscriber);
            } else if (!memory().isOurs(place.get(), tenant)) {
                throw new InvalidCursorException("not a cursor of this stream");
            } else if (memory().isFuture(place.get())) {
                tenantGap(tenant, "cursor_ahead", subscriber);
            } else if (memory().missing(place.get()).isEmpty()) {
                joinTenant(tenant, place.get(), subscriber);
            } else {
                replays.runner().run(() -> replayThenJoinTenant(tenant, place.get(), subscriber));
            }
        }
        return () -> {
            subscriber.end();
            synchronized (this) {
                memory().removeTenant(subscriber, tenant);
            }
        };
    }

    private synchronized void joinTenant(String tenant, TenantCursor cursor, Subscriber subscriber) {
        meters.counter("parley.feed.replays", "source", "memory").increment();
        subscriber.tellAll(memory().after(cursor, tenant));
        if (subscriber.isOpen()) {
            memory().addTenant(tenant, subscriber);
        }
    }

    private void replayThenJoinTenant(String tenant, TenantCursor cursor, Subscriber subscriber) {
        long[] place = cursor.next().clone();
        try {
            while (subscriber.isOpen()) {
                Map<Integer, Long> missing = missing(new TenantCursor(cursor.binding(), place));
                Map<Integer, Long> held = archive.positions();
                if (missing.entrySet().stream()
                        .anyMatch(need -> held.getOrDefault(need.getKey(), 0L) < need.getValue())) {
                    tenantGap(tenant, "archive_behind", subscriber);
                    return;
                }
                Map<Integer, Long> after = new HashMap<>();
                missing.keySet().forEach(partition -> after.put(partition, place[partition] - 1));
                List<EventArchive.Positioned> page = archive.tenantEvents(tenant, after, ARCHIVE_PAGE);
                for (EventArchive.Positioned positioned : page) {
                    place[positioned.partition()] = positioned.position() + 1;
                    ConversationKey key =
                            new ConversationKey(tenant, positioned.event().getConversationId());
                    subscriber.tell(SseFrames.frame(
                            new FeedEvent.Logged(key, positioned.event()),
                            new TenantCursor(cursor.binding(), place.clone()).toString()));
                }
                if (page.size() < ARCHIVE_PAGE) {
                    // The archive has nothing more of this tenant before memory begins.
                    missing.forEach((partition, from) -> place[partition] = Math.max(place[partition], from));
                    joinTenant(tenant, new TenantCursor(cursor.binding(), place), subscriber);
                    return;
                }
            }
        } catch (EventArchive.ArchiveUnavailableException e) {
            tenantGap(tenant, "archive_unavailable", subscriber);
        } catch (RuntimeException e) {
            logger.error("a replay failed", e);
            subscriber.end();
        }
    }

    private synchronized Map<Integer, Long> missing(TenantCursor cursor) {
        return memory().missing(cursor);
    }

    private synchronized void tenantGap(String tenant, String reason, Subscriber subscriber) {
        meters.counter("parley.feed.gaps", "reason", reason).increment();
        TenantCursor here = memory().here(tenant);
        subscriber.tell(SseFrames.frame(new FeedEvent.FeedGap(tenant, Optional.empty(), reason), here.toString()));
        joinTenant(tenant, here, subscriber);
    }

    /** One reader, and whether it still reads. */
    private static final class Subscriber implements FeedMemory.Reader {
        private final FrameListener listener;
        private final AtomicBoolean open = new AtomicBoolean(true);

        Subscriber(FrameListener listener) {
            this.listener = listener;
        }

        boolean isOpen() {
            return open.get();
        }

        @Override
        public boolean tell(Frame frame) {
            if (open.get() && !listener.onFrame(frame)) {
                end();
            }
            return open.get();
        }

        void tellAll(List<Frame> frames) {
            frames.forEach(this::tellPast);
        }

        void tellPast(Frame frame) {
            if (open.get() && !listener.onPast(frame)) {
                end();
            }
        }

        void awaitRoom() {
            listener.awaitRoom();
        }

        void end() {
            if (open.compareAndSet(true, false)) {
                listener.onEnd();
            }
        }
    }

    // What is known

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

    private static void pause(Duration time) {
        try {
            Thread.sleep(time);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        closing = true;
        try {
            // Its poll ends within half a second; only a thread that hangs elsewhere is interrupted.
            if (!thread.join(Duration.ofSeconds(2))) {
                thread.interrupt();
                thread.join(Duration.ofSeconds(2));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
