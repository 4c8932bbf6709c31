package dev.parley.topologies.retrieval;

import dev.parley.chat.v1.DocumentPassages;
import dev.parley.chat.v1.Passage;
import dev.parley.schemas.Topic;
import dev.parley.schemas.keys.WorkspaceKey;
import dev.parley.schemas.serde.UndecodableRecordException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.format.DateTimeParseException;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.utils.Utils;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.errors.ProcessorStateException;
import org.apache.kafka.streams.processor.BatchingStateRestoreCallback;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.processor.StateStoreContext;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.lucene.store.LockObtainFailedException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The searchable passages of the workspaces of one task, as a state store. Its changelog is the passages' topic itself:
 * compacted, under the same keys, with the vectors in its records, so that an index is built anew without a model, and
 * nothing is written twice.
 *
 * <p>The index on disk is a copy that saves time. Each of its commits notes the offset it stands for, in the same atomic
 * write; after a crash Streams reads on from there, and repeats do no harm, since a document's passages are replaced as
 * one. A copy is discarded where it cannot be trusted: it is damaged, of another version, without an offset, or so old that
 * the topic may have forgotten the deletions in between. Streams runs no processor before the topic is read up to where it
 * was processed, so that a question is never put to half an index.
 *
 * <p>Owned by the task: by the thread that restores it, then by its stream thread.
 */
public final class PassageStore implements StateStore {

    private static final Logger log = LoggerFactory.getLogger(PassageStore.class);

    /** Less than a topic keeps deletions for ({@code delete.retention.ms}, 24 h). */
    private static final Duration MAX_AGE = Duration.ofHours(12);

    /** What a crash may cost: these many documents, or what comes in within this time, are read again. */
    private static final int CHANGES_BETWEEN_COMMITS = 5_000;

    private static final Duration TIME_BETWEEN_COMMITS = Duration.ofSeconds(10);

    private static final String OFFSET_NOTE = "offset.";
    private static final String TIME_NOTE = "time";

    private final String name;
    private final Topic<String, PassageChange> topic;
    private final RetrievalMetrics metrics;
    private final InstantSource wallClock;
    private final LongSupplier nanoClock;
    private @Nullable PassageIndex index;

    /** Up to where the index has read, where it is known for what it holds now; as of the last commit of the task. */
    private Map<TopicPartition, Long> offsets = Map.of();

    private boolean offsetsKnown;
    private Map<TopicPartition, Long> committed = Map.of();
    private long committedNanos;
    private int changes;

    /** When the index was last known to have read its topic to the end. */
    private Instant current = Instant.EPOCH;

    /** Whether processors run, which is when the topic has been read. */
    private boolean processing;

    PassageStore(
            String name,
            Topic<String, PassageChange> topic,
            RetrievalMetrics metrics,
            InstantSource wallClock,
            LongSupplier nanoClock) {
        this.name = name;
        this.topic = topic;
        this.metrics = metrics;
        this.wallClock = wallClock;
        this.nanoClock = nanoClock;
    }

    /** Builds the stores over {@code passages}, of which each is the changelog of one. */
    public static StoreBuilder<PassageStore> builder(
            String name, Topic<String, DocumentPassages> passages, RetrievalMetrics metrics) {
        Topic<String, PassageChange> changes = PassageChange.topic(passages);
        return new Builder(
                name, () -> new PassageStore(name, changes, metrics, InstantSource.system(), System::nanoTime));
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public void init(StateStoreContext context, StateStore root) {
        if (index == null) {
            open(context.stateDir().toPath().resolve("lucene").resolve(name));
        }
        context.register(root, (BatchingStateRestoreCallback) this::restore);
    }

    private void open(Path path) {
        try {
            Map<String, String> notes = trusted(path);
            PassageIndex opened;
            try {
                opened = PassageIndex.open(path);
            } catch (LockObtainFailedException e) {
                throw e;
            } catch (IOException | RuntimeException e) {
                log.warn("the index in {} is damaged and is built anew", path, e);
                metrics.discarded();
                Utils.delete(path.toFile());
                notes = Map.of();
                opened = PassageIndex.open(path);
            }
            index = opened;
            committed = offsets(notes);
            offsets = committed;
            offsetsKnown = true;
            committedNanos = nanoClock.getAsLong();
            changes = 0;
            current = committed.isEmpty() ? wallClock.instant() : Instant.parse(notes.get(TIME_NOTE));
            processing = false;
            metrics.opened(opened);
        } catch (IOException e) {
            throw new ProcessorStateException("cannot open the passage index in " + path, e);
        }
    }

    /** The notes of the index in {@code path}; where it is not to be trusted it is removed first. */
    private Map<String, String> trusted(Path path) throws IOException {
        Map<String, String> notes = PassageIndex.notes(path);
        if (notes != null && !offsets(notes).isEmpty() && recent(notes)) {
            return notes;
        }
        if (path.toFile().exists()) {
            log.info(
                    "the index in {} has no offset, is too old, damaged or of another version, and is built anew",
                    path);
            metrics.discarded();
            Utils.delete(path.toFile());
        }
        return Map.of();
    }

    private boolean recent(Map<String, String> notes) {
        try {
            Instant time = Instant.parse(notes.getOrDefault(TIME_NOTE, ""));
            return Duration.between(time, wallClock.instant()).abs().compareTo(MAX_AGE) < 0;
        } catch (DateTimeParseException e) {
            return false;
        }
    }

    /** Takes up the passages of a document, in place of what its key held before. */
    public void put(String key, DocumentPassages document) {
        processing = true;
        apply(key, document);
    }

    private void apply(String key, DocumentPassages document) {
        changed();
        try {
            open().put(key, document);
        } catch (IOException e) {
            throw failed("written", e);
        }
    }

    /** Forgets a document; nothing happens where there is none. */
    public void delete(String key) {
        processing = true;
        forget(key);
    }

    private void forget(String key) {
        changed();
        try {
            open().delete(key);
        } catch (IOException e) {
            throw failed("written", e);
        }
    }

    /**
     * The passages of a workspace that bear on {@code question}, best first, at most {@code limit}; none where none does.
     *
     * @param minSimilarity the cosine from which on a passage fits, whatever its words are
     */
    public List<Passage> find(WorkspaceKey workspace, Question question, int limit, double minSimilarity) {
        processing = true;
        try {
            return open().find(workspace, question, SearchMode.HYBRID, limit, minSimilarity);
        } catch (IOException e) {
            throw failed("read", e);
        }
    }

    /** Whether a workspace may have passages; false only where it has none, so that nothing need be looked for. */
    public boolean mayHold(WorkspaceKey workspace) {
        processing = true;
        try {
            return open().mayHold(workspace);
        } catch (IOException e) {
            throw failed("read", e);
        }
    }

    /** How many passages there are, of all workspaces. */
    public long passages() {
        return open().passages();
    }

    private void changed() {
        changes++;
        offsetsKnown = false;
    }

    private PassageIndex open() {
        if (index == null) {
            throw new IllegalStateException("the store " + name + " is not open");
        }
        return index;
    }

    private ProcessorStateException failed(String what, IOException cause) {
        return new ProcessorStateException("the passage index of " + name + " cannot be " + what, cause);
    }

    /** What Streams hands over while it restores. A key that comes more than once in a batch is taken as it was last. */
    private void restore(Collection<KeyValue<byte[], byte[]>> records) {
        Map<String, PassageChange> latest = new LinkedHashMap<>();
        for (KeyValue<byte[], byte[]> record : records) {
            String key = record.key == null ? null : readKey(record.key);
            PassageChange change = key == null ? null : readChange(record.value);
            if (key == null || change == null || PassageChange.objection(key, change) != null) {
                // Poison, which went to the dead letters when it was processed.
                metrics.skipped();
                continue;
            }
            latest.put(key, change);
        }
        latest.forEach((key, change) -> {
            switch (change) {
                case PassageChange.Put(DocumentPassages document) -> apply(key, document);
                case PassageChange.Deleted deleted -> forget(key);
            }
        });
    }

    private String readKey(byte[] bytes) {
        return topic.keys().deserializer().deserialize(topic.name(), bytes);
    }

    private @Nullable PassageChange readChange(byte @Nullable [] bytes) {
        try {
            return topic.values().deserializer().deserialize(topic.name(), bytes);
        } catch (UndecodableRecordException e) {
            return null;
        }
    }

    /**
     * Notes up to where the index has read. It is written to disk now and then only: what is missing after a crash is read
     * again.
     */
    @Override
    public void commit(Map<TopicPartition, Long> changelogOffsets) {
        Map<TopicPartition, Long> known = new LinkedHashMap<>();
        changelogOffsets.forEach((partition, offset) -> {
            if (offset != null) {
                known.put(partition, offset);
            }
        });
        offsets = Map.copyOf(known);
        offsetsKnown = true;
        boolean forget = offsets.isEmpty() && !committed.isEmpty();
        boolean due = changes > 0
                && (changes >= CHANGES_BETWEEN_COMMITS
                        || nanoClock.getAsLong() - committedNanos >= TIME_BETWEEN_COMMITS.toNanos());
        if (forget || due) {
            write();
        }
    }

    private void write() {
        Map<String, String> notes = new LinkedHashMap<>();
        offsets.forEach((partition, offset) -> notes.put(OFFSET_NOTE + partition, Long.toString(offset)));
        if (processing) {
            current = wallClock.instant();
        }
        notes.put(TIME_NOTE, current.toString());
        try {
            open().commit(notes);
        } catch (IOException e) {
            throw failed("committed", e);
        }
        committed = offsets;
        committedNanos = nanoClock.getAsLong();
        changes = 0;
    }

    private static Map<TopicPartition, Long> offsets(Map<String, String> notes) {
        Map<TopicPartition, Long> offsets = new LinkedHashMap<>();
        notes.forEach((key, value) -> {
            if (key.startsWith(OFFSET_NOTE)) {
                String partition = key.substring(OFFSET_NOTE.length());
                int dash = partition.lastIndexOf('-');
                offsets.put(
                        new TopicPartition(
                                partition.substring(0, dash), Integer.parseInt(partition.substring(dash + 1))),
                        Long.valueOf(value));
            }
        });
        return Map.copyOf(offsets);
    }

    @Override
    @SuppressWarnings("NullAway") // Kafka's interface is not annotated: null says that there is none.
    public Long committedOffset(TopicPartition partition) {
        return committed.get(partition);
    }

    @Override
    @SuppressWarnings("deprecation") // Asked for until all stores do.
    public boolean managesOffsets() {
        return true;
    }

    @Override
    public void close() {
        PassageIndex closing = index;
        if (closing == null) {
            return;
        }
        try {
            // Also where nothing has changed, to note that this is still so.
            if (offsetsKnown && !offsets.isEmpty() && (processing || changes > 0)) {
                write();
            }
        } catch (RuntimeException e) {
            log.warn("the passage index of {} closes without a commit; what is missing is read again", name, e);
        }
        index = null;
        metrics.closed(closing);
        try {
            closing.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public boolean persistent() {
        return true;
    }

    @Override
    public boolean isOpen() {
        return index != null;
    }

    private record Builder(String name, Supplier<PassageStore> stores) implements StoreBuilder<PassageStore> {

        @Override
        public StoreBuilder<PassageStore> withCachingEnabled() {
            throw new UnsupportedOperationException("an index has its own write buffer");
        }

        @Override
        public StoreBuilder<PassageStore> withCachingDisabled() {
            return this;
        }

        @Override
        public StoreBuilder<PassageStore> withLoggingEnabled(Map<String, String> config) {
            throw new UnsupportedOperationException("the topic that is read is the changelog");
        }

        @Override
        public StoreBuilder<PassageStore> withLoggingDisabled() {
            return this;
        }

        @Override
        public PassageStore build() {
            return stores.get();
        }

        @Override
        public Map<String, String> logConfig() {
            return Map.of();
        }

        @Override
        public boolean loggingEnabled() {
            return false;
        }
    }
}
