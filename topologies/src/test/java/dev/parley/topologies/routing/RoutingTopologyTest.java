package dev.parley.topologies.routing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.chat.v1.Document;
import dev.parley.chat.v1.GenerationReport;
import dev.parley.chat.v1.GenerationRequest;
import dev.parley.chat.v1.Passage;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.Source;
import dev.parley.chat.v1.TurnPrepared;
import dev.parley.chat.v1.TurnRequest;
import dev.parley.schemas.CloudEventHeaders;
import dev.parley.schemas.DeadLetter;
import dev.parley.schemas.Topics;
import dev.parley.schemas.config.TopicSettings;
import dev.parley.stack.InMemoryRegistry;
import dev.parley.topologies.retrieval.EmptyIndex;
import dev.parley.topologies.retrieval.PassageIndex;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.TreeMap;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TestOutputTopic;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.test.TestRecord;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RoutingTopologyTest {

    private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");
    private static final String WORKSPACE = "default/main";
    private static final String TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    private static final RoutingSettings SETTINGS = new RoutingSettings("Be brief.", 3);

    @TempDir
    private Path stateDir;

    private final Topics topics = Topics.of(new TopicSettings("", 1, (short) 1), InMemoryRegistry.serdes());
    private TopologyTestDriver driver;
    private TestInputTopic<String, TurnRequest> turns;
    private TestInputTopic<String, Document> documents;
    private TestInputTopic<byte[], byte[]> rawTurns;
    private TestInputTopic<byte[], byte[]> rawDocuments;
    private TestOutputTopic<String, GenerationReport> reports;
    private TestOutputTopic<String, GenerationRequest> requests;
    private TestOutputTopic<byte[], byte[]> deadLetters;

    @BeforeEach
    void start() {
        start(EmptyIndex::new);
    }

    private void start(PassageIndex.Factory indexes) {
        Properties properties = new Properties();
        properties.put(StreamsConfig.APPLICATION_ID_CONFIG, "routing-test");
        properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "nowhere.invalid:1");
        properties.put(StreamsConfig.STATE_DIR_CONFIG, stateDir.toString());
        properties.put(StreamsConfig.ENSURE_EXPLICIT_INTERNAL_RESOURCE_NAMING_CONFIG, true);
        driver = new TopologyTestDriver(topology(indexes), properties, NOW);
        turns = driver.createInputTopic(
                topics.turns().name(),
                new StringSerializer(),
                topics.turns().values().serializer());
        documents = driver.createInputTopic(
                topics.documents().name(),
                new StringSerializer(),
                topics.documents().values().serializer());
        rawTurns = driver.createInputTopic(topics.turns().name(), new ByteArraySerializer(), new ByteArraySerializer());
        rawDocuments = driver.createInputTopic(
                topics.documents().name(), new ByteArraySerializer(), new ByteArraySerializer());
        reports = driver.createOutputTopic(
                topics.generationResults().name(),
                new StringDeserializer(),
                topics.generationResults().values().deserializer());
        requests = driver.createOutputTopic(
                topics.generationRequests().name(),
                new StringDeserializer(),
                topics.generationRequests().values().deserializer());
        deadLetters = driver.createOutputTopic(
                topics.deadLetters().name(), new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    @AfterEach
    void stop() {
        driver.close();
    }

    @Test
    void theFlowIsAsDrawn() throws IOException {
        try (InputStream golden = getClass().getResourceAsStream("/golden/routing.txt")) {
            assertThat(topology(EmptyIndex::new).describe().toString())
                    .isEqualTo(new String(Objects.requireNonNull(golden).readAllBytes(), StandardCharsets.UTF_8));
        }
    }

    @Test
    void aTurnBecomesARequestAndAReportOfItsConversation() {
        RecordHeaders headers = new RecordHeaders();
        headers.add(CloudEventHeaders.TRACEPARENT, TRACE.getBytes(StandardCharsets.UTF_8));
        turns.pipeInput(new TestRecord<>(WORKSPACE, turn("And now?", null, null), headers, NOW));

        TestRecord<String, GenerationRequest> request = requests.readRecord();
        assertThat(request.key()).isEqualTo("default/c1");
        assertThat(request.value().getMessages())
                .containsExactly(
                        new PromptMessage(Role.SYSTEM, "Be brief.", List.of(), null),
                        new PromptMessage(Role.USER, "Before?", List.of(), null),
                        new PromptMessage(Role.ASSISTANT, "That.", List.of(), null),
                        new PromptMessage(Role.USER, "And now?", List.of(), null));
        assertThat(request.value().getEngine()).isEqualTo("default");
        assertThat(request.value().getCause()).isEqualTo("worker_lost");
        assertThat(request.value().getPassages()).isEmpty();
        assertThat(CloudEventHeaders.text(request.headers(), CloudEventHeaders.TRACEPARENT))
                .isEqualTo(TRACE);

        TestRecord<String, GenerationReport> report = reports.readRecord();
        assertThat(report.key()).isEqualTo("default/c1");
        assertThat(report.value().getReportId()).isEqualTo("turn_1.1/2/prepared");
        assertThat(report.value().getBody())
                .isEqualTo(new TurnPrepared(2, "chat", 1.0, "default", "default", List.of()));
        assertThat(CloudEventHeaders.text(report.headers(), CloudEventHeaders.TRACEPARENT))
                .isEqualTo(TRACE);
    }

    @Test
    void whatTheCallerNamedIsTaken() {
        turns.pipeInput(WORKSPACE, turn("?", "summarise", "big-one"));

        assertThat(requests.readValue().getEngine()).isEqualTo("big-one");
        assertThat(reports.readValue().getBody())
                .isEqualTo(new TurnPrepared(2, "summarise", 1.0, "big-one", "explicit", List.of()));
    }

    @Test
    void aTurnReadTwiceSaysTheSameTwice() {
        turns.pipeInput(WORKSPACE, turn("?", null, null));
        turns.pipeInput(WORKSPACE, turn("?", null, null));

        List<GenerationReport> repeated = reports.readValuesToList();
        assertThat(repeated).hasSize(2);
        assertThat(repeated.get(1)).isEqualTo(repeated.get(0));
        List<TestRecord<String, GenerationRequest>> records = requests.readRecordsToList();
        assertThat(records.get(1).value()).isEqualTo(records.get(0).value());
        assertThat(CloudEventHeaders.text(records.get(1).headers(), CloudEventHeaders.ID))
                .isEqualTo(CloudEventHeaders.text(records.get(0).headers(), CloudEventHeaders.ID));
    }

    @Test
    void documentsReachTheIndexAndTheirPassagesThePrompt() {
        stop();
        start(WholeDocuments::new);
        documents.pipeInput(WORKSPACE + "/a.md", document("a.md", "Apples are green."));
        documents.pipeInput(WORKSPACE + "/b.md", document("b.md", "Bees are yellow."));
        documents.pipeInput(WORKSPACE + "/a.md", (Document) null);
        turns.pipeInput(WORKSPACE, turn("?", null, null));

        Passage expected = new Passage(new Source("default/main/b.md", "b.md", null, 1.0), "Bees are yellow.");
        assertThat(requests.readValue().getPassages()).containsExactly(expected);
        assertThat(((TurnPrepared) reports.readValue().getBody()).getSources()).containsExactly(expected.getSource());
        assertThat(driver.getKeyValueStore(RoutingTopology.DOCUMENTS).get(WORKSPACE + "/b.md"))
                .isEqualTo(document("b.md", "Bees are yellow."));
        assertThat(driver.getKeyValueStore(RoutingTopology.DOCUMENTS).get(WORKSPACE + "/a.md"))
                .isNull();
    }

    @Test
    void poisonGoesToTheDeadLettersAndTheRestGoesOn() {
        byte[] key = WORKSPACE.getBytes(StandardCharsets.UTF_8);
        rawTurns.pipeInput(key, new byte[] {1, 2});
        rawTurns.pipeInput(key, (byte[]) null);
        rawDocuments.pipeInput(key, new byte[] {3});
        documents.pipeInput("elsewhere/x", document("a.md", "text"));
        turns.pipeInput(WORKSPACE, turn("?", null, null));

        assertThat(deadLetters.readRecordsToList())
                .extracting(letter -> CloudEventHeaders.text(letter.headers(), DeadLetter.TOPIC) + " "
                        + CloudEventHeaders.text(letter.headers(), DeadLetter.CODE) + " "
                        + CloudEventHeaders.text(letter.headers(), DeadLetter.STAGE))
                .containsExactly(
                        "chat.turns.v1 undecodable_record routing",
                        "chat.turns.v1 invalid_record routing",
                        "chat.documents.v1 undecodable_record routing",
                        "chat.documents.v1 invalid_record routing");
        assertThat(requests.getQueueSize()).isEqualTo(1);
    }

    private Topology topology(PassageIndex.Factory indexes) {
        return RoutingTopology.build(topics, SETTINGS, new SimpleMeterRegistry(), indexes, InstantSource.fixed(NOW));
    }

    private static TurnRequest turn(String content, @Nullable String intent, @Nullable String engine) {
        return new TurnRequest(
                "default",
                "c1",
                "main",
                "turn_1",
                "turn_1.1",
                "msg_2",
                2,
                "worker_lost",
                NOW,
                content,
                List.of(
                        new PromptMessage(Role.USER, "Before?", List.of(), null),
                        new PromptMessage(Role.ASSISTANT, "That.", List.of(), null)),
                intent,
                engine,
                Map.of(),
                null);
    }

    private static Document document(String path, String text) {
        return new Document("default", "main", path, null, null, "text/markdown", text, NOW);
    }

    /** Answers every question with all there is. */
    private static final class WholeDocuments implements PassageIndex {

        private final Map<String, Document> documents = new TreeMap<>();

        @Override
        public void put(String documentKey, Document document) {
            documents.put(documentKey, document);
        }

        @Override
        public void remove(String documentKey) {
            documents.remove(documentKey);
        }

        @Override
        public List<Passage> find(String tenantId, String workspaceId, String question, int limit) {
            return documents.entrySet().stream()
                    .limit(limit)
                    .map(entry -> new Passage(
                            new Source(entry.getKey(), entry.getValue().getPath(), null, 1.0),
                            entry.getValue().getText()))
                    .toList();
        }

        @Override
        public void close() {}
    }
}
