package dev.parley.topologies;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.parley.schemas.serde.RegistryUnavailableException;
import dev.parley.stack.TestStack;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.AutoOffsetReset;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.Record;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StreamsApplicationIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Duration ABSENCE = Duration.ofSeconds(1);

    private final String bootstrap = TestStack.shared().bootstrapServers();
    private final String id = "streams-application-it-" + UUID.randomUUID();

    @TempDir
    private Path dir;

    /** What was read, and what keeps from reading on. */
    private static final class Reading {
        private final Queue<String> read = new ConcurrentLinkedQueue<>();
        private volatile Optional<RuntimeException> trouble = Optional.empty();

        void take(String value) {
            trouble.ifPresent(failure -> {
                throw failure;
            });
            read.add(value);
        }
    }

    private record Taking(Reading reading) implements Processor<String, String, Void, Void> {
        @Override
        public void process(Record<String, String> record) {
            reading.take(record.value());
        }
    }

    @BeforeEach
    void createTopic() throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
            admin.createTopics(List.of(new NewTopic(id, 1, (short) 1))).all().get();
        }
    }

    @Test
    void withoutTheRegistryItGivesItsPartitionsToOthersAndComesBack() throws Exception {
        Reading without = new Reading();
        Reading with = new Reading();
        StreamsApplication first = application("first", without);
        StreamsApplication second = application("second", with);
        first.start();
        try {
            await().atMost(PATIENCE).until(() -> first.health().ready());
            without.trouble = Optional.of(new RegistryUnavailableException("no answer"));
            send("a");
            await().atMost(PATIENCE)
                    .until(() -> first.health().detail().equals("one waits: the schema registry does not answer"));
            assertThat(first.health().ready()).isFalse();
            assertThat(first.hasDied()).isFalse();

            second.start();
            await().atMost(PATIENCE).until(() -> with.read.contains("a"));

            second.close();
            without.trouble = Optional.empty();
            await().atMost(PATIENCE).until(() -> first.health().ready());
            send("b");
            await().atMost(PATIENCE).until(() -> without.read.contains("b"));
        } finally {
            second.close();
            first.close();
        }
        assertThat(without.read).containsExactly("b");
        assertThat(with.read).containsExactly("a");
    }

    @Test
    void aThreadThatFailsIsReplacedAndHealthTellsOfIt() throws Exception {
        Reading reading = new Reading();
        StreamsApplication application = application("only", reading);
        application.start();
        try {
            await().atMost(PATIENCE).until(() -> application.health().ready());
            reading.trouble = Optional.of(new IllegalStateException("a fault"));
            send("a");
            await().atMost(PATIENCE).until(() -> application.health().detail().contains("after"));
            assertThat(application.health().ready()).isFalse();
            assertThat(application.hasDied()).isFalse();

            reading.trouble = Optional.empty();
            await().atMost(PATIENCE)
                    .until(() ->
                            reading.read.contains("a") && application.health().ready());
        } finally {
            application.close();
        }
    }

    private StreamsApplication application(String name, Reading reading) {
        Properties config = new Properties();
        config.put(StreamsConfig.APPLICATION_ID_CONFIG, id);
        config.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap);
        config.put(StreamsConfig.STATE_DIR_CONFIG, dir.resolve(name).toString());
        config.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 100);
        // A thread that is replaced leaves its place in the group only when it expires.
        config.put(StreamsConfig.consumerPrefix("session.timeout.ms"), 6_000);
        config.put(StreamsConfig.consumerPrefix("heartbeat.interval.ms"), 1_000);
        return new StreamsApplication("one", () -> topology(reading), config, ABSENCE);
    }

    private Topology topology(Reading reading) {
        Topology topology = new Topology();
        topology.addSource(AutoOffsetReset.earliest(), "read", new StringDeserializer(), new StringDeserializer(), id);
        topology.addProcessor("take", () -> new Taking(reading), "read");
        return topology;
    }

    private void send(String value) throws Exception {
        try (KafkaProducer<String, String> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", bootstrap), new StringSerializer(), new StringSerializer())) {
            producer.send(new ProducerRecord<>(id, "key", value)).get();
        }
    }
}
