package dev.parley.topologies.indexing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.parley.chat.v1.Document;
import dev.parley.chat.v1.DocumentPassages;
import dev.parley.chat.v1.IndexedPassage;
import dev.parley.schemas.CloudEventHeaders;
import dev.parley.schemas.DeadLetter;
import dev.parley.schemas.Topic;
import dev.parley.schemas.TopicSpec;
import dev.parley.schemas.Topics;
import dev.parley.schemas.serde.RegistryClient;
import dev.parley.schemas.serde.ValueSerdes;
import dev.parley.schemas.settings.KafkaSettings;
import dev.parley.schemas.settings.RegistrySettings;
import dev.parley.schemas.settings.TopicSettings;
import dev.parley.stack.InMemoryRegistry;
import dev.parley.stack.Provisioner;
import dev.parley.stack.TestStack;
import dev.parley.topologies.retrieval.BgeSmallEmbedder;
import dev.parley.topologies.retrieval.Embedder;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.stream.IntStream;
import org.apache.avro.Schema;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Indexing on a real broker, with the real model. */
class IndexingIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int PARTITIONS = 3;
    private static final String TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    private final TopicSettings topicSettings =
            new TopicSettings("indexing-it-" + UUID.randomUUID() + ".", PARTITIONS, (short) 1);
    private final LeavingRegistry registry = new LeavingRegistry();
    private final Topics topics = Topics.of(
            topicSettings, new ValueSerdes(RegistrySettings.of(URI.create("http://in-memory.invalid")), registry));
    private final String bootstrap = TestStack.shared().bootstrapServers();
    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final Embedder embedder = new BgeSmallEmbedder();
    private KafkaProducer<byte[], byte[]> producer;
    private KafkaConsumer<byte[], byte[]> passagesReader;
    private KafkaConsumer<byte[], byte[]> lettersReader;
    private Indexing indexing;

    /** What has been seen of the passages' topic, in the order of each partition. */
    private final List<ConsumerRecord<byte[], byte[]>> seen = new ArrayList<>();

    private final List<ConsumerRecord<byte[], byte[]>> letters = new ArrayList<>();

    @BeforeEach
    void start() {
        new Provisioner(KafkaSettings.of(bootstrap), registry).createTopics(topics.specs());
        producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", bootstrap, "linger.ms", 0, "max.request.size", TopicSpec.MAX_MESSAGE_BYTES),
                new ByteArraySerializer(),
                new ByteArraySerializer());
        passagesReader = reader(topics.passages().name());
        lettersReader = reader(topics.deadLetters().name());
        indexing = startIndexing();
    }

    @AfterEach
    void stop() {
        indexing.close();
        producer.close();
        passagesReader.close();
        lettersReader.close();
    }

    @Test
    void documentsArePutReplacedAndDeletedAcrossRestarts() throws Exception {
        // Partition 2 whatever the key says: it is the workspace's.
        put(2, "default/docs/guide.md", document("guide.md", "# Guide\n\nHow to connect a model."));
        put(2, "default/docs/other.md", document("other.md", "# Other\n\nSomething else."));
        awaitPassages("default/docs/guide.md", "How to connect a model.");
        awaitPassages("default/docs/other.md", "Something else.");
        awaitReady();
        ConsumerRecord<byte[], byte[]> first = latest("default/docs/guide.md");
        assertThat(first.partition()).isEqualTo(2);
        assertThat(CloudEventHeaders.text(first.headers(), CloudEventHeaders.TRACEPARENT))
                .isEqualTo(TRACE);
        DocumentPassages passages = Objects.requireNonNull(decode(first));
        assertThat(passages.getTitle()).isEqualTo("Guide");
        assertThat(passages.getEmbeddingModel()).isEqualTo(embedder.model());
        IndexedPassage passage = passages.getPassages().getFirst();
        assertThat(passage.getSourceId()).isEqualTo("guide.md#0");
        assertThat(passage.getHeading()).isEqualTo("Guide");
        assertThat(passage.getVector().remaining()).isEqualTo(BgeSmallEmbedder.DIMENSIONS * Float.BYTES);

        indexing.close();
        put(2, "default/docs/guide.md", document("guide.md", "# Guide\n\nNow it is another text."));
        put(2, "default/docs/other.md", null);
        put(
                0,
                "default/more/a.txt",
                new Document("default", "more", "a.txt", null, null, "text/plain", "x", Instant.EPOCH));
        indexing = startIndexing();

        awaitPassages("default/docs/guide.md", "Now it is another text.");
        awaitPassages("default/more/a.txt", "x");
        await().atMost(PATIENCE).untilAsserted(() -> {
            poll();
            assertThat(latest("default/docs/other.md").value()).isNull();
        });
        assertThat(latest("default/docs/other.md").partition()).isEqualTo(2);
        assertThat(latest("default/more/a.txt").partition()).isZero();

        indexing.close();
        assertThat(seen.stream().filter(record -> key(record).equals("default/docs/guide.md")))
                .as("what was committed is not done again")
                .hasSize(2);
    }

    @Test
    void poisonIsSetAsideAndThePartitionMovesOn() throws Exception {
        putBytes(1, "default/docs/a", new byte[] {7, 7});
        put(1, "default/docs/b", document("other", "text"));
        put(1, "default/docs/", document("", "text"));
        put(1, "nonsense", null);
        put(1, "default/docs/good", document("good", "A good one."));
        awaitPassages("default/docs/good", "A good one.");
        await().atMost(PATIENCE).untilAsserted(() -> {
            lettersReader.poll(Duration.ofMillis(100)).forEach(letters::add);
            assertThat(letters).hasSize(4);
        });
        assertThat(letters).allSatisfy(letter -> {
            assertThat(CloudEventHeaders.text(letter.headers(), DeadLetter.STAGE))
                    .isEqualTo("indexing");
            assertThat(CloudEventHeaders.text(letter.headers(), DeadLetter.PARTITION))
                    .isEqualTo("1");
        });
        assertThat(letters.stream().map(letter -> CloudEventHeaders.text(letter.headers(), DeadLetter.CAUSE)))
                .contains("the key is not that of the document", "the key is not tenant/workspace/path");
        assertThat(seen).hasSize(1);
    }

    @Test
    void aRegistryThatIsAwayIsWaitedFor() throws Exception {
        registry.away = true;
        put(0, "default/docs/a", document("a", "First."));
        await().atMost(PATIENCE)
                .until(() -> meters.counter("parley.indexing.outages").count() >= 2);
        await().atMost(PATIENCE).until(() -> !indexing.health().ready());
        registry.away = false;
        awaitPassages("default/docs/a", "First.");
        awaitReady();
        assertThat(lettersReader.poll(Duration.ofMillis(500)).isEmpty()).isTrue();
    }

    @Test
    void aStageIsClosedInTheMiddleOfALongDocument() throws Exception {
        String text = "Words that fill a very long document, and then some more of them. ".repeat(40_000);
        put(0, "default/docs/long", document("long", text));
        await().atMost(PATIENCE)
                .until(() -> meters.timer("parley.indexing.embedding").count() > 0);
        indexing.close();
        assertThat(Thread.getAllStackTraces().keySet().stream().map(Thread::getName))
                .doesNotContain("indexing");
        poll();
        assertThat(seen).isEmpty();
    }

    private Indexing startIndexing() {
        return Indexing.start(embedder, KafkaSettings.of(bootstrap), topicSettings, topics, meters);
    }

    private void awaitReady() {
        await().atMost(PATIENCE).until(() -> indexing.health().ready());
    }

    private KafkaConsumer<byte[], byte[]> reader(String topic) {
        KafkaConsumer<byte[], byte[]> reader = new KafkaConsumer<>(
                Map.of("bootstrap.servers", bootstrap), new ByteArrayDeserializer(), new ByteArrayDeserializer());
        List<TopicPartition> partitions = IntStream.range(0, PARTITIONS)
                .mapToObj(partition -> new TopicPartition(topic, partition))
                .toList();
        reader.assign(partitions);
        reader.seekToBeginning(partitions);
        return reader;
    }

    private static Document document(String path, String text) {
        return new Document("default", "docs", path, null, null, "text/markdown", text, Instant.EPOCH);
    }

    private void put(int partition, String key, @Nullable Document document) throws Exception {
        Topic<String, Document> topic = topics.documents();
        putBytes(
                partition,
                key,
                document == null ? null : topic.values().serializer().serialize(topic.name(), document));
    }

    private void putBytes(int partition, String key, byte @Nullable [] value) throws Exception {
        RecordHeaders headers = new RecordHeaders();
        headers.add(CloudEventHeaders.TRACEPARENT, TRACE.getBytes(StandardCharsets.UTF_8));
        producer.send(new ProducerRecord<>(
                        topics.documents().name(), partition, key.getBytes(StandardCharsets.UTF_8), value, headers))
                .get();
    }

    private void poll() {
        passagesReader.poll(Duration.ofMillis(100)).forEach(seen::add);
    }

    private ConsumerRecord<byte[], byte[]> latest(String key) {
        return seen.stream()
                .filter(record -> key(record).equals(key))
                .reduce((earlier, later) -> later)
                .orElseThrow(() -> new AssertionError("nothing of " + key));
    }

    private void awaitPassages(String key, String text) {
        await().atMost(PATIENCE).untilAsserted(() -> {
            poll();
            DocumentPassages passages = decode(latest(key));
            assertThat(passages == null ? List.<IndexedPassage>of() : passages.getPassages())
                    .extracting(IndexedPassage::getText)
                    .containsExactly(text);
        });
    }

    private static String key(ConsumerRecord<byte[], byte[]> record) {
        return new String(record.key(), StandardCharsets.UTF_8);
    }

    private @Nullable DocumentPassages decode(ConsumerRecord<byte[], byte[]> record) {
        return topics.passages().values().deserializer().deserialize(record.topic(), record.value());
    }

    /** A registry that goes away when told to, for whoever wants to read. */
    private static final class LeavingRegistry implements RegistryClient {

        private final InMemoryRegistry registry = new InMemoryRegistry();
        private volatile boolean away;

        @Override
        public Schema schema(int id) {
            if (away) {
                throw new TimeoutException("the registry is away");
            }
            return registry.schema(id);
        }

        @Override
        public int id(String subject, Schema schema) {
            return registry.id(subject, schema);
        }

        @Override
        public int learn(String subject) {
            return registry.learn(subject);
        }

        @Override
        public int register(String subject, Schema schema) {
            return registry.register(subject, schema);
        }

        @Override
        public void compatibility(String subject, String rule) {}
    }
}
