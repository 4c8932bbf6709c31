package dev.parley.sinks.feed;

import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.GenerationChunk;
import dev.parley.chat.v1.MessageAccepted;
import dev.parley.schemas.keys.ConversationKey;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * Everything this node knows of the recent past, bounded by bytes, and who is to be told what comes next. Not thread-safe:
 * {@link Feed} guards it with one lock, under which nothing blocks.
 */
final class FeedMemory {

    /** Conversations of which at least the last sequence is known. */
    private static final int MAX_TIMELINES = 200_000;

    private final long maxBytes;
    private final FrameEncoder encoder;
    private final int topicBinding;
    private final Map<ConversationKey, Timeline> timelines = new LinkedHashMap<>(1024, 0.75f, true);
    private final Deque<Remembered> order = new ArrayDeque<>();
    private final Readers<ConversationKey> readers = new Readers<>();
    private final Readers<String> tenantReaders = new Readers<>();
    private final long[] next;
    private final long[] from;
    private long bytes;

    /** An event in memory, in the order in which this node read it. */
    private record Remembered(Timeline timeline, Frame frame, int partition, long position) {}

    /**
     * An empty memory.
     *
     * @param from for each partition of the log, the position from which it will be read without a hole
     */
    FeedMemory(long maxBytes, String topicId, long[] from, FrameEncoder encoder) {
        this.maxBytes = maxBytes;
        this.encoder = encoder;
        this.topicBinding = crc(topicId);
        this.from = from.clone();
        this.next = from.clone();
    }

    void accept(ConversationKey key, ConversationEvent event, int partition, long position) {
        next[partition] = position + 1;
        Timeline timeline = timeline(key);
        long before = timeline.bytes();
        List<Frame> frames = timeline.accept(event);
        bytes += timeline.bytes() - before;
        frames.stream()
                .filter(frame -> frame.event() instanceof FeedEvent.Logged)
                .forEach(frame -> order.addLast(new Remembered(timeline, frame, partition, position)));
        tell(key, frames);
        shrink();
    }

    void accept(ConversationKey key, GenerationChunk chunk) {
        Timeline timeline = timeline(key);
        long before = timeline.bytes();
        List<Frame> frames = timeline.accept(chunk);
        bytes += timeline.bytes() - before;
        tell(key, frames);
    }

    /** A record of the log that could not be read: its place is passed over. */
    void skip(int partition, long position) {
        next[partition] = position + 1;
    }

    private Timeline timeline(ConversationKey key) {
        return timelines.computeIfAbsent(key, unknown -> new Timeline(unknown, encoder));
    }

    private void tell(ConversationKey key, List<Frame> frames) {
        if (frames.isEmpty()) {
            return;
        }
        readers.tell(key, frames);
        if (tenantReaders.has(key.tenant())) {
            String here = here(key.tenant()).toString();
            tenantReaders.tell(
                    key.tenant(),
                    frames.stream().map(frame -> encoder.under(frame, here)).toList());
        }
    }

    private void shrink() {
        while (bytes > maxBytes && !order.isEmpty()) {
            Remembered oldest = order.removeFirst();
            from[oldest.partition()] = oldest.position() + 1;
            bytes -= oldest.timeline().forgetOldest();
        }
        while (timelines.size() > MAX_TIMELINES) {
            Timeline eldest = timelines.values().iterator().next();
            if (!eldest.remembersNothing()) {
                break;
            }
            timelines.remove(eldest.conversation());
        }
    }

    /** Who is told of one conversation. */
    Readers<ConversationKey> readers() {
        return readers;
    }

    /** Who is told of all conversations of a tenant. */
    Readers<String> tenantReaders() {
        return tenantReaders;
    }

    Optional<Timeline> known(ConversationKey key) {
        return Optional.ofNullable(timelines.get(key)).filter(timeline -> timeline.sequence() > 0);
    }

    Optional<MessageAccepted> acceptance(ConversationKey key, String messageId) {
        return known(key).flatMap(timeline -> timeline.acceptance(messageId));
    }

    long bytes() {
        return bytes;
    }

    int conversations() {
        return timelines.size();
    }

    /** The tenant's place after everything read so far. */
    TenantCursor here(String tenant) {
        return new TenantCursor(binding(tenant), next.clone());
    }

    boolean isOurs(TenantCursor cursor, String tenant) {
        return cursor.binding() == binding(tenant) && cursor.next().length == next.length;
    }

    /** Whether a cursor points beyond what was ever read. */
    boolean isFuture(TenantCursor cursor) {
        for (int partition = 0; partition < next.length; partition++) {
            if (cursor.next()[partition] > next[partition]) {
                return true;
            }
        }
        return false;
    }

    /** Whether the log has been read up to these positions (exclusive), by partition. */
    boolean hasRead(Map<Integer, Long> positions) {
        return positions.entrySet().stream()
                .allMatch(
                        position -> position.getKey() >= next.length || next[position.getKey()] >= position.getValue());
    }

    /** For each partition where a cursor is older than this memory, where memory begins. */
    Map<Integer, Long> missing(TenantCursor cursor) {
        Map<Integer, Long> missing = new HashMap<>();
        for (int partition = 0; partition < next.length; partition++) {
            if (cursor.next()[partition] < from[partition]) {
                missing.put(partition, from[partition]);
            }
        }
        return missing;
    }

    /** The tenant's events in memory after a cursor, each under its cursor, then running answers in one piece. */
    List<Frame> after(TenantCursor cursor, String tenant) {
        List<Frame> frames = new ArrayList<>();
        long[] place = cursor.next().clone();
        for (Remembered remembered : order) {
            if (remembered.position() >= place[remembered.partition()]
                    && remembered.timeline().conversation().tenant().equals(tenant)) {
                place[remembered.partition()] = remembered.position() + 1;
                frames.add(encoder.under(
                        remembered.frame(), new TenantCursor(cursor.binding(), place.clone()).toString()));
            }
        }
        String here = here(tenant).toString();
        for (Timeline timeline : timelines.values()) {
            if (timeline.isRunning() && timeline.conversation().tenant().equals(tenant)) {
                timeline.snapshot().ifPresent(snapshot -> frames.add(encoder.under(snapshot, here)));
            }
        }
        return frames;
    }

    private int binding(String tenant) {
        return topicBinding * 31 + crc(tenant);
    }

    private static int crc(String text) {
        CRC32C crc = new CRC32C();
        crc.update(text.getBytes(StandardCharsets.UTF_8));
        return (int) crc.getValue();
    }
}
