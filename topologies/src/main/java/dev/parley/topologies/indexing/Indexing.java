package dev.parley.topologies.indexing;

import dev.parley.chat.v1.Document;
import dev.parley.chat.v1.DocumentPassages;
import dev.parley.schemas.CloudEventHeaders;
import dev.parley.schemas.DeadLetter;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.Role;
import dev.parley.schemas.TopicSpec;
import dev.parley.schemas.Topics;
import dev.parley.schemas.keys.WorkspaceKey;
import dev.parley.schemas.serde.UndecodableRecordException;
import dev.parley.schemas.settings.KafkaSettings;
import dev.parley.schemas.settings.TopicSettings;
import dev.parley.topologies.retrieval.Embedder;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads documents, writes their passages to the same partition of {@code chat.passages} under the same key, and commits
 * what Kafka has acknowledged. At least once; a repeat writes the same again.
 *
 * <p>One thread owns consumer, producer and indexer. Whatever goes wrong outside a record, it drops both clients and
 * begins anew at the last commit; what is wrong with a record itself makes it a dead letter.
 */
public final class Indexing implements Role {

    private static final Logger logger = LoggerFactory.getLogger(Indexing.class);

    private static final String STAGE = "indexing";
    private static final Duration POLL = Duration.ofMillis(500);
    private static final Duration COMMIT_INTERVAL = Duration.ofSeconds(1);
    private static final Duration PAUSE_AFTER_TROUBLE = Duration.ofSeconds(1);
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(3);

    /** A document of the largest size takes some minutes to embed. */
    private static final Duration LONGEST_DOCUMENT = Duration.ofMinutes(15);

    private static final int MAX_UNACKNOWLEDGED = 200;

    /** What is not the text of a document must leave room for it, in the record of its passages too. */
    private static final int MAX_PATH_CHARS = 2048;

    private static final int MAX_URI_CHARS = 16_384;

    private final KafkaSettings kafka;
    private final Topics topics;
    private final String group;
    private final String clientId =
            "parley-indexing-" + UUID.randomUUID().toString().substring(0, 8);
    private final IndexingMetrics metrics;
    private final Indexer indexer;
    private final InstantSource clock = InstantSource.system();
    private final Thread thread;
    private volatile boolean closing;
    private volatile boolean assigned;
    private volatile String trouble = "";

    private Indexing(
            Embedder embedder, KafkaSettings kafka, TopicSettings topicSettings, Topics topics, MeterRegistry meters) {
        this.kafka = kafka;
        this.topics = topics;
        this.group = topicSettings.groupId(STAGE);
        this.metrics = new IndexingMetrics(meters, STAGE, topics.documents().name());
        this.indexer = new Indexer(embedder, Indexer.MAX_PASSAGES_BYTES, metrics, () -> closing);
        this.thread = Thread.ofPlatform().name(STAGE).unstarted(this::run);
    }

    /** The passages of one document as this stage makes them, for those who measure what is found of them. */
    public static DocumentPassages passages(Document document, Embedder embedder) {
        IndexingMetrics unread = new IndexingMetrics(new SimpleMeterRegistry(), STAGE, "documents");
        return new Indexer(embedder, Indexer.MAX_PASSAGES_BYTES, unread, () -> false)
                .index(document, Splitter.cut(document));
    }

    /** Starts the stage; it takes documents as soon as it has joined its group. */
    public static Indexing start(
            Embedder embedder, KafkaSettings kafka, TopicSettings topicSettings, Topics topics, MeterRegistry meters) {
        Indexing indexing = new Indexing(embedder, kafka, topicSettings, topics, meters);
        indexing.thread.start();
        return indexing;
    }

    @Override
    public String name() {
        return STAGE;
    }

    @Override
    public Health health() {
        String trouble = this.trouble;
        if (!trouble.isEmpty()) {
            return new Health(false, trouble);
        }
        return new Health(assigned, assigned ? "running" : "joining its group");
    }

    @Override
    public boolean hasDied() {
        return !closing && !thread.isAlive();
    }

    @Override
    public void close() {
        closing = true;
        try {
            if (!thread.join(POLL.plus(CLOSE_TIMEOUT))) {
                thread.interrupt();
                thread.join(CLOSE_TIMEOUT);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    // Everything below runs on the stage's own thread.

    private void run() {
        while (!closing) {
            try {
                session();
            } catch (InterruptException e) {
                return;
            } catch (RuntimeException e) {
                assigned = false;
                if (!closing) {
                    trouble = String.valueOf(e.getMessage());
                    metrics.outage();
                    logger.warn("documents cannot be indexed; going on from the last commit", e);
                    if (!pause()) {
                        return;
                    }
                }
            }
        }
    }

    private void session() {
        Producer<byte[], byte[]> producer = producer();
        try {
            Consumer<byte[], byte[]> consumer = consumer();
            try {
                new Session(producer, consumer).run();
            } finally {
                // Leaves the group, so that another has the partitions at once.
                consumer.close(CloseOptions.timeout(CLOSE_TIMEOUT));
            }
        } finally {
            producer.close(CLOSE_TIMEOUT);
        }
    }

    private Producer<byte[], byte[]> producer() {
        return new KafkaProducer<>(
                kafka.client(
                        clientId,
                        Map.of(
                                "acks",
                                "all",
                                "enable.idempotence",
                                true,
                                "compression.type",
                                "lz4",
                                "linger.ms",
                                5,
                                "max.request.size",
                                TopicSpec.MAX_MESSAGE_BYTES,
                                "delivery.timeout.ms",
                                30_000,
                                "request.timeout.ms",
                                10_000)),
                new ByteArraySerializer(),
                new ByteArraySerializer());
    }

    private Consumer<byte[], byte[]> consumer() {
        Map<String, Object> settings = new HashMap<>();
        settings.put("group.id", group);
        settings.put("enable.auto.commit", false);
        settings.put("auto.offset.reset", "earliest");
        // One at a time from the consumer's own buffer: how long a document takes is not known before.
        settings.put("max.poll.records", 1);
        settings.put("max.poll.interval.ms", (int) LONGEST_DOCUMENT.toMillis());
        settings.put("fetch.max.bytes", TopicSpec.MAX_MESSAGE_BYTES);
        settings.put("max.partition.fetch.bytes", TopicSpec.MAX_MESSAGE_BYTES / 16);
        settings.put("session.timeout.ms", 10_000);
        settings.put("heartbeat.interval.ms", 2_000);
        return new KafkaConsumer<>(
                kafka.client(clientId, settings), new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    /** @return false where the thread is to end */
    private static boolean pause() {
        try {
            Thread.sleep(PAUSE_AFTER_TROUBLE);
            return true;
        } catch (InterruptedException e) {
            return false;
        }
    }

    /** The work of one pair of clients, until one of them fails. */
    private final class Session implements ConsumerRebalanceListener {

        private final Producer<byte[], byte[]> producer;
        private final Consumer<byte[], byte[]> consumer;
        private final List<Future<RecordMetadata>> unacknowledged = new ArrayList<>();
        private final Map<TopicPartition, OffsetAndMetadata> done = new HashMap<>();
        private long committedNanos = System.nanoTime();
        private boolean failed;

        Session(Producer<byte[], byte[]> producer, Consumer<byte[], byte[]> consumer) {
            this.producer = producer;
            this.consumer = consumer;
        }

        void run() {
            consumer.subscribe(List.of(topics.documents().name()), this);
            try {
                work();
            } catch (RuntimeException e) {
                failed = true;
                throw e;
            }
        }

        private void work() {
            while (!closing) {
                boolean idle = true;
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(done.isEmpty() ? POLL : Duration.ZERO)) {
                    idle = false;
                    try {
                        process(record);
                    } catch (CancellationException e) {
                        // Closing, in the middle of a document that the next owner begins anew.
                        break;
                    }
                    done.put(
                            new TopicPartition(record.topic(), record.partition()),
                            new OffsetAndMetadata(record.offset() + 1));
                }
                if (idle
                        || unacknowledged.size() >= MAX_UNACKNOWLEDGED
                        || System.nanoTime() - committedNanos > COMMIT_INTERVAL.toNanos()) {
                    commit();
                }
            }
            commit();
        }

        private void process(ConsumerRecord<byte[], byte[]> record) {
            String key;
            Document document;
            try {
                key = key(record);
                document = topics.documents().values().deserializer().deserialize(record.topic(), record.value());
            } catch (UndecodableRecordException e) {
                setAside(record, ErrorCode.UNDECODABLE_RECORD, String.valueOf(e.getMessage()));
                return;
            }
            String objection = objection(key, document);
            if (objection != null) {
                setAside(record, ErrorCode.INVALID_RECORD, objection);
            } else if (document == null) {
                send(record, null);
                metrics.deleted();
            } else {
                index(record, document);
            }
        }

        private void index(ConsumerRecord<byte[], byte[]> record, Document document) {
            Splitter.Cut cut;
            try {
                cut = Splitter.cut(document);
            } catch (RuntimeException | StackOverflowError e) {
                // Whatever a text may do to a parser, the next document is not to wait for it.
                logger.error("a document cannot be cut", e);
                setAside(record, ErrorCode.INVALID_RECORD, "the text cannot be cut: " + e.getClass());
                return;
            }
            DocumentPassages passages = indexer.index(document, cut);
            send(record, passages);
            metrics.indexed(passages.getPassages().size(), record.timestamp(), clock.instant());
        }

        private @Nullable String key(ConsumerRecord<byte[], byte[]> record) {
            return topics.documents().keys().deserializer().deserialize(record.topic(), record.key());
        }

        /**
         * The passages go where the document was, not where their key would have them: a task that owns a workspace's
         * partition owns all of its passages.
         */
        private void send(ConsumerRecord<byte[], byte[]> record, @Nullable DocumentPassages passages) {
            String topic = topics.passages().name();
            unacknowledged.add(producer.send(new ProducerRecord<>(
                    topic,
                    record.partition(),
                    record.key(),
                    passages == null
                            ? null
                            : topics.passages().values().serializer().serialize(topic, passages),
                    passages == null
                            ? trace(record)
                            : CloudEventHeaders.of(
                                    record.topic() + "-" + record.partition() + "-" + record.offset(),
                                    passages,
                                    "/parley/indexing",
                                    clock.instant(),
                                    record.headers()))));
        }

        private void setAside(ConsumerRecord<byte[], byte[]> record, ErrorCode code, String cause) {
            logger.warn("dead letter from {}-{}@{}: {}", record.topic(), record.partition(), record.offset(), cause);
            metrics.refused();
            unacknowledged.add(
                    producer.send(DeadLetter.of(topics.deadLetters(), record, code, STAGE, cause, clock.instant())));
        }

        /** Waits for Kafka to have all that was written, and only then says which documents it was. */
        private void commit() {
            trouble = "";
            committedNanos = System.nanoTime();
            if (done.isEmpty()) {
                return;
            }
            producer.flush();
            for (Future<RecordMetadata> sent : unacknowledged) {
                acknowledged(sent);
            }
            unacknowledged.clear();
            consumer.commitSync(done);
            metrics.lag(lag());
            done.clear();
        }

        private void acknowledged(Future<RecordMetadata> sent) {
            try {
                sent.get();
            } catch (ExecutionException e) {
                throw new KafkaException("the log does not take passages", e.getCause());
            } catch (InterruptedException e) {
                throw new InterruptException(e);
            }
        }

        private long lag() {
            long lag = 0;
            for (TopicPartition partition : consumer.assignment()) {
                OptionalLong behind = consumer.currentLag(partition);
                lag += behind.orElse(0);
            }
            return lag;
        }

        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
            // Even with none: there may be more processes than partitions.
            assigned = true;
        }

        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
            if (!failed) {
                commit();
            }
        }

        @Override
        public void onPartitionsLost(Collection<TopicPartition> partitions) {
            // Another has them and does their records again, which changes nothing.
            done.keySet().removeAll(partitions);
        }
    }

    private static RecordHeaders trace(ConsumerRecord<byte[], byte[]> record) {
        RecordHeaders headers = new RecordHeaders();
        Header trace = record.headers().lastHeader(CloudEventHeaders.TRACEPARENT);
        if (trace != null) {
            headers.add(trace);
        }
        return headers;
    }

    private static @Nullable String objection(@Nullable String key, @Nullable Document document) {
        if (key == null) {
            return "the key is missing";
        }
        WorkspaceKey workspace;
        try {
            workspace = WorkspaceKey.ofDocument(key);
        } catch (IllegalArgumentException e) {
            return "the key is not tenant/workspace/path";
        }
        String path = workspace.pathOf(key);
        if (path.isEmpty()) {
            return "the key is not tenant/workspace/path";
        }
        if (path.length() > MAX_PATH_CHARS) {
            return "the path is longer than " + MAX_PATH_CHARS + " characters";
        }
        if (document == null) {
            return null;
        }
        if (!workspace.tenant().equals(document.getTenantId())
                || !workspace.workspace().equals(document.getWorkspaceId())
                || !path.equals(document.getPath())) {
            return "the key is not that of the document";
        }
        String uri = document.getUri();
        return uri != null && uri.length() > MAX_URI_CHARS
                ? "uri is longer than " + MAX_URI_CHARS + " characters"
                : null;
    }
}
