package dev.parley.llm.classify;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.chat.v1.TurnRequest;
import dev.parley.schemas.CloudEventHeaders;
import dev.parley.schemas.Topics;
import dev.parley.schemas.settings.TopicSettings;
import dev.parley.stack.InMemoryRegistry;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.Test;

class FormerOrdersTest {

    private final Topics topics = Topics.of(new TopicSettings("", 1, (short) 1), InMemoryRegistry.serdes());

    private static final TurnRequest TURN = TurnRequest.newBuilder()
            .setTenantId("t")
            .setConversationId("c")
            .setWorkspaceId("w")
            .setTurnId("turn")
            .setGenerationId("turn.1")
            .setAssistantMessageId("a")
            .setAttempt(1)
            .setCause("initial")
            .setTime(Instant.EPOCH)
            .setContent("Make me a report!")
            .setHistory(List.of())
            .setMetadata(Map.of("k", "v"))
            .setConfiguration("v1")
            .build();

    @Test
    void theTurnComesRoundAgainAsItWasWithoutAnIntent() {
        RecordHeaders headers = new RecordHeaders();
        headers.add(CloudEventHeaders.TRACEPARENT, "00-trace-01".getBytes(StandardCharsets.UTF_8));

        ProducerRecord<byte[], byte[]> record = FormerOrders.answer(topics.turns(), TURN, headers, Instant.EPOCH);

        assertThat(record.topic()).isEqualTo(topics.turns().name());
        assertThat(new String(record.key(), StandardCharsets.UTF_8)).isEqualTo("t/w");
        assertThat(CloudEventHeaders.text(record.headers(), CloudEventHeaders.TYPE))
                .isEqualTo("dev.parley.chat.v1.TurnRequest");
        assertThat(CloudEventHeaders.text(record.headers(), CloudEventHeaders.TRACEPARENT))
                .isEqualTo("00-trace-01");
        TurnRequest turn = topics.turns().values().deserializer().deserialize(record.topic(), record.value());
        assertThat(Objects.requireNonNull(turn.getClassification()).getIntent()).isEmpty();
        assertThat(turn.getClassification().getReason()).contains("earlier version");
        assertThat(TurnRequest.newBuilder(turn).setClassification(null).build()).isEqualTo(TURN);
    }
}
