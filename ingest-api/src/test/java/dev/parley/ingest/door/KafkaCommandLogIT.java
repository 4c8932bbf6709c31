package dev.parley.ingest.door;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.chat.v1.CancelTurn;
import dev.parley.chat.v1.Command;
import dev.parley.ingest.FakeWorld;
import dev.parley.ingest.http.Call;
import dev.parley.ingest.http.ProblemException;
import dev.parley.schemas.CloudEventHeaders;
import dev.parley.schemas.Topics;
import dev.parley.schemas.TraceParent;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.schemas.settings.KafkaSettings;
import dev.parley.schemas.settings.TopicSettings;
import dev.parley.stack.InMemoryRegistry;
import dev.parley.stack.TestStack;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.junit.jupiter.api.Test;

/** Commands on a real broker, and without one. */
class KafkaCommandLogIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private static Topics topics() {
        String prefix = "t" + UUID.randomUUID().toString().substring(0, 8) + ".";
        return Topics.of(new TopicSettings(prefix, 1, (short) 1), InMemoryRegistry.serdes());
    }

    @Test
    void aCommandIsOnTheTopicUnderItsConversationWithItsHeaders() throws Exception {
        KafkaSettings kafka = KafkaSettings.of(TestStack.shared().bootstrapServers());
        Topics topics = topics();
        try (Admin admin = Admin.create(kafka.client("test-admin", Map.of()))) {
            admin.createTopics(List.of(new NewTopic(topics.commands().name(), 1, (short) 1)))
                    .all()
                    .get();
        }
        Call call = new Call("cmd_1", TraceParent.continueOrStart(null));
        try (KafkaCommandLog log = new KafkaCommandLog(kafka, topics, new SimpleMeterRegistry())) {
            log.append(new ConversationKey("acme", "c"), new CancelTurn("turn_1"), call);
        }

        ConsumerRecord<byte[], byte[]> record =
                onlyRecord(kafka, topics.commands().name());
        assertThat(new String(record.key(), StandardCharsets.UTF_8)).isEqualTo("acme/c");
        Command command = topics.commands().values().deserializer().deserialize(record.topic(), record.value());
        assertThat(command.getCommandId()).isEqualTo("cmd_1");
        assertThat(command.getTenantId()).isEqualTo("acme");
        assertThat(command.getConversationId()).isEqualTo("c");
        assertThat(((CancelTurn) command.getBody()).getTurnId()).isEqualTo("turn_1");
        assertThat(CloudEventHeaders.text(record.headers(), CloudEventHeaders.ID))
                .isEqualTo("cmd_1");
        assertThat(CloudEventHeaders.text(record.headers(), CloudEventHeaders.TYPE))
                .isEqualTo("dev.parley.chat.v1.CancelTurn");
        assertThat(CloudEventHeaders.text(record.headers(), CloudEventHeaders.TRACEPARENT))
                .isEqualTo(call.traceparent());
    }

    private static ConsumerRecord<byte[], byte[]> onlyRecord(KafkaSettings kafka, String topic) {
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(
                kafka.client("test-consumer", Map.of("auto.offset.reset", "earliest")),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer())) {
            TopicPartition partition = new TopicPartition(topic, 0);
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            ConsumerRecords<byte[], byte[]> records = consumer.poll(PATIENCE);
            assertThat(records.count()).isEqualTo(1);
            return records.iterator().next();
        }
    }

    @Test
    void whereThereIsNoKafkaTheCallerIsToldAndMayTryAgain() throws IOException {
        int nobodyListens;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            nobodyListens = socket.getLocalPort();
        }
        try (KafkaCommandLog log = new KafkaCommandLog(
                KafkaSettings.of("127.0.0.1:" + nobodyListens), topics(), new SimpleMeterRegistry())) {
            assertThatThrownBy(() ->
                            log.append(new ConversationKey("default", "c"), new CancelTurn(null), FakeWorld.call()))
                    .isInstanceOf(ProblemException.class)
                    .hasMessageStartingWith("unavailable")
                    .hasMessageContaining("Idempotency-Key");
        }
    }
}
