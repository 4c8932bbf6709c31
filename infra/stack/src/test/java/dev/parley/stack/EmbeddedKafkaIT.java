package dev.parley.stack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedKafkaIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    Path dir;

    @Test
    void keepsRecordsOverRestartsOnAnotherPort() throws Exception {
        String clusterId;
        try (EmbeddedKafka kafka = EmbeddedKafka.start(dir, 0)) {
            createTopic(kafka, "kept", 1);
            produce(kafka, "kept", "one");
            clusterId = clusterId(kafka);
        }
        try (EmbeddedKafka kafka = EmbeddedKafka.start(dir, 0)) {
            produce(kafka, "kept", "two");
            assertThat(values(kafka, "kept", 2)).containsExactly("one", "two");
            assertThat(clusterId(kafka)).isEqualTo(clusterId);
        }
    }

    @Test
    void stopsAndStartsAgainOnTheSamePort() throws Exception {
        try (EmbeddedKafka kafka = EmbeddedKafka.start(dir, 0)) {
            createTopic(kafka, "kept", 1);
            produce(kafka, "kept", "one");
            String servers = kafka.bootstrapServers();

            kafka.stop();
            assertThat(Ports.isFree(kafka.port())).isTrue();
            kafka.start();

            assertThat(kafka.bootstrapServers()).isEqualTo(servers);
            assertThat(values(kafka, "kept", 1)).containsExactly("one");
        }
    }

    @Test
    void finishesAFormatThatWasInterrupted() throws Exception {
        try (EmbeddedKafka kafka = EmbeddedKafka.start(dir, 0)) {
            createTopic(kafka, "gone", 1);
        }
        Files.delete(dir.resolve("log/meta.properties"));
        Folders.delete(dir.resolve("log"));
        Files.createDirectories(dir.resolve("log"));

        try (EmbeddedKafka kafka = EmbeddedKafka.start(dir, 0)) {
            createTopic(kafka, "new", 1);
        }
    }

    @Test
    void namesATakenPort() throws Exception {
        try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertThatThrownBy(() -> EmbeddedKafka.start(dir, other.getLocalPort()))
                    .isInstanceOf(PortTakenException.class)
                    .hasMessageContaining(Integer.toString(other.getLocalPort()))
                    .hasMessageContaining("Kafka");
        }
        assertThat(dir.resolve("log")).doesNotExist();
    }

    @Test
    void refusesADirectoryInUse() {
        try (EmbeddedKafka kafka = EmbeddedKafka.start(dir, 0)) {
            assertThatThrownBy(() -> EmbeddedKafka.start(dir, 0))
                    .isInstanceOf(DataDirInUseException.class)
                    .hasMessageContaining(dir.toString())
                    .hasMessageContaining(Long.toString(ProcessHandle.current().pid()));
            assertThat(kafka.port()).isPositive();
        }
    }

    @Test
    void carriesTransactionsShareGroupsAndLargeRecords() throws Exception {
        try (EmbeddedKafka kafka = EmbeddedKafka.start(dir, 0)) {
            createTopic(kafka, "work", 4);
            byte[] large = new byte[10 * 1024 * 1024];
            try (KafkaProducer<String, byte[]> producer = new KafkaProducer<>(
                    Map.of(
                            "bootstrap.servers",
                            kafka.bootstrapServers(),
                            "transactional.id",
                            "embedded-kafka-it",
                            "max.request.size",
                            EmbeddedKafka.MAX_MESSAGE_BYTES),
                    new StringSerializer(),
                    new ByteArraySerializer())) {
                producer.initTransactions();
                producer.beginTransaction();
                Future<RecordMetadata> sent = producer.send(new ProducerRecord<>("work", "key", large));
                producer.commitTransaction();
                assertThat(sent).isDone();
            }

            String group = "share-" + UUID.randomUUID();
            setFromEarliest(kafka, group);
            try (KafkaShareConsumer<String, byte[]> consumer = new KafkaShareConsumer<>(
                    Map.of("bootstrap.servers", kafka.bootstrapServers(), "group.id", group),
                    new StringDeserializer(),
                    new ByteArrayDeserializer())) {
                consumer.subscribe(Set.of("work"));
                long start = System.nanoTime();
                ConsumerRecords<String, byte[]> records = ConsumerRecords.empty();
                while (records.isEmpty() && System.nanoTime() - start < PATIENCE.toNanos()) {
                    records = consumer.poll(Duration.ofMillis(200));
                }
                System.out.println(
                        "share group joined and fetched after " + (System.nanoTime() - start) / 1_000_000 + " ms");
                assertThat(records)
                        .singleElement()
                        .satisfies(record -> assertThat(record.value()).hasSize(large.length));
            }
        }
    }

    private static void setFromEarliest(EmbeddedKafka kafka, String group) throws Exception {
        try (Admin admin = admin(kafka)) {
            admin.incrementalAlterConfigs(Map.of(
                            new ConfigResource(ConfigResource.Type.GROUP, group),
                            List.of(new AlterConfigOp(
                                    new ConfigEntry("share.auto.offset.reset", "earliest"), AlterConfigOp.OpType.SET))))
                    .all()
                    .get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        }
    }

    private static Admin admin(EmbeddedKafka kafka) {
        return Admin.create(Map.of("bootstrap.servers", kafka.bootstrapServers()));
    }

    private static String clusterId(EmbeddedKafka kafka) throws Exception {
        try (Admin admin = admin(kafka)) {
            return admin.describeCluster().clusterId().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        }
    }

    private static void createTopic(EmbeddedKafka kafka, String name, int partitions) throws Exception {
        try (Admin admin = admin(kafka)) {
            admin.createTopics(List.of(new NewTopic(name, partitions, (short) 1)))
                    .all()
                    .get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        }
    }

    private static void produce(EmbeddedKafka kafka, String topic, String value) throws Exception {
        try (KafkaProducer<String, String> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", kafka.bootstrapServers()),
                new StringSerializer(),
                new StringSerializer())) {
            producer.send(new ProducerRecord<>(topic, value)).get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        }
    }

    private static List<String> values(EmbeddedKafka kafka, String topic, int count) {
        try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", kafka.bootstrapServers(), "auto.offset.reset", "earliest"),
                new StringDeserializer(),
                new StringDeserializer())) {
            consumer.assign(List.of(new TopicPartition(topic, 0)));
            List<String> values = new ArrayList<>();
            long start = System.nanoTime();
            while (values.size() < count && System.nanoTime() - start < PATIENCE.toNanos()) {
                for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(200))) {
                    values.add(record.value());
                }
            }
            return values;
        }
    }
}
