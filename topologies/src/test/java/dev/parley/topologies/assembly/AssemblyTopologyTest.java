package dev.parley.topologies.assembly;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.chat.v1.AttemptClaimed;
import dev.parley.chat.v1.AttemptLost;
import dev.parley.chat.v1.Control;
import dev.parley.chat.v1.GenerationCancelled;
import dev.parley.chat.v1.GenerationChunk;
import dev.parley.chat.v1.GenerationCompleted;
import dev.parley.chat.v1.GenerationReport;
import dev.parley.chat.v1.TextDelta;
import dev.parley.chat.v1.Usage;
import dev.parley.chat.v1.UsageBasis;
import dev.parley.schemas.CloudEventHeaders;
import dev.parley.schemas.DeadLetter;
import dev.parley.schemas.Topics;
import dev.parley.schemas.settings.TopicSettings;
import dev.parley.stack.InMemoryRegistry;
import dev.parley.stack.LaterVersion;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Objects;
import java.util.Properties;
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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AssemblyTopologyTest {

    private static final String KEY = "default/c1";
    private static final String TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    private static final AssemblySettings SETTINGS = AssemblySettings.defaults();

    @TempDir
    private Path stateDir;

    private final Topics topics = Topics.of(new TopicSettings("", 1, (short) 1), InMemoryRegistry.serdes());
    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private long nanos;
    private TopologyTestDriver driver;
    private TestInputTopic<String, GenerationChunk> chunks;
    private TestInputTopic<String, Control> controls;
    private TestInputTopic<byte[], byte[]> rawChunks;
    private TestOutputTopic<String, GenerationReport> reports;
    private TestOutputTopic<byte[], byte[]> deadLetters;

    @BeforeEach
    void start() {
        Properties properties = new Properties();
        properties.put(StreamsConfig.APPLICATION_ID_CONFIG, "assembly-test");
        properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "nowhere.invalid:1");
        properties.put(StreamsConfig.STATE_DIR_CONFIG, stateDir.toString());
        properties.put(StreamsConfig.ENSURE_EXPLICIT_INTERNAL_RESOURCE_NAMING_CONFIG, true);
        driver = new TopologyTestDriver(topology(), properties, Attempts.NOW);
        chunks = driver.createInputTopic(
                topics.chunks().name(),
                new StringSerializer(),
                topics.chunks().values().serializer());
        controls = driver.createInputTopic(
                topics.controls().name(),
                new StringSerializer(),
                topics.controls().values().serializer());
        rawChunks =
                driver.createInputTopic(topics.chunks().name(), new ByteArraySerializer(), new ByteArraySerializer());
        reports = driver.createOutputTopic(
                topics.generationResults().name(),
                new StringDeserializer(),
                topics.generationResults().values().deserializer());
        deadLetters = driver.createOutputTopic(
                topics.deadLetters().name(), new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    @AfterEach
    void stop() {
        driver.close();
    }

    @Test
    void theFlowIsAsDrawn() throws IOException {
        try (InputStream golden = getClass().getResourceAsStream("/golden/assembly.txt")) {
            assertThat(topology().describe().toString())
                    .isEqualTo(new String(Objects.requireNonNull(golden).readAllBytes(), StandardCharsets.UTF_8));
        }
    }

    @Test
    void reportsCarryTheConversationsKeyAndTheChunksTrace() {
        RecordHeaders headers = new RecordHeaders();
        headers.add(CloudEventHeaders.TRACEPARENT, TRACE.getBytes(StandardCharsets.UTF_8));
        chunks.pipeInput(new TestRecord<>(KEY, Attempts.started("a", 1), headers, Attempts.NOW));

        TestRecord<String, GenerationReport> record = reports.readRecord();
        assertThat(record.key()).isEqualTo(KEY);
        assertThat(record.value().getBody()).isEqualTo(new AttemptClaimed(Attempts.attempt("a", 1)));
        assertThat(CloudEventHeaders.text(record.headers(), CloudEventHeaders.TRACEPARENT))
                .isEqualTo(TRACE);
        assertThat(CloudEventHeaders.text(record.headers(), CloudEventHeaders.ID))
                .isEqualTo("turn_1.1/a/claimed");
        assertThat(CloudEventHeaders.text(record.headers(), CloudEventHeaders.TYPE))
                .isEqualTo("dev.parley.chat.v1.AttemptClaimed");
    }

    @Test
    void anAnswerComesOutWhole() {
        pipe(Attempts.started("a", 1), Attempts.text("a", 0, "Hel"), Attempts.text("a", 1, "lo"));
        pipe(Attempts.finished("a", 2, "Hello"));

        assertThat(bodies())
                .containsExactly(
                        new AttemptClaimed(Attempts.attempt("a", 1)),
                        GenerationCompleted.newBuilder()
                                .setAttempt(Attempts.attempt("a", 1))
                                .setContent("Hello")
                                .setFinishReason("stop")
                                .setUsage(Attempts.MEASURED)
                                .setFirstTokenMillis(12.5)
                                .setGenerationMillis(80.0)
                                .build());
        assertThat(meters.counter("parley.assembly.generations", "outcome", "completed")
                        .count())
                .isEqualTo(1);
        assertThat(meters.get("parley.assembly.generations.open").gauge().value())
                .isZero();
    }

    @Test
    void anAttemptIsLostAfterTheLeaseAndItsTraceGoesOn() {
        RecordHeaders headers = new RecordHeaders();
        headers.add(CloudEventHeaders.TRACEPARENT, TRACE.getBytes(StandardCharsets.UTF_8));
        chunks.pipeInput(new TestRecord<>(KEY, Attempts.started("a", 1), headers, Attempts.NOW));
        pass(SETTINGS.work().model().lease().minusSeconds(1));
        assertThat(reports.readRecordsToList()).hasSize(1);

        pass(Duration.ofSeconds(2));

        TestRecord<String, GenerationReport> lost = reports.readRecord();
        assertThat(lost.value().getBody()).isEqualTo(new AttemptLost(Attempts.attempt("a", 1), "worker_lost"));
        assertThat(CloudEventHeaders.text(lost.headers(), CloudEventHeaders.TRACEPARENT))
                .isEqualTo(TRACE);
        pass(SETTINGS.work().model().lease().multipliedBy(3));
        assertThat(reports.isEmpty()).as("it is reported once").isTrue();
    }

    @Test
    void aHeartbeatRenewsTheLease() {
        pipe(Attempts.started("a", 1));
        for (int i = 0; i < 10; i++) {
            pass(SETTINGS.work().model().lease().minusSeconds(1));
            pipe(Attempts.heartbeat("a"));
        }

        assertThat(bodies()).containsExactly(new AttemptClaimed(Attempts.attempt("a", 1)));
    }

    @Test
    void voidChunksDoNotRenewTheLease() {
        pipe(Attempts.started("a", 1), Attempts.started("b", 2));
        pass(SETTINGS.work().model().lease().minusSeconds(1));
        pipe(Attempts.heartbeat("a"));
        pass(Duration.ofSeconds(2));

        assertThat(bodies()).contains(new AttemptLost(Attempts.attempt("b", 2), "worker_lost"));
    }

    @Test
    void aPauseOfTheTaskIsNobodysSilence() {
        pipe(Attempts.started("a", 1));
        nanos += Duration.ofHours(1).toNanos();
        driver.advanceWallClockTime(SETTINGS.checkPeriod());
        pipe(Attempts.heartbeat("a"));

        assertThat(bodies()).containsExactly(new AttemptClaimed(Attempts.attempt("a", 1)));
    }

    @Test
    void aJumpOfTheWallClockIsNobodysSilence() {
        pipe(Attempts.started("a", 1));
        driver.advanceWallClockTime(Duration.ofHours(1));

        assertThat(bodies()).containsExactly(new AttemptClaimed(Attempts.attempt("a", 1)));
    }

    @Test
    void aCancelThatNobodyAnswersEndsTheGenerationAfterItsGrace() {
        pipe(Attempts.started("a", 1), Attempts.text("a", 0, "half an "));
        controls.pipeInput(KEY, Attempts.cancel());
        pass(SETTINGS.cancelGrace().minusMillis(500));
        assertThat(bodies()).hasSize(1);

        pass(Duration.ofSeconds(1));

        assertThat(bodies())
                .containsExactly(new GenerationCancelled(
                        Attempts.attempt("a", 1),
                        "half an ",
                        new Usage(0, 2, UsageBasis.ESTIMATED, null),
                        null,
                        null,
                        null));
    }

    @Test
    void aCancelThatTheWorkerAnswersEndsWithItsFigures() {
        pipe(Attempts.started("a", 1), Attempts.text("a", 0, "half"));
        controls.pipeInput(KEY, Attempts.cancel());
        pipe(Attempts.cancelled("a", 1, "half"));
        pass(SETTINGS.cancelGrace().multipliedBy(3));

        assertThat(bodies().subList(1, 2))
                .containsExactly(
                        new GenerationCancelled(Attempts.attempt("a", 1), "half", Attempts.MEASURED, 12.5, 80.0, null));
    }

    @Test
    void aCancelBeforeAnyClaimIsAnsweredToo() {
        controls.pipeInput(KEY, Attempts.cancel());
        pass(SETTINGS.cancelGrace().plusSeconds(1));
        pipe(Attempts.started("late", 1), Attempts.text("late", 0, "unwanted"));

        assertThat(bodies())
                .containsExactly(new GenerationCancelled(
                        null, "", new Usage(0, 0, UsageBasis.ESTIMATED, null), null, null, null));
    }

    @Test
    void sameGenerationIdInTwoConversationsIsTwoGenerations() {
        chunks.pipeInput("default/c1", Attempts.started("a", 1));
        chunks.pipeInput("default/c2", Attempts.started("b", 1));
        chunks.pipeInput("default/c1", Attempts.finished("a", 0, ""));
        chunks.pipeInput("default/c2", Attempts.finished("b", 0, ""));

        assertThat(reports.readKeyValuesToList())
                .extracting(pair -> pair.key + " " + pair.value.getReportId())
                .containsExactly(
                        "default/c1 turn_1.1/a/claimed",
                        "default/c2 turn_1.1/b/claimed",
                        "default/c1 turn_1.1/a/completed",
                        "default/c2 turn_1.1/b/completed");
    }

    @Test
    void aClosedGenerationIsForgottenInTime() {
        pipe(Attempts.started("a", 1), Attempts.text("a", 0, "x"), Attempts.finished("a", 1, "x"));
        assertThat(entries(GenerationStores.TEXTS)).isEqualTo(1);

        pass(SETTINGS.repeatFor().plusSeconds(1));
        assertThat(entries(GenerationStores.TEXTS)).isZero();
        assertThat(entries(GenerationStores.GENERATIONS)).isEqualTo(1);

        pass(SETTINGS.rememberFor());
        assertThat(entries(GenerationStores.GENERATIONS)).isZero();
    }

    @Test
    void anOpenGenerationThatIsNeverHeardOfAgainIsForgotten() {
        pipe(Attempts.started("a", 1), Attempts.text("a", 0, "x"), Attempts.failed("a", 1, "x", true));
        pass(SETTINGS.rememberFor().plusMinutes(1));

        assertThat(entries(GenerationStores.TEXTS) + entries(GenerationStores.GENERATIONS))
                .isZero();
        assertThat(meters.counter("parley.assembly.generations.forgotten").count())
                .isEqualTo(1);
    }

    @Test
    void poisonGoesToTheDeadLettersOnceAndTheRestGoesOn() {
        byte[] poison = {9, 9, 9};
        RecordHeaders headers = new RecordHeaders();
        headers.add("who", new byte[] {1});
        rawChunks.pipeInput(new TestRecord<>(KEY.getBytes(StandardCharsets.UTF_8), poison, headers, Attempts.NOW));
        rawChunks.pipeInput(null, new byte[] {1});
        rawChunks.pipeInput(KEY.getBytes(StandardCharsets.UTF_8), (byte[]) null);
        rawChunks.pipeInput(new byte[] {(byte) 0xff}, poison);
        byte[] sound =
                topics.chunks().values().serializer().serialize(topics.chunks().name(), Attempts.heartbeat("a"));
        rawChunks.pipeInput(null, sound);
        rawChunks.pipeInput(new byte[] {(byte) 0xff}, sound);
        chunks.pipeInput("no-conversation", Attempts.started("a", 1));
        chunks.pipeInput(KEY, Attempts.text("a", -1, "x"));
        chunks.pipeInput(KEY, new GenerationChunk("", "a", Attempts.NOW, new TextDelta(0, "", false)));
        chunks.pipeInput(KEY, new GenerationChunk("g#1", "a", Attempts.NOW, new TextDelta(0, "", false)));
        pipe(Attempts.started("a", 1));

        List<TestRecord<byte[], byte[]>> letters = deadLetters.readRecordsToList();
        assertThat(letters)
                .extracting(letter -> CloudEventHeaders.text(letter.headers(), DeadLetter.CODE) + ": "
                        + CloudEventHeaders.text(letter.headers(), DeadLetter.CAUSE))
                .containsExactly(
                        "undecodable_record: not in the Confluent wire format: 3 bytes",
                        "undecodable_record: not in the Confluent wire format: 1 bytes",
                        "invalid_record: the value is missing",
                        "undecodable_record: not in the Confluent wire format: 3 bytes",
                        "invalid_record: the key is missing",
                        "invalid_record: the key is not tenant/conversation",
                        "invalid_record: the key is not tenant/conversation",
                        "invalid_record: seq is negative",
                        "invalid_record: generationId is not an id",
                        "invalid_record: generationId is not an id");
        TestRecord<byte[], byte[]> first = letters.getFirst();
        assertThat(first.value()).isEqualTo(poison);
        assertThat(first.key()).isEqualTo(KEY.getBytes(StandardCharsets.UTF_8));
        assertThat(CloudEventHeaders.text(first.headers(), DeadLetter.STAGE)).isEqualTo("assembly");
        assertThat(CloudEventHeaders.text(first.headers(), DeadLetter.TOPIC)).isEqualTo("chat.chunks.v1");
        assertThat(CloudEventHeaders.text(first.headers(), DeadLetter.OFFSET)).isEqualTo("0");
        assertThat(first.headers().lastHeader("orig.who").value()).containsExactly(1);
        assertThat(bodies()).containsExactly(new AttemptClaimed(Attempts.attempt("a", 1)));
    }

    private Topology topology() {
        return AssemblyTopology.build(topics, SETTINGS, meters, InstantSource.fixed(Attempts.NOW), () -> nanos);
    }

    private void pipe(GenerationChunk... some) {
        for (GenerationChunk chunk : some) {
            chunks.pipeInput(KEY, chunk, Attempts.NOW);
        }
    }

    private void pass(Duration time) {
        for (Duration left = time; left.isPositive(); left = left.minus(SETTINGS.checkPeriod())) {
            nanos += SETTINGS.checkPeriod().toNanos();
            driver.advanceWallClockTime(SETTINGS.checkPeriod());
        }
    }

    private long entries(String store) {
        long count = 0;
        try (var all = driver.getKeyValueStore(store).all()) {
            while (all.hasNext()) {
                all.next();
                count++;
            }
        }
        return count;
    }

    private List<GenerationReport.Body> bodies() {
        return reports.readValuesToList().stream()
                .map(GenerationReport::getBody)
                .toList();
    }

    @Test
    void whatOnlyALaterVersionKnowsIsSetAside() {
        pipe(Attempts.started("a", 1), Attempts.text("a", 0, "Hello"));
        bodies();

        chunks.pipeInput(
                KEY,
                new GenerationChunk(
                        Attempts.GENERATION,
                        "a",
                        Attempts.NOW,
                        LaterVersion.body(GenerationChunk.getClassSchema(), "Progress")));
        controls.pipeInput(
                KEY,
                new Control(
                        Attempts.GENERATION,
                        Attempts.NOW,
                        LaterVersion.body(Control.getClassSchema(), "PauseGeneration")));
        pipe(Attempts.finished("a", 1, "Hello"));

        assertThat(deadLetters.readRecordsToList())
                .extracting(letter -> CloudEventHeaders.text(letter.headers(), DeadLetter.CODE) + ": "
                        + CloudEventHeaders.text(letter.headers(), DeadLetter.CAUSE))
                .containsExactly(
                        "unknown_type: of a type that only a later version knows: dev.parley.chat.v1.Progress",
                        "unknown_type: of a type that only a later version knows: dev.parley.chat.v1.PauseGeneration");
        assertThat(bodies()).singleElement().isInstanceOf(GenerationCompleted.class);
    }
}
