package dev.parley.llm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.parley.chat.v1.AttemptCancelled;
import dev.parley.chat.v1.AttemptFailed;
import dev.parley.chat.v1.AttemptFinished;
import dev.parley.chat.v1.AttemptStarted;
import dev.parley.chat.v1.CancelGeneration;
import dev.parley.chat.v1.Classifier;
import dev.parley.chat.v1.ClassifierKind;
import dev.parley.chat.v1.Configuration;
import dev.parley.chat.v1.Control;
import dev.parley.chat.v1.EngineConfiguration;
import dev.parley.chat.v1.EngineKind;
import dev.parley.chat.v1.GenerationChunk;
import dev.parley.chat.v1.GenerationRequest;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.TextDelta;
import dev.parley.chat.v1.TurnRequest;
import dev.parley.schemas.Topic;
import dev.parley.schemas.Topics;
import dev.parley.schemas.routes.BuiltInConfiguration;
import dev.parley.schemas.routes.Versions;
import dev.parley.schemas.settings.KafkaSettings;
import dev.parley.schemas.settings.TopicSettings;
import dev.parley.schemas.work.WorkKinds;
import dev.parley.stack.InMemoryRegistry;
import dev.parley.stack.Provisioner;
import dev.parley.stack.TestStack;
import dev.parley.stack.scripted.Script;
import dev.parley.stack.scripted.ScriptedModelServer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.IntStream;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Workers on a real broker. */
class LlmProcessorIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int CLASSIFIER_TIMEOUT_MILLIS = 30_000;

    private final String bootstrap = TestStack.shared().bootstrapServers();
    private final TopicSettings settings = new TopicSettings("llm-it-" + UUID.randomUUID() + ".", 2, (short) 1);
    private final Topics topics = Topics.of(settings, InMemoryRegistry.serdes());
    private final ScriptedModelServer server = ScriptedModelServer.start();
    private final List<LlmProcessor> workers = new ArrayList<>();
    private final List<GenerationChunk> chunks = new ArrayList<>();
    private final List<TurnRequest> turns = new ArrayList<>();
    private KafkaProducer<byte[], byte[]> producer;
    private KafkaConsumer<byte[], byte[]> reader;

    @BeforeEach
    void start() {
        new Provisioner(KafkaSettings.of(bootstrap), new InMemoryRegistry()).provision(topics);
        producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", bootstrap, "linger.ms", 0),
                new ByteArraySerializer(),
                new ByteArraySerializer());
        reader = new KafkaConsumer<>(
                Map.of("bootstrap.servers", bootstrap, "auto.offset.reset", "earliest"),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer());
        reader.assign(List.of(
                new TopicPartition(topics.chunks().name(), 0),
                new TopicPartition(topics.chunks().name(), 1),
                new TopicPartition(topics.turns().name(), 0),
                new TopicPartition(topics.turns().name(), 1)));
    }

    @AfterEach
    void stop() {
        workers.forEach(LlmProcessor::close);
        producer.close();
        reader.close();
        server.close();
    }

    private LlmProcessor worker() {
        LlmProcessor worker = LlmProcessor.start(
                new LlmSettings(
                        16,
                        Duration.ofMillis(200),
                        WorkKinds.defaults(),
                        Optional.empty(),
                        LlmSettings.AttachmentSettings.USUAL),
                KafkaSettings.of(bootstrap),
                topics,
                new SimpleMeterRegistry());
        workers.add(worker);
        return worker;
    }

    private <V extends SpecificRecord> void send(Topic<String, V> topic, String key, V value) {
        var _ = producer.send(new ProducerRecord<>(
                topic.name(),
                topic.keys().serializer().serialize(topic.name(), key),
                topic.values().serializer().serialize(topic.name(), value)));
        producer.flush();
    }

    private void read() {
        for (ConsumerRecord<byte[], byte[]> record : reader.poll(Duration.ofMillis(100))) {
            if (record.topic().equals(topics.turns().name())) {
                turns.add(topics.turns().values().deserializer().deserialize(record.topic(), record.value()));
            } else {
                chunks.add(topics.chunks().values().deserializer().deserialize(record.topic(), record.value()));
            }
        }
    }

    private Configuration configuration(String script) {
        return Versions.stamped(new Configuration(
                "",
                Instant.EPOCH,
                "test",
                "chat",
                new Classifier(ClassifierKind.MODEL, 0.5, "cheap", CLASSIFIER_TIMEOUT_MILLIS),
                List.of(BuiltInConfiguration.route("chat"), BuiltInConfiguration.route("report")),
                List.of(
                        EngineConfiguration.newBuilder()
                                .setName("cheap")
                                .setKind(EngineKind.OPENAI)
                                .setModel("scripted")
                                .setEndpoints(List.of(server.baseUrl().toString()))
                                .build(),
                        EngineConfiguration.newBuilder()
                                .setName("says")
                                .setKind(EngineKind.SCRIPTED)
                                .setScript(script)
                                .setEndpoints(List.of())
                                .build())));
    }

    private void configure(Configuration configuration) {
        send(topics.configuration(), configuration.getVersion(), configuration);
    }

    private static GenerationRequest.Builder request(String id, String engine) {
        return GenerationRequest.newBuilder()
                .setTenantId("t")
                .setConversationId("c" + id)
                .setTurnId("turn" + id)
                .setGenerationId("turn" + id + ".1")
                .setAssistantMessageId("a" + id)
                .setAttempt(1)
                .setCause("initial")
                .setTime(Instant.EPOCH)
                .setEngine(engine)
                .setMessages(List.of(new PromptMessage(Role.USER, "Hello?", List.of(), null, null)));
    }

    private void classify(String id, int attempt) {
        send(
                topics.generationRequests(),
                "t/c" + id,
                request(id, "cheap")
                        .setGenerationId("turn" + id + ".1/classify")
                        .setKind("classify")
                        .setAttempt(attempt)
                        .build());
    }

    /** What was said in {@code generationId} in all. */
    private String textOf(String generationId) {
        StringBuilder text = new StringBuilder();
        for (GenerationChunk chunk : chunks) {
            if (chunk.getGenerationId().equals(generationId) && chunk.getBody() instanceof TextDelta delta) {
                text.append(delta.getText());
            }
        }
        return text.toString();
    }

    private String text(String id) {
        return textOf("turn" + id + ".1");
    }

    private boolean isFinished(String id) {
        return has("turn" + id + ".1", AttemptFinished.class);
    }

    private boolean has(String generationId, Class<? extends GenerationChunk.Body> type) {
        return chunks.stream()
                .anyMatch(chunk -> chunk.getGenerationId().equals(generationId) && type.isInstance(chunk.getBody()));
    }

    @Test
    void aChangeOfTheConfigurationIsForNewRequestsAndOldVersionsAreKept() {
        Configuration first = configuration("first");
        Configuration second = configuration("second");
        configure(first);
        LlmProcessor worker = worker();
        send(topics.generationRequests(), "t/c1", request("1", "says").build());
        await().atMost(PATIENCE).until(() -> {
            read();
            return isFinished("1");
        });
        // Asked for before it is there.
        send(
                topics.generationRequests(),
                "t/c2",
                request("2", "says").setConfiguration(second.getVersion()).build());
        await().atMost(PATIENCE).until(() -> {
            read();
            return chunks.stream().anyMatch(chunk -> chunk.getGenerationId().equals("turn2.1"));
        });
        configure(second);
        await().atMost(PATIENCE).until(() -> {
            read();
            return isFinished("2");
        });
        send(
                topics.generationRequests(),
                "t/c3",
                request("3", "says").setConfiguration(first.getVersion()).build());
        await().atMost(PATIENCE).until(() -> {
            read();
            return isFinished("3");
        });

        assertThat(text("1")).isEqualTo("first");
        assertThat(text("2")).isEqualTo("second");
        assertThat(text("3")).isEqualTo("first");
        assertThat(worker.health().ready()).isTrue();
        assertThat(worker.health().detail()).contains(server.baseUrl().toString());
    }

    @Test
    void aBurstIsTakenByMoreThanOneConsumerAndEachRequestByOne() {
        configure(configuration("hello"));
        worker();
        List<String> ids =
                IntStream.range(0, 60).mapToObj(number -> "b" + number).toList();
        for (String id : ids) {
            send(topics.generationRequests(), "t/c" + id, request(id, "says").build());
        }

        await().atMost(PATIENCE).until(() -> {
            read();
            return ids.stream().allMatch(this::isFinished);
        });

        assertThat(chunks.stream().filter(chunk -> chunk.getBody() instanceof AttemptStarted))
                .hasSameSizeAs(ids);
        assertThat(ids).allSatisfy(id -> assertThat(text(id)).isEqualTo("hello"));
        String group = settings.groupId("llm-processor");
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
            await().atMost(PATIENCE)
                    .until(() -> admin.describeShareGroups(List.of(group)).all().get().values().stream()
                            .allMatch(described -> described.members().size() > 1));
        }
    }

    @Test
    void whileATurnIsClassifiedOthersAreAnswered() {
        configure(configuration("hello"));
        server.enqueue(Script.text("report").firstTokenAfter(Duration.ofSeconds(20)));
        worker();
        classify("1", 1);
        server.awaitExchange(0, PATIENCE);
        send(topics.generationRequests(), "t/c2", request("2", "says").build());

        await().atMost(PATIENCE).until(() -> {
            read();
            return isFinished("2");
        });
        await().atMost(PATIENCE).until(() -> {
            read();
            return has("turn1.1/classify", AttemptFinished.class);
        });

        assertThat(textOf("turn1.1/classify")).isEqualTo("report");
        assertThat(chunks).noneMatch(chunk -> chunk.getGenerationId().equals("turn1.1"));
        assertThat(chunks.stream().map(GenerationChunk::getBody).filter(AttemptStarted.class::isInstance))
                .extracting(started -> ((AttemptStarted) started).getKind())
                .containsExactlyInAnyOrder("classify", "model");
    }

    @Test
    void aWorkerThatEndsWhileItClassifiesSaysSoForAnotherToDoIt() {
        configure(configuration("hello"));
        server.enqueue(Script.silence(), Script.text("report"));
        LlmProcessor first = worker();
        classify("1", 1);
        server.awaitExchange(0, PATIENCE);

        worker();
        first.close();
        await().atMost(PATIENCE).until(() -> {
            read();
            return has("turn1.1/classify", AttemptFailed.class);
        });
        classify("1", 2);

        await().atMost(PATIENCE).until(() -> {
            read();
            return has("turn1.1/classify", AttemptFinished.class);
        });
        assertThat(textOf("turn1.1/classify")).isEqualTo("report");
        assertThat(chunks.stream().map(GenerationChunk::getBody).filter(AttemptFailed.class::isInstance))
                .singleElement()
                .satisfies(failed -> {
                    assertThat(((AttemptFailed) failed).getCode()).isEqualTo("worker_lost");
                    assertThat(((AttemptFailed) failed).getRetryable()).isTrue();
                });
    }

    @Test
    void aClassificationThatIsCalledOffIsStopped() {
        configure(configuration("hello"));
        server.enqueue(Script.silence());
        worker();
        classify("1", 1);
        server.awaitExchange(0, PATIENCE);

        send(
                topics.controls(),
                "t/c1",
                new Control("turn1.1/classify", Instant.EPOCH, new CancelGeneration("requested")));

        assertThat(server.awaitExchange(0, PATIENCE).awaitClosedByClient(PATIENCE))
                .isTrue();
        await().atMost(PATIENCE).until(() -> {
            read();
            return has("turn1.1/classify", AttemptCancelled.class);
        });
    }

    @Test
    void anOrderOfAFormerVersionSendsItsTurnBack() {
        configure(configuration("hello"));
        worker();
        TurnRequest turn = TurnRequest.newBuilder()
                .setTenantId("t")
                .setConversationId("c1")
                .setWorkspaceId("w")
                .setTurnId("turn1")
                .setGenerationId("turn1.1")
                .setAssistantMessageId("a1")
                .setAttempt(1)
                .setCause("initial")
                .setTime(Instant.EPOCH)
                .setContent("Hello?")
                .setHistory(List.of())
                .build();
        send(
                topics.generationRequests(),
                "t/c1",
                request("1", "cheap").setClassify(turn).build());

        await().atMost(PATIENCE).until(() -> {
            read();
            return !turns.isEmpty();
        });
        assertThat(turns).singleElement().satisfies(sent -> {
            assertThat(sent.getClassification().getIntent()).isEmpty();
            assertThat(sent.getContent()).isEqualTo("Hello?");
        });
        assertThat(chunks).isEmpty();
        assertThat(server.exchanges()).isEmpty();
    }
}
