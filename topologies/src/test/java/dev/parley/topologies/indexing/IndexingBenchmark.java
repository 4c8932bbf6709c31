package dev.parley.topologies.indexing;

import static org.awaitility.Awaitility.await;

import dev.parley.chat.v1.Document;
import dev.parley.schemas.Topics;
import dev.parley.schemas.settings.KafkaSettings;
import dev.parley.schemas.settings.TopicSettings;
import dev.parley.stack.InMemoryRegistry;
import dev.parley.stack.Provisioner;
import dev.parley.stack.TestStack;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How fast documents become passages, from topic to topic: the project's own documentation, many times over. No part of
 * the tests; asked for by name, as docs/operations.md has it.
 */
class IndexingBenchmark {

    private static final Logger logger = LoggerFactory.getLogger(IndexingBenchmark.class);

    private static final Duration PATIENCE = Duration.ofMinutes(10);

    private final String bootstrap = TestStack.shared().bootstrapServers();

    @Test
    void withVectors() throws Exception {
        new IndexingSettings(IndexingSettings.Embeddings.BGE_SMALL).embedder().embedQuestion("warm up");
        measure(IndexingSettings.Embeddings.BGE_SMALL, 4);
    }

    @Test
    void withoutVectors() throws Exception {
        measure(IndexingSettings.Embeddings.NONE, 300);
    }

    private void measure(IndexingSettings.Embeddings embeddings, int rounds) throws Exception {
        TopicSettings settings = new TopicSettings("indexing-benchmark-" + UUID.randomUUID() + ".", 1, (short) 1);
        InMemoryRegistry registry = new InMemoryRegistry();
        Topics topics = Topics.of(settings, InMemoryRegistry.serdes(registry));
        KafkaSettings kafka = KafkaSettings.of(bootstrap);
        new Provisioner(kafka, registry).createTopics(topics.specs());
        SimpleMeterRegistry meters = new SimpleMeterRegistry();
        List<Document> documents = documents();
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(
                        Map.of("bootstrap.servers", bootstrap), new ByteArraySerializer(), new ByteArraySerializer());
                Indexing indexing =
                        Indexing.start(new IndexingSettings(embeddings).embedder(), kafka, settings, topics, meters)) {
            await().atMost(PATIENCE).until(() -> indexing.health().ready());
            long started = System.nanoTime();
            for (int round = 0; round < rounds; round++) {
                for (Document document : documents) {
                    String topic = topics.documents().name();
                    var _ = producer.send(new ProducerRecord<>(
                            topic,
                            ("t/w/" + document.getPath()).getBytes(StandardCharsets.UTF_8),
                            topics.documents().values().serializer().serialize(topic, document)));
                }
            }
            producer.flush();
            await().atMost(PATIENCE)
                    .pollInterval(Duration.ofMillis(20))
                    .until(() -> meters.counter("parley.indexing.documents", "outcome", "indexed")
                                    .count()
                            == rounds * documents.size());
            double seconds = (System.nanoTime() - started) / 1e9;
            double passages = meters.counter("parley.indexing.passages").count();
            logger.info(
                    "{}: {} documents, {} passages in {} s: {} passages/s",
                    embeddings.wire(),
                    rounds * documents.size(),
                    (long) passages,
                    "%.1f".formatted(seconds),
                    "%.0f".formatted(passages / seconds));
        }
    }

    private static List<Document> documents() throws IOException {
        try (Stream<Path> files = Files.list(Path.of("..", "docs"))) {
            return files.filter(file -> file.toString().endsWith(".md"))
                    .sorted()
                    .map(IndexingBenchmark::document)
                    .toList();
        }
    }

    private static Document document(Path file) {
        try {
            String name = file.getFileName().toString();
            return new Document("t", "w", name, null, null, "text/markdown", Files.readString(file), Instant.EPOCH);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
