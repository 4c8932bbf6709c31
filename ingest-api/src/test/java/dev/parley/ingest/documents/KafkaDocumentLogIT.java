package dev.parley.ingest.documents;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.chat.v1.Document;
import dev.parley.ingest.http.Call;
import dev.parley.schemas.CloudEventHeaders;
import dev.parley.schemas.Topics;
import dev.parley.schemas.TraceParent;
import dev.parley.schemas.keys.DocumentKey;
import dev.parley.schemas.settings.KafkaSettings;
import dev.parley.schemas.settings.TopicSettings;
import dev.parley.stack.InMemoryRegistry;
import dev.parley.stack.TestStack;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;

/** Documents on a real broker. */
class KafkaDocumentLogIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int PARTITIONS = 5;

    @Test
    void aDocumentAndItsEndAreWhereTheTurnsOfTheirWorkspaceAre() throws Exception {
        KafkaSettings kafka = KafkaSettings.of(TestStack.shared().bootstrapServers());
        String prefix = "t" + UUID.randomUUID().toString().substring(0, 8) + ".";
        // As many as the settings say is not as many as there are.
        Topics topics = Topics.of(new TopicSettings(prefix, 1, (short) 1), InMemoryRegistry.serdes());
        String name = topics.documents().name();
        try (Admin admin = Admin.create(kafka.client("test-admin", Map.of()))) {
            admin.createTopics(List.of(
                            new NewTopic(name, PARTITIONS, (short) 1),
                            new NewTopic(topics.turns().name(), PARTITIONS, (short) 1)))
                    .all()
                    .get();
        }
        int ofTurns;
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(
                kafka.client("test", Map.of()), new ByteArraySerializer(), new ByteArraySerializer())) {
            ofTurns = producer.send(new ProducerRecord<>(
                            topics.turns().name(), "acme/w".getBytes(StandardCharsets.UTF_8), new byte[0]))
                    .get()
                    .partition();
        }
        DocumentKey key = new DocumentKey("acme", "w", "a/b.md");
        Document document = new Document("acme", "w", "a/b.md", "T", null, "text/markdown", "text", Instant.EPOCH);
        Call call = new Call("cmd_1", TraceParent.continueOrStart(null));
        DocumentLog.Place end;
        try (KafkaDocumentLog log = new KafkaDocumentLog(kafka, topics, new SimpleMeterRegistry())) {
            assertThat(log.end(key)).isEqualTo(new DocumentLog.Place(ofTurns, 0));
            log.append(key, document, call);
            log.append(key, null, call);
            end = log.end(new DocumentKey("acme", "w", "any"));
        }

        assertThat(end).isEqualTo(new DocumentLog.Place(ofTurns, 2));
        List<ConsumerRecord<byte[], byte[]>> records = records(kafka, new TopicPartition(name, ofTurns));
        assertThat(records)
                .allSatisfy(record -> assertThat(new String(record.key(), StandardCharsets.UTF_8))
                        .isEqualTo("acme/w/a/b.md"))
                .allSatisfy(
                        record -> assertThat(CloudEventHeaders.text(record.headers(), CloudEventHeaders.TRACEPARENT))
                                .isEqualTo(call.traceparent()));
        assertThat(topics.documents()
                        .values()
                        .deserializer()
                        .deserialize(name, records.getFirst().value()))
                .isEqualTo(document);
        assertThat(CloudEventHeaders.text(records.getFirst().headers(), CloudEventHeaders.TYPE))
                .isEqualTo("dev.parley.chat.v1.Document");
        assertThat(records.getLast().value()).isNull();
        assertThat(CloudEventHeaders.text(records.getLast().headers(), CloudEventHeaders.TYPE))
                .isEqualTo("dev.parley.chat.v1.Document.deleted");
    }

    private static List<ConsumerRecord<byte[], byte[]>> records(KafkaSettings kafka, TopicPartition partition) {
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(
                kafka.client("test-consumer", Map.of()), new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
            for (long deadline = System.nanoTime() + PATIENCE.toNanos();
                    records.size() < 2 && System.nanoTime() < deadline; ) {
                consumer.poll(Duration.ofMillis(200)).forEach(records::add);
            }
            return records;
        }
    }
}
