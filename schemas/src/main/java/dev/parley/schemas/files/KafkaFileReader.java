package dev.parley.schemas.files;

import dev.parley.chat.v1.FilePiece;
import dev.parley.schemas.Sha256;
import dev.parley.schemas.Topic;
import dev.parley.schemas.keys.FileId;
import dev.parley.schemas.keys.FileKey;
import dev.parley.schemas.serde.UndecodableRecordException;
import dev.parley.schemas.settings.KafkaSettings;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.InvalidOffsetException;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The files on their topic, read where their ids say that they are. In a cluster that is a copy of another, offsets are others:
 * there, and for an id that was made up, a file is looked for from the beginning of its partition, one at a time and within
 * bounds; whoever would search while somebody does is told that it takes too long.
 *
 * <p>A few consumers, each lent to one reader at a time.
 */
public final class KafkaFileReader implements FileReader {

    private static final Logger logger = LoggerFactory.getLogger(KafkaFileReader.class);

    private static final int CONSUMERS = 4;
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final Duration POLL = Duration.ofMillis(100);
    private static final int FETCH_BYTES = 4 * 1024 * 1024;

    private final Topic<String, FilePiece> topic;
    private final Supplier<Consumer<byte[], byte[]>> connecting;
    private final Duration patience;
    private final Semaphore lent = new Semaphore(CONSUMERS);
    private final Semaphore searching = new Semaphore(1);
    private final BlockingQueue<Consumer<byte[], byte[]>> idle = new ArrayBlockingQueue<>(CONSUMERS);
    private volatile boolean closed;

    /** A reader that connects when it is first asked. */
    public KafkaFileReader(Topic<String, FilePiece> topic, KafkaSettings kafka, String clientId) {
        this(topic, () -> connected(kafka, clientId), PATIENCE);
    }

    KafkaFileReader(Topic<String, FilePiece> topic, Supplier<Consumer<byte[], byte[]>> connecting, Duration patience) {
        this.topic = topic;
        this.connecting = connecting;
        this.patience = patience;
    }

    @Override
    public Optional<Description> description(String tenant, FileId id) {
        return read(tenant, id, true).map(Pieces::description);
    }

    @Override
    public Optional<Content> content(String tenant, FileId id) {
        return read(tenant, id, false).flatMap(Pieces::content);
    }

    /** Where it is said to be, or else wherever it is. Whoever searches keeps nobody from looking. */
    private Optional<Pieces> read(String tenant, FileId id, boolean firstIsEnough) {
        long deadline = System.nanoTime() + patience.toNanos();
        Sought sought = new Sought(new FileKey(tenant, id.hash()), id, firstIsEnough);
        Optional<Pieces> here = lent(consumer -> looked(consumer, sought, deadline), deadline);
        if (here.isPresent()) {
            return here;
        }
        if (!searching.tryAcquire()) {
            throw late();
        }
        try {
            return lent(consumer -> searched(consumer, sought, deadline), deadline);
        } finally {
            searching.release();
        }
    }

    private Optional<Pieces> lent(Function<Consumer<byte[], byte[]>, Optional<Pieces>> reading, long deadline) {
        Consumer<byte[], byte[]> consumer = null;
        boolean well = false;
        boolean permitted = false;
        try {
            permitted = lent.tryAcquire(left(deadline), TimeUnit.NANOSECONDS);
            if (!permitted || closed) {
                throw late();
            }
            consumer = idle.poll();
            if (consumer == null) {
                consumer = connecting.get();
            }
            Optional<Pieces> found = reading.apply(consumer);
            well = true;
            return found;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw late();
        } catch (KafkaException e) {
            logger.warn("a file cannot be read: {}", e.toString());
            throw late();
        } finally {
            if (consumer != null && !(well && !closed && idle.offer(consumer))) {
                consumer.close(CloseOptions.timeout(Duration.ZERO));
            }
            if (permitted) {
                lent.release();
            }
        }
    }

    private record Sought(FileKey key, FileId id, boolean firstIsEnough) {}

    private static FilesUnavailableException late() {
        return new FilesUnavailableException("the log of files does not answer in time");
    }

    private static long left(long deadline) {
        return Math.max(0, deadline - System.nanoTime());
    }

    private static Consumer<byte[], byte[]> connected(KafkaSettings kafka, String clientId) {
        return new KafkaConsumer<>(
                kafka.client(
                        clientId,
                        Map.of(
                                "enable.auto.commit",
                                false,
                                "auto.offset.reset",
                                "none",
                                "allow.auto.create.topics",
                                false,
                                "max.partition.fetch.bytes",
                                FETCH_BYTES,
                                "request.timeout.ms",
                                (int) PATIENCE.toMillis(),
                                "default.api.timeout.ms",
                                (int) PATIENCE.toMillis())),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer());
    }

    private Optional<Pieces> looked(Consumer<byte[], byte[]> consumer, Sought sought, long deadline) {
        Place place = place(consumer, sought);
        if (sought.id().offset() >= place.end()) {
            return Optional.empty();
        }
        try {
            consumer.seek(place.partition(), sought.id().offset());
            return collected(consumer, place, new Pieces(topic, sought, true), deadline);
        } catch (InvalidOffsetException e) {
            // Somebody has the topic shortened, or this is another cluster: it may be elsewhere.
            return Optional.empty();
        }
    }

    private Optional<Pieces> searched(Consumer<byte[], byte[]> consumer, Sought sought, long deadline) {
        Place place = place(consumer, sought);
        consumer.seekToBeginning(List.of(place.partition()));
        return collected(consumer, place, new Pieces(topic, sought, false), deadline);
    }

    /** What of a partition is to be read. */
    private record Place(TopicPartition partition, long end) {}

    private Place place(Consumer<byte[], byte[]> consumer, Sought sought) {
        int partitions = consumer.partitionsFor(topic.name()).size();
        if (partitions == 0) {
            throw late(); // It has yet to be provisioned.
        }
        TopicPartition partition = new TopicPartition(topic.name(), sought.key().partition(partitions));
        consumer.assign(List.of(partition));
        return new Place(partition, consumer.endOffsets(List.of(partition)).getOrDefault(partition, 0L));
    }

    /** The pieces, where they are whole by the end of {@code place}. */
    private static Optional<Pieces> collected(
            Consumer<byte[], byte[]> consumer, Place place, Pieces pieces, long deadline) {
        while (consumer.position(place.partition()) < place.end()) {
            if (left(deadline) == 0) {
                throw late();
            }
            for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
                if (!pieces.take(record)) {
                    return Optional.empty();
                }
                if (pieces.areEnough()) {
                    return Optional.of(pieces);
                }
            }
        }
        return Optional.empty();
    }

    @Override
    public void close() {
        closed = true;
        for (Consumer<byte[], byte[]> consumer = idle.poll(); consumer != null; consumer = idle.poll()) {
            consumer.close(CloseOptions.timeout(Duration.ZERO));
        }
    }

    /**
     * The pieces of one file, as they are met. Copies of the same file may stand among each other: pieces of one number are the
     * same, where their files are cut in as many.
     */
    private static final class Pieces {
        private final Topic<String, FilePiece> topic;
        private final Sought sought;
        private final boolean here;
        private final byte[] key;
        private @Nullable FilePiece first;
        private long firstOffset;
        private Instant keptAt = Instant.EPOCH;
        private ByteBuffer[] found = new ByteBuffer[0];
        private int missing = Integer.MAX_VALUE;

        Pieces(Topic<String, FilePiece> topic, Sought sought, boolean here) {
            this.topic = topic;
            this.sought = sought;
            this.here = here;
            this.key = sought.key().bytes();
        }

        /** Whether it is worth going on: the file that is to be here begins with the first record. */
        boolean take(ConsumerRecord<byte[], byte[]> record) {
            FilePiece piece = Arrays.equals(key, record.key()) ? piece(record) : null;
            if (first == null) {
                if (piece == null || piece.getIndex() > 0) {
                    return !here;
                }
                first = piece;
                firstOffset = record.offset();
                keptAt = Instant.ofEpochMilli(record.timestamp());
                found = new ByteBuffer[piece.getCount()];
                missing = found.length;
            }
            if (piece != null && piece.getCount() == found.length && found[piece.getIndex()] == null) {
                found[piece.getIndex()] = piece.getData();
                missing--;
            }
            return true;
        }

        private @Nullable FilePiece piece(ConsumerRecord<byte[], byte[]> record) {
            try {
                FilePiece piece = topic.values().deserializer().deserialize(topic.name(), record.value());
                boolean ours = piece != null
                        && piece.getTenantId().equals(sought.key().tenant())
                        && piece.getHash().equals(sought.key().hash())
                        && 0 <= piece.getIndex()
                        && piece.getIndex() < piece.getCount();
                return ours ? piece : null;
            } catch (UndecodableRecordException e) {
                return null;
            }
        }

        boolean areEnough() {
            return first != null && (sought.firstIsEnough() || missing == 0);
        }

        private FilePiece first() {
            if (first == null) {
                throw new IllegalStateException("no piece was found");
            }
            return first;
        }

        Description description() {
            return new Description(
                    new FileId(sought.key().hash(), firstOffset),
                    first().getMediaType(),
                    Optional.ofNullable(first().getName()),
                    first().getTotalBytes(),
                    keptAt);
        }

        Optional<Content> content() {
            int bytes = Arrays.stream(found).mapToInt(ByteBuffer::remaining).sum();
            ByteBuffer content = ByteBuffer.allocate(bytes);
            for (ByteBuffer piece : found) {
                content.put(piece.duplicate());
            }
            content.flip();
            if (!Sha256.hex(content).equals(sought.key().hash())) {
                logger.error("the content of {} is not what its hash says", sought.key());
                return Optional.empty();
            }
            return Optional.of(new Content(description(), content));
        }
    }
}
