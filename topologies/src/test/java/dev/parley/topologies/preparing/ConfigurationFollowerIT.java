package dev.parley.topologies.preparing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.parley.chat.v1.ClassifierKind;
import dev.parley.chat.v1.Configuration;
import dev.parley.schemas.Topics;
import dev.parley.schemas.routes.BuiltInConfiguration;
import dev.parley.schemas.settings.KafkaSettings;
import dev.parley.schemas.settings.TopicSettings;
import dev.parley.stack.InMemoryRegistry;
import dev.parley.stack.Provisioner;
import dev.parley.stack.TestStack;
import dev.parley.topologies.retrieval.WordHashes;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ConfigurationFollowerIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final Topics topics = Topics.of(
            new TopicSettings("follower-it-" + UUID.randomUUID() + ".", 1, (short) 1), InMemoryRegistry.serdes());
    private final KafkaSettings kafka = KafkaSettings.of(TestStack.shared().bootstrapServers());
    private final PreparedConfigurations configurations = new PreparedConfigurations(new WordHashes());
    private final AtomicInteger skipped = new AtomicInteger();
    private final ConfigurationFollower follower =
            new ConfigurationFollower(topics.configuration(), kafka, configurations, skipped::incrementAndGet);
    private KafkaProducer<byte[], byte[]> producer;

    @BeforeEach
    void provision() {
        new Provisioner(kafka, new InMemoryRegistry()).createTopics(topics.specs());
        producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", TestStack.shared().bootstrapServers()),
                new ByteArraySerializer(),
                new ByteArraySerializer());
    }

    @AfterEach
    void stop() {
        follower.close();
        producer.close();
    }

    private static Configuration configuration(String example) {
        return Configured.by(
                ClassifierKind.EXAMPLES,
                0.5,
                BuiltInConfiguration.route("chat"),
                Configured.route("sort", route -> route.setExamples(List.of(example))));
    }

    private void publish(Configuration configuration) throws Exception {
        String topic = topics.configuration().name();
        send(
                configuration.getVersion(),
                topics.configuration().values().serializer().serialize(topic, configuration));
    }

    private void send(String key, byte[] value) throws Exception {
        producer.send(new ProducerRecord<>(topics.configuration().name(), key.getBytes(StandardCharsets.UTF_8), value))
                .get();
    }

    @Test
    void nothingIsWaitedForWhereNothingIsConfigured() throws Exception {
        follower.start();

        assertThat(follower.awaitReady(PATIENCE)).isTrue();
        assertThat(configurations.current()).isEqualTo(BuiltInConfiguration.get());
    }

    @Test
    void theLastOneIsInForceAndThoseBeforeItStayAtHand() throws Exception {
        Configuration old = configuration("sort names");
        Configuration last = configuration("sort numbers");
        publish(old);
        send("broken", new byte[] {1, 2, 3});
        publish(last);
        follower.start();

        assertThat(follower.awaitReady(PATIENCE)).isTrue();
        assertThat(configurations.current()).isEqualTo(last);
        assertThat(configurations.examplesOf(last)).isPresent();
        assertThat(skipped).hasValue(1);
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(configurations.examplesOf(old)).isPresent());

        publish(old);
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(configurations.current()).isEqualTo(old));
        assertThat(configurations.find(last.getVersion())).contains(last);
    }
}
