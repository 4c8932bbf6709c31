package dev.parley.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.schemas.DeadLetter;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.Topics;
import dev.parley.schemas.settings.Settings;
import dev.parley.stack.Provisioner;
import dev.parley.stack.TestStack;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class DeadLettersCommandIT {

    private static final byte[] KEY = "acme/c".getBytes(StandardCharsets.UTF_8);
    private static final byte[] VALUE = {0, 1, 2, 3};

    private final Map<String, String> environment = new HashMap<>(Map.of(
            "KAFKA_BOOTSTRAP_SERVERS",
            TestStack.shared().bootstrapServers(),
            "SCHEMA_REGISTRY_URL",
            TestStack.shared().registryUrl(),
            "PARLEY_PREFIX",
            "d" + UUID.randomUUID().toString().substring(0, 8) + ".",
            "PARLEY_PARTITIONS",
            "1"));
    private final ClusterFlags.Cluster cluster = ClusterFlags.cluster(Settings.of(environment));
    private final Topics topics = cluster.topics();

    private record Run(int status, String out, String err) {}

    private Run run(String... arguments) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int status = Parley.execute(
                new DeadLettersCommand(
                        environment,
                        new PrintStream(out, true, StandardCharsets.UTF_8),
                        new PrintStream(err, true, StandardCharsets.UTF_8)),
                arguments);
        return new Run(status, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    @BeforeEach
    void provision() {
        new Provisioner(cluster.kafka(), cluster.registry()).provision(topics);
    }

    private void setAside(String topic, long offset, ErrorCode code) {
        ConsumerRecord<byte[], byte[]> poison = new ConsumerRecord<>(topic, 0, offset, KEY, VALUE);
        poison.headers().add("ce_id", "the-id".getBytes(StandardCharsets.UTF_8));
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(
                cluster.kafka().client("test", Map.of()), new ByteArraySerializer(), new ByteArraySerializer())) {
            var _ = producer.send(
                    DeadLetter.of(topics.deadLetters(), poison, code, "conversation", "why", Instant.now()));
        }
    }

    private List<ConsumerRecord<byte[], byte[]>> records(String topic) {
        TopicPartition only = new TopicPartition(topic, 0);
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(
                cluster.kafka().client("test", Map.of()), new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            consumer.assign(List.of(only));
            consumer.seekToBeginning(List.of(only));
            long end = consumer.endOffsets(List.of(only)).getOrDefault(only, 0L);
            List<ConsumerRecord<byte[], byte[]>> found = new ArrayList<>();
            while (consumer.position(only) < end) {
                consumer.poll(Duration.ofMillis(100)).forEach(found::add);
            }
            return found;
        }
    }

    @Test
    void whatMayGoBackGoesBackAsItWasAndNothingElseDoes() {
        assertThat(run("list").out()).contains("0 dead letters");
        String commands = topics.commands().name();
        setAside(commands, 7, ErrorCode.UNKNOWN_TYPE);
        setAside(commands, 8, ErrorCode.UNDECODABLE_RECORD);
        setAside(topics.events().name(), 9, ErrorCode.UNKNOWN_TYPE);

        Run all = run("list");
        assertThat(all.status()).as(all.err()).isZero();
        assertThat(all.out())
                .contains("0@0", commands + "-0@7", "conversation  unknown_type  why", "3 dead letters")
                .doesNotContain("acme");
        assertThat(run("list", "--code", "undecodable_record").out()).contains("-0@8", "1 dead letter");

        assertThat(run("replay").status()).isEqualTo(2);
        Run mixed = run("replay", "--code", "unknown_type");
        assertThat(mixed.status()).isEqualTo(1);
        assertThat(mixed.err()).contains(topics.events().name() + "-0@9 may not be written back");
        assertThat(records(commands)).isEmpty();

        assertThat(run("replay", "--code", "unknown_type", "--topic", commands, "--dry-run")
                        .out())
                .contains("would write back 1");
        assertThat(records(commands)).isEmpty();
        assertThat(run("replay", "--at", "0@0").out()).contains("wrote back 1");
        assertThat(records(commands)).singleElement().satisfies(back -> {
            assertThat(back.key()).isEqualTo(KEY);
            assertThat(back.value()).isEqualTo(VALUE);
            assertThat(back.headers()).singleElement().satisfies(header -> {
                assertThat(header.key()).isEqualTo("ce_id");
                assertThat(new String(header.value(), StandardCharsets.UTF_8)).isEqualTo("the-id");
            });
        });
        assertThat(records(topics.events().name())).isEmpty();
    }
}
