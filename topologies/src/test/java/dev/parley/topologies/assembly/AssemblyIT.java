package dev.parley.topologies.assembly;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.parley.chat.v1.AttemptClaimed;
import dev.parley.chat.v1.GenerationCompleted;
import dev.parley.chat.v1.GenerationReport;
import dev.parley.schemas.Topic;
import dev.parley.schemas.Topics;
import dev.parley.schemas.settings.KafkaSettings;
import dev.parley.schemas.settings.TopicSettings;
import dev.parley.stack.InMemoryRegistry;
import dev.parley.stack.Provisioner;
import dev.parley.stack.TestStack;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.UUID;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.CloseOptions;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Assembly on a real broker, across restarts that leave it nothing but the changelogs. */
class AssemblyIT {

    private static final String KEY = "default/c1";
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    /** A member that does not say it leaves is waited for. */
    private static final CloseOptions LEAVING = CloseOptions.timeout(PATIENCE)
            .withGroupMembershipOperation(CloseOptions.GroupMembershipOperation.LEAVE_GROUP);

    @TempDir
    private Path dir;

    private final String prefix = "assembly-it-" + UUID.randomUUID() + ".";
    private final Topics topics = Topics.of(new TopicSettings(prefix, 2, (short) 1), InMemoryRegistry.serdes());
    private final String bootstrap = TestStack.shared().bootstrapServers();
    private KafkaProducer<byte[], byte[]> producer;
    private KafkaConsumer<byte[], byte[]> reader;
    private KafkaStreams streams;
    private int starts;

    @BeforeEach
    void start() {
        new Provisioner(KafkaSettings.of(bootstrap), new InMemoryRegistry()).createTopics(topics.specs());
        producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", bootstrap, "linger.ms", 0),
                new ByteArraySerializer(),
                new ByteArraySerializer());
        reader = new KafkaConsumer<>(
                Map.of("bootstrap.servers", bootstrap, "auto.offset.reset", "earliest"),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer());
        streams = startStreams();
    }

    @AfterEach
    void stop() {
        streams.close(LEAVING);
        producer.close();
        reader.close();
    }

    @Test
    void aRunningGenerationOutlivesTheProcessAndItsDisk() throws Exception {
        List<GenerationReport> reports = new ArrayList<>();
        String piece = "a piece of text that fills segments. ".repeat(30);
        StringBuilder text = new StringBuilder();
        send(topics.chunks(), Attempts.started("a", 1));
        int seq = 0;
        for (; seq < 20; seq++) {
            send(topics.chunks(), Attempts.text("a", seq, piece));
            text.append(piece);
        }
        await().atMost(PATIENCE)
                .untilAsserted(
                        () -> assertThat(bodies(reports)).contains(new AttemptClaimed(Attempts.attempt("a", 1))));

        streams.close(LEAVING);
        streams = startStreams();
        for (; seq < 40; seq++) {
            send(topics.chunks(), Attempts.text("a", seq, piece));
            text.append(piece);
        }
        send(topics.chunks(), Attempts.finished("a", seq, text.toString()));

        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(bodies(reports))
                        .contains(GenerationCompleted.newBuilder()
                                .setAttempt(Attempts.attempt("a", 1))
                                .setContent(text.toString())
                                .setFinishReason("stop")
                                .setUsage(Attempts.MEASURED)
                                .setFirstTokenMillis(12.5)
                                .setGenerationMillis(80.0)
                                .build()));
    }

    @Test
    void poisonIsSetAsideAndTheNextChunkIsRead() throws Exception {
        List<GenerationReport> reports = new ArrayList<>();
        byte[] key = KEY.getBytes(StandardCharsets.UTF_8);
        producer.send(new ProducerRecord<>(topics.chunks().name(), key, new byte[] {7, 7}))
                .get();
        send(topics.chunks(), Attempts.started("a", 1));
        await().atMost(PATIENCE)
                .untilAsserted(
                        () -> assertThat(bodies(reports)).contains(new AttemptClaimed(Attempts.attempt("a", 1))));

        List<byte[]> letters = new ArrayList<>();
        await().atMost(PATIENCE).untilAsserted(() -> {
            read(topics.deadLetters().name()).forEach(record -> letters.add(record.value()));
            assertThat(letters).containsExactly(new byte[] {7, 7});
        });
    }

    private KafkaStreams startStreams() {
        Properties properties = new Properties();
        properties.putAll(AssemblyTopology.streamsConfig());
        properties.put(StreamsConfig.APPLICATION_ID_CONFIG, prefix + "assembly");
        properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap);
        properties.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, 1);
        properties.put(StreamsConfig.ENSURE_EXPLICIT_INTERNAL_RESOURCE_NAMING_CONFIG, true);
        Path state = dir.resolve("state-" + starts++);
        assertThat(Files.exists(state)).as("starts without local state").isFalse();
        properties.put(StreamsConfig.STATE_DIR_CONFIG, state.toString());
        KafkaStreams started = new KafkaStreams(
                AssemblyTopology.build(topics, AssemblySettings.defaults(), new SimpleMeterRegistry()), properties);
        started.start();
        return started;
    }

    private <V extends SpecificRecord> void send(Topic<String, V> topic, V value) throws Exception {
        producer.send(new ProducerRecord<>(
                        topic.name(),
                        KEY.getBytes(StandardCharsets.UTF_8),
                        topic.values().serializer().serialize(topic.name(), value)))
                .get();
    }

    private List<GenerationReport.Body> bodies(List<GenerationReport> reports) {
        Topic<String, GenerationReport> topic = topics.generationResults();
        for (ConsumerRecord<byte[], byte[]> record : read(topic.name())) {
            assertThat(new String(record.key(), StandardCharsets.UTF_8)).isEqualTo(KEY);
            reports.add(topic.values().deserializer().deserialize(topic.name(), record.value()));
        }
        return reports.stream().map(GenerationReport::getBody).toList();
    }

    /** What has come to a topic since it was last read. */
    private Iterable<ConsumerRecord<byte[], byte[]>> read(String topic) {
        List<TopicPartition> partitions = List.of(new TopicPartition(topic, 0), new TopicPartition(topic, 1));
        if (!reader.assignment().containsAll(partitions)) {
            reader.assign(partitions);
            reader.seekToBeginning(partitions);
        }
        return reader.poll(Duration.ofMillis(200)).records(topic);
    }
}
