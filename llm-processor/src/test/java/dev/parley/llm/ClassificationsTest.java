package dev.parley.llm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.chat.v1.Classifier;
import dev.parley.chat.v1.ClassifierKind;
import dev.parley.chat.v1.Configuration;
import dev.parley.chat.v1.EngineConfiguration;
import dev.parley.chat.v1.EngineKind;
import dev.parley.chat.v1.GenerationRequest;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.TurnRequest;
import dev.parley.llm.engine.EngineFactory;
import dev.parley.llm.engine.EngineRegistry;
import dev.parley.llm.model.Connections;
import dev.parley.schemas.CloudEventHeaders;
import dev.parley.schemas.Topics;
import dev.parley.schemas.config.TopicSettings;
import dev.parley.schemas.configuration.BuiltInConfiguration;
import dev.parley.schemas.configuration.Configurations;
import dev.parley.schemas.configuration.Versions;
import dev.parley.stack.InMemoryRegistry;
import dev.parley.stack.scripted.Script;
import dev.parley.stack.scripted.ScriptedModelServer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ClassificationsTest {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final Topics topics = Topics.of(new TopicSettings("", 1, (short) 1), InMemoryRegistry.serdes());
    private final MockProducer<byte[], byte[]> producer =
            new MockProducer<>(true, null, new ByteArraySerializer(), new ByteArraySerializer());
    private final ScriptedModelServer server = ScriptedModelServer.start();
    private final Connections connections = new Connections();
    private final ScheduledExecutorService deadlines = Executors.newSingleThreadScheduledExecutor();
    private Classifications classifications = classifications(PATIENCE, false);

    private Classifications classifications(Duration timeout, boolean cancelled) {
        SimpleMeterRegistry meters = new SimpleMeterRegistry();
        EngineFactory factory = new EngineFactory(connections, name -> Optional.empty(), meters);
        Configuration configuration = Versions.stamped(new Configuration(
                "",
                Instant.EPOCH,
                "test",
                "chat",
                new Classifier(ClassifierKind.MODEL, 0.5, "cheap", (int) timeout.toMillis()),
                List.of(BuiltInConfiguration.route("chat"), BuiltInConfiguration.route("report")),
                List.of(EngineConfiguration.newBuilder()
                        .setName("cheap")
                        .setKind(EngineKind.OPENAI)
                        .setModel("scripted")
                        .setRetries(0)
                        .setEndpoints(List.of(server.baseUrl().toString()))
                        .build())));
        EngineRegistry engines = new EngineRegistry(
                Configurations.fixed(configuration), factory, Map.of(), Duration.ofMillis(1), meters);
        return new Classifications(
                new Log(producer),
                topics.turns(),
                engines,
                generation -> cancelled,
                deadlines,
                InstantSource.fixed(Instant.EPOCH),
                meters);
    }

    @AfterEach
    void stop() {
        deadlines.shutdownNow();
        connections.close();
        server.close();
    }

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
            .build();

    private AcknowledgeType classify() {
        RecordHeaders headers = new RecordHeaders();
        headers.add(CloudEventHeaders.TRACEPARENT, "00-trace-01".getBytes(StandardCharsets.UTF_8));
        return classifications.classify(
                new GenerationRequest(
                        "t",
                        "c",
                        "turn",
                        "turn.1",
                        "a",
                        1,
                        "initial",
                        Instant.EPOCH,
                        "cheap",
                        List.of(new PromptMessage(Role.USER, "Which way?", List.of(), null)),
                        List.of(),
                        null,
                        List.of(),
                        "",
                        TURN),
                headers);
    }

    private TurnRequest written() {
        assertThat(producer.history()).hasSize(1);
        ProducerRecord<byte[], byte[]> record = producer.history().getFirst();
        assertThat(record.topic()).isEqualTo(topics.turns().name());
        assertThat(new String(record.key(), StandardCharsets.UTF_8)).isEqualTo("t/w");
        assertThat(CloudEventHeaders.text(record.headers(), CloudEventHeaders.TYPE))
                .isEqualTo("dev.parley.chat.v1.TurnRequest");
        assertThat(CloudEventHeaders.text(record.headers(), CloudEventHeaders.TRACEPARENT))
                .isEqualTo("00-trace-01");
        return topics.turns().values().deserializer().deserialize(record.topic(), record.value());
    }

    @Test
    void theTurnComesRoundAgainAsItWasWithWhatTheModelSaid() {
        server.enqueue(Script.text("report"));

        assertThat(classify()).isEqualTo(AcknowledgeType.ACCEPT);

        TurnRequest turn = written();
        assertThat(turn.getClassification().getIntent()).isEqualTo("report");
        assertThat(turn.getClassification().getConfidence()).isEqualTo(1.0);
        assertThat(TurnRequest.newBuilder(turn).setClassification(null).build()).isEqualTo(TURN);
        var asked = server.awaitExchange(0, PATIENCE).request().body();
        assertThat(asked.path("max_tokens").asInt()).isBetween(1, 64);
        assertThat(asked.path("temperature").asDouble(9)).isZero();
    }

    @Test
    void whateverFailsGivesNoIntentAndTheReason() {
        server.enqueue(Script.refuse(500));

        assertThat(classify()).isEqualTo(AcknowledgeType.ACCEPT);

        assertThat(written().getClassification().getIntent()).isEmpty();
        assertThat(written().getClassification().getReason()).contains("cheap").contains("engine_error");
    }

    @Test
    void aModelThatTakesTooLongIsLeft() {
        classifications = classifications(Duration.ofMillis(200), false);
        server.enqueue(Script.silence());

        assertThat(classify()).isEqualTo(AcknowledgeType.ACCEPT);

        assertThat(written().getClassification().getReason()).contains("did not say within 200 ms");
        assertThat(server.awaitExchange(0, PATIENCE).awaitClosedByClient(PATIENCE))
                .isTrue();
    }

    @Test
    void aModelThatDoesNotStopIsStopped() {
        server.enqueue(Script.tokens("report\n", "x".repeat(3_000)).hangingAfter(2));

        assertThat(classify()).isEqualTo(AcknowledgeType.ACCEPT);

        assertThat(written().getClassification().getIntent()).isEqualTo("report");
    }

    @Test
    void aTurnThatWasStoppedIsNotClassified() {
        classifications = classifications(PATIENCE, true);

        assertThat(classify()).isEqualTo(AcknowledgeType.ACCEPT);

        assertThat(producer.history()).isEmpty();
        assertThat(server.exchanges()).isEmpty();
    }

    @Test
    void whereTheLogDoesNotTakeItTheRequestIsGivenBack() {
        server.enqueue(Script.text("report"));
        producer.sendException = new KafkaException("no");

        assertThat(classify()).isEqualTo(AcknowledgeType.RELEASE);
    }

    @Test
    void aWorkerThatEndsGivesTheRequestBack() throws Exception {
        server.enqueue(Script.silence());
        CompletableFuture<AcknowledgeType> outcome = CompletableFuture.supplyAsync(this::classify);
        server.awaitExchange(0, PATIENCE);

        classifications.close();

        assertThat(outcome.get(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isEqualTo(AcknowledgeType.RELEASE);
        assertThat(producer.history()).isEmpty();
    }
}
