package dev.parley.topologies.preparing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.chat.v1.Attachment;
import dev.parley.chat.v1.CallerPrompt;
import dev.parley.chat.v1.Classification;
import dev.parley.chat.v1.Classifier;
import dev.parley.chat.v1.ClassifierKind;
import dev.parley.chat.v1.Configuration;
import dev.parley.chat.v1.DocumentPassages;
import dev.parley.chat.v1.GenerationFailed;
import dev.parley.chat.v1.GenerationOptions;
import dev.parley.chat.v1.GenerationReport;
import dev.parley.chat.v1.GenerationRequest;
import dev.parley.chat.v1.Passage;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.RetrievalConfiguration;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.RouteLimits;
import dev.parley.chat.v1.SearchRequest;
import dev.parley.chat.v1.SearchResult;
import dev.parley.chat.v1.Source;
import dev.parley.chat.v1.TurnPrepared;
import dev.parley.chat.v1.TurnRequest;
import dev.parley.schemas.CloudEventHeaders;
import dev.parley.schemas.DeadLetter;
import dev.parley.schemas.Topics;
import dev.parley.schemas.routes.BuiltInConfiguration;
import dev.parley.schemas.settings.TopicSettings;
import dev.parley.stack.InMemoryRegistry;
import dev.parley.topologies.retrieval.Embedder;
import dev.parley.topologies.retrieval.Passages;
import dev.parley.topologies.retrieval.WordHashes;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
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
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RoutingTopologyTest {

    private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");
    private static final String WORKSPACE = "default/main";
    private static final String TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    private static final String BUILT_IN = BuiltInConfiguration.get().getVersion();
    private static final RoutingSettings SETTINGS = new RoutingSettings("Be brief.", 3, 100, 0.5);

    @TempDir
    private Path stateDir;

    private final Topics topics = Topics.of(new TopicSettings("", 1, (short) 1), InMemoryRegistry.serdes());
    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private PreparedConfigurations configurations;
    private TopologyTestDriver driver;
    private TestInputTopic<String, TurnRequest> turns;
    private TestInputTopic<String, DocumentPassages> passages;
    private TestInputTopic<String, SearchRequest> searches;
    private TestOutputTopic<String, SearchResult> found;
    private TestInputTopic<byte[], byte[]> rawTurns;
    private TestInputTopic<byte[], byte[]> rawPassages;
    private TestOutputTopic<String, GenerationReport> reports;
    private TestOutputTopic<String, GenerationRequest> requests;
    private TestOutputTopic<byte[], byte[]> deadLetters;

    @BeforeEach
    void start() {
        start(Embedder.none());
    }

    private void start(Embedder embedder) {
        Properties properties = new Properties();
        properties.put(StreamsConfig.APPLICATION_ID_CONFIG, "routing-test");
        properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "nowhere.invalid:1");
        properties.put(StreamsConfig.STATE_DIR_CONFIG, stateDir.toString());
        properties.put(StreamsConfig.ENSURE_EXPLICIT_INTERNAL_RESOURCE_NAMING_CONFIG, true);
        configurations = new PreparedConfigurations(embedder);
        driver = new TopologyTestDriver(topology(embedder), properties, NOW);
        turns = driver.createInputTopic(
                topics.turns().name(),
                new StringSerializer(),
                topics.turns().values().serializer());
        passages = driver.createInputTopic(
                topics.passages().name(),
                new StringSerializer(),
                topics.passages().values().serializer());
        rawTurns = driver.createInputTopic(topics.turns().name(), new ByteArraySerializer(), new ByteArraySerializer());
        rawPassages =
                driver.createInputTopic(topics.passages().name(), new ByteArraySerializer(), new ByteArraySerializer());
        searches = driver.createInputTopic(
                topics.searches().name(),
                new StringSerializer(),
                topics.searches().values().serializer());
        found = driver.createOutputTopic(
                topics.searchResults().name(),
                new StringDeserializer(),
                topics.searchResults().values().deserializer());
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
            assertThat(topology(Embedder.none()).describe().toString())
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
                        new PromptMessage(Role.SYSTEM, "Be brief.", List.of(), null, null),
                        new PromptMessage(Role.USER, "Before?", List.of(), null, null),
                        new PromptMessage(Role.ASSISTANT, "That.", List.of(), null, null),
                        new PromptMessage(Role.USER, "And now?", List.of(), null, null));
        assertThat(request.value().getEngine()).isEqualTo("default");
        assertThat(request.value().getCause()).isEqualTo("worker_lost");
        assertThat(request.value().getPassages()).isEmpty();
        assertThat(CloudEventHeaders.text(request.headers(), CloudEventHeaders.TRACEPARENT))
                .isEqualTo(TRACE);

        TestRecord<String, GenerationReport> report = reports.readRecord();
        assertThat(report.key()).isEqualTo("default/c1");
        assertThat(report.value().getReportId()).isEqualTo("turn_1.1/2/prepared");
        assertThat(report.value().getBody())
                .isEqualTo(new TurnPrepared(2, "chat", 1.0, "default", "default", List.of(), BUILT_IN, null));
        assertThat(CloudEventHeaders.text(report.headers(), CloudEventHeaders.TRACEPARENT))
                .isEqualTo(TRACE);
    }

    @Test
    void whatTheCallerNamedIsTaken() {
        turns.pipeInput(WORKSPACE, turn("?", "summarise", "big-one"));

        assertThat(requests.readValue().getEngine()).isEqualTo("big-one");
        assertThat(reports.readValue().getBody())
                .isEqualTo(new TurnPrepared(2, "summarise", 1.0, "big-one", "explicit", List.of(), BUILT_IN, null));
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
    void passagesReachThePromptByTheirWords() {
        passages.pipeInput(WORKSPACE + "/a.md", Passages.of("a.md", "Apples are green."));
        passages.pipeInput(WORKSPACE + "/b.md", Passages.of("b.md", "Bees are yellow."));
        passages.pipeInput(WORKSPACE + "/a.md", (DocumentPassages) null);
        passages.pipeInput("default/other/c.md", Passages.in("default", "other", "c.md", "Bees sting."));
        turns.pipeInput(WORKSPACE, turn("What colour are bees?", null, null));

        Passage expected = new Passage(new Source("default/main/b.md#0", "b.md", null, 1.0), "Bees are yellow.");
        GenerationRequest request = requests.readValue();
        assertThat(request.getPassages()).containsExactly(expected);
        assertThat(request.getMessages().getFirst().getContent())
                .startsWith("Be brief.")
                .endsWith("[1] b.md: Bees are yellow.");
        assertThat(((TurnPrepared) reports.readValue().getBody()).getSources()).containsExactly(expected.getSource());
        assertThat(meters.get("parley.retrieval.indexed.passages").gauge().value())
                .isEqualTo(2);
        assertThat(meters.get("parley.retrieval.time").timer().count()).isEqualTo(1);
    }

    @Test
    void passagesReachThePromptByTheirVectors() {
        WordHashes embedder = new WordHashes().alike("joyful", "happy");
        stop();
        start(embedder);
        passages.pipeInput(WORKSPACE + "/a.md", Passages.of(embedder, "a.md", "joyful"));
        passages.pipeInput(WORKSPACE + "/b.md", Passages.of(embedder, "b.md", "weary"));
        turns.pipeInput(WORKSPACE, turn("happy", null, null));
        turns.pipeInput(WORKSPACE, turn("happy", null, null));

        assertThat(requests.readValue().getPassages())
                .extracting(Passage::getText)
                .containsExactly("joyful");
        assertThat(embedder.questions()).as("embedded once for two tries").isEqualTo(1);
    }

    @Test
    void aModelThatFailsCostsItsVectorsOnly() {
        WordHashes embedder = new WordHashes();
        stop();
        start(embedder);
        passages.pipeInput(WORKSPACE + "/b.md", Passages.of(embedder, "b.md", "Bees are yellow."));
        embedder.fail();
        turns.pipeInput(WORKSPACE, turn("Are bees yellow?", null, null));

        assertThat(requests.readValue().getPassages()).hasSize(1);
        assertThat(meters.get("parley.retrieval.embedding.failures").counter().count())
                .isEqualTo(1);
    }

    @Test
    void whoBringsAPromptGetsNoPassages() {
        passages.pipeInput(WORKSPACE + "/b.md", Passages.of("b.md", "Bees are yellow."));
        TurnRequest brought = TurnRequest.newBuilder(turn("Are bees yellow?", null, null))
                .setPrompt(new CallerPrompt(
                        Role.USER,
                        null,
                        List.of(),
                        GenerationOptions.newBuilder().build()))
                .build();
        turns.pipeInput(WORKSPACE, brought);

        assertThat(requests.readValue().getPassages()).isEmpty();
        assertThat(((TurnPrepared) reports.readValue().getBody()).getSources()).isEmpty();
    }

    /** A person's question is answered from the workspace's knowledge, whatever is attached to it. */
    @Test
    void aPersonsMessageWithAPictureGetsPassagesAndShowsIt() {
        Attachment image = Attachment.newBuilder()
                .setMediaType("image/png")
                .setHash("a".repeat(64))
                .setOffset(3L)
                .build();
        CallerPrompt shown = new CallerPrompt(
                Role.USER, null, List.of(), GenerationOptions.newBuilder().build(), List.of(image), true);
        passages.pipeInput(WORKSPACE + "/b.md", Passages.of("b.md", "Bees are yellow."));
        turns.pipeInput(
                WORKSPACE,
                TurnRequest.newBuilder(turn("Are bees yellow?", null, null))
                        .setPrompt(shown)
                        .build());
        turns.pipeInput(
                WORKSPACE,
                TurnRequest.newBuilder(turn("", null, null)).setPrompt(shown).build());

        GenerationRequest asked = requests.readValue();
        assertThat(asked.getPassages()).hasSize(1);
        assertThat(asked.getMessages().getFirst().getRole()).isEqualTo(Role.SYSTEM);
        assertThat(asked.getMessages().getLast().getAttachments()).containsExactly(image);
        GenerationRequest wordless = requests.readValue();
        assertThat(wordless.getPassages()).isEmpty();
        assertThat(wordless.getMessages().getLast().getAttachments()).containsExactly(image);
    }

    @Test
    void poisonGoesToTheDeadLettersAndTheRestGoesOn() {
        byte[] key = WORKSPACE.getBytes(StandardCharsets.UTF_8);
        rawTurns.pipeInput(key, new byte[] {1, 2});
        rawTurns.pipeInput(key, (byte[]) null);
        rawPassages.pipeInput(key, new byte[] {3});
        passages.pipeInput("elsewhere/x", Passages.of("a.md", "text"));
        rawPassages.pipeInput(key, (byte[]) null);
        turns.pipeInput(WORKSPACE, turn("?", null, null));

        assertThat(deadLetters.readRecordsToList())
                .extracting(letter -> CloudEventHeaders.text(letter.headers(), DeadLetter.TOPIC) + " "
                        + CloudEventHeaders.text(letter.headers(), DeadLetter.CODE) + " "
                        + CloudEventHeaders.text(letter.headers(), DeadLetter.STAGE))
                .containsExactly(
                        "chat.turns.v1 undecodable_record routing",
                        "chat.turns.v1 invalid_record routing",
                        "chat.passages.v1 undecodable_record routing",
                        "chat.passages.v1 invalid_record routing",
                        "chat.passages.v1 invalid_record routing");
        assertThat(requests.getQueueSize()).isEqualTo(1);
    }

    @Test
    void aChangedConfigurationIsForNewTurnsOnly() {
        Configuration first = Configured.by(
                ClassifierKind.NONE, 0, Configured.route("chat", route -> route.setSystemPrompt("First {{intent}}.")));
        Configuration second = Configured.by(
                ClassifierKind.NONE,
                0,
                Configured.route(
                        "chat", route -> route.setSystemPrompt("Second.").setEngine("other")));
        enforce(first);
        turns.pipeInput(WORKSPACE, Turns.asking("?"));
        enforce(second);
        turns.pipeInput(WORKSPACE, Turns.asking("?"));
        turns.pipeInput(WORKSPACE, Turns.asking("?", turn -> turn.setAttempt(2).setConfiguration(first.getVersion())));

        List<GenerationRequest> made = requests.readValuesToList();
        assertThat(made)
                .extracting(request -> request.getMessages().getFirst().getContent())
                .containsExactly("First chat.", "Second.", "First chat.");
        assertThat(made).extracting(GenerationRequest::getEngine).containsExactly("default", "other", "default");
        assertThat(made)
                .extracting(GenerationRequest::getConfiguration)
                .containsExactly(first.getVersion(), second.getVersion(), first.getVersion());
        assertThat(reports.readValuesToList())
                .extracting(report -> ((TurnPrepared) report.getBody()).getConfiguration())
                .containsExactly(first.getVersion(), second.getVersion(), first.getVersion());
    }

    @Test
    void oneVectorServesRoutingAndRetrieval() {
        WordHashes embedder = new WordHashes();
        stop();
        start(embedder);
        enforce(Configured.by(
                ClassifierKind.EXAMPLES,
                0.5,
                Configured.route("chat", route -> {}),
                Configured.route(
                        "sort",
                        route -> route.setEngine("sorter")
                                .setFallbacks(List.of("default"))
                                .setExamples(List.of("sort these names", "sort the list of names")))));
        int before = embedder.questions();
        passages.pipeInput(WORKSPACE + "/a.md", Passages.of(embedder, "a.md", "sort the names"));
        turns.pipeInput(WORKSPACE, Turns.asking("sort the names"));

        GenerationRequest request = requests.readValue();
        assertThat(request.getEngine()).isEqualTo("sorter");
        assertThat(request.getFallbacks()).containsExactly("default");
        assertThat(request.getPassages()).hasSize(1);
        TurnPrepared prepared = (TurnPrepared) reports.readValue().getBody();
        assertThat(prepared.getIntent()).isEqualTo("sort");
        assertThat(prepared.getReason()).isEqualTo("examples");
        assertThat(prepared.getConfidence()).isBetween(0.5, 1.0);
        assertThat(embedder.questions()).isEqualTo(before + 1);

        turns.pipeInput(WORKSPACE, Turns.asking("quite unlike it"));
        assertThat(requests.readValue().getEngine()).isEqualTo("default");
        prepared = (TurnPrepared) reports.readValue().getBody();
        assertThat(prepared.getIntent()).isEqualTo("chat");
        assertThat(prepared.getReason()).isEqualTo("below_threshold");
    }

    @Test
    void aModelThatCannotEmbedLeavesTheDefaultRoute() {
        WordHashes embedder = new WordHashes();
        stop();
        start(embedder);
        enforce(Configured.by(
                ClassifierKind.EXAMPLES,
                0.5,
                Configured.route("chat", route -> {}),
                Configured.route("sort", route -> route.setExamples(List.of("sort names")))));
        embedder.fail();
        turns.pipeInput(WORKSPACE, Turns.asking("sort names"));

        TurnPrepared prepared = (TurnPrepared) reports.readValue().getBody();
        assertThat(prepared.getIntent()).isEqualTo("chat");
        assertThat(prepared.getReason()).isEqualTo("classifier_failed");
    }

    @Test
    void aModelIsAskedOnceAndTheTurnGoesOnUnderItsVersion() {
        Configuration configuration = Configured.by(
                ClassifierKind.MODEL,
                0.5,
                Configured.route("chat", route -> route.setDescription("Anything else")),
                Configured.route(
                        "sort",
                        route -> route.setDescription("Putting things in order")
                                .setExamples(List.of("sort names"))
                                .setEngine("sorter")));
        enforce(configuration);
        turns.pipeInput(WORKSPACE, Turns.asking("names in order? " + "x".repeat(3_000)));

        GenerationRequest asked = requests.readValue();
        GenerationReport told = reports.readValue();
        assertThat(told.getGenerationId()).isEqualTo("turn_1.1/classify");
        assertThat(told.getBody())
                .isEqualTo(
                        new TurnPrepared(1, "", 0.0, "fast", "classify", List.of(), configuration.getVersion(), 5_000));
        assertThat(reports.isEmpty()).isTrue();
        assertThat(asked.getGenerationId()).isEqualTo("turn_1.1/classify");
        assertThat(asked.getKind()).isEqualTo("classify");
        // Outside of the turn's budget of calls, and bounded by itself.
        assertThat(asked.getModelCallsLeft()).isEqualTo(2);
        assertThat(asked.getAttempt()).isEqualTo(1);
        assertThat(asked.getOptions().getTemperature()).isZero();
        assertThat(asked.getOptions().getMaxOutputTokens()).isBetween(1, 256);
        assertThat(asked.getEngine()).isEqualTo("fast");
        assertThat(asked.getMessages()).hasSize(2);
        assertThat(asked.getMessages().getFirst().getContent())
                .contains("- sort: Putting things in order (such as \"sort names\")")
                .contains("- chat: Anything else");
        assertThat(asked.getMessages().getLast().getContent()).hasSize(2_000);
        assertThat(asked.getConfiguration()).isEqualTo(configuration.getVersion());
        assertThat(asked.getClassify()).isNull();

        enforce(BuiltInConfiguration.get());
        turns.pipeInput(
                WORKSPACE,
                Turns.asking(
                        "names in order?",
                        turn -> turn.setConfiguration(configuration.getVersion())
                                .setClassification(new Classification("Sort.", 1.0, "fast"))
                                .setClassifyAttempt(0)));
        GenerationRequest answer = requests.readValue();
        assertThat(answer.getEngine()).isEqualTo("sorter");
        assertThat(answer.getKind()).isEqualTo("model");
        assertThat(reports.readValue().getBody())
                .isEqualTo(new TurnPrepared(
                        1, "sort", 1.0, "sorter", "model", List.of(), configuration.getVersion(), null));
    }

    @Test
    void aRouteSaysWhetherAndWhatIsLookedFor() {
        enforce(Configured.by(
                ClassifierKind.NONE,
                0,
                Configured.route("chat", route -> {}),
                Configured.route(
                        "none", route -> route.setRetrieval(new RetrievalConfiguration(false, null, null, null))),
                Configured.route("one", route -> route.setRetrieval(new RetrievalConfiguration(true, 1, null, null))),
                Configured.route("few", route -> route.setRetrieval(new RetrievalConfiguration(true, null, 8, null)))));
        passages.pipeInput(
                WORKSPACE + "/b.md", Passages.of("b.md", "Bees are yellow.", "Yellow bees are here.", "Bees, yellow."));
        for (String intent : List.of("chat", "none", "one", "few")) {
            turns.pipeInput(WORKSPACE, Turns.asking("yellow bees", turn -> turn.setIntent(intent)));
        }

        assertThat(requests.readValuesToList())
                .extracting(request -> request.getPassages().size())
                .containsExactly(3, 0, 1, 1);
    }

    @Test
    void withoutPassagesNothingIsEmbedded() {
        WordHashes embedder = new WordHashes();
        stop();
        start(embedder);
        turns.pipeInput(WORKSPACE, Turns.asking("?"));
        passages.pipeInput("default/other/b.md", Passages.in("default", "other", "b.md", "Bees are yellow."));
        turns.pipeInput(WORKSPACE, Turns.asking("?"));

        assertThat(requests.getQueueSize()).isEqualTo(2);
        assertThat(embedder.questions()).isZero();
    }

    @Test
    void aQuestionThatIsTooLongFailsItsTurn() {
        enforce(Configured.by(
                ClassifierKind.NONE,
                0,
                Configured.route("chat", route -> route.setLimits(new RouteLimits(2, null, null)))));
        turns.pipeInput(WORKSPACE, Turns.asking("12345678"));
        turns.pipeInput(WORKSPACE, Turns.asking("123456789"));

        assertThat(requests.getQueueSize()).isEqualTo(1);
        List<GenerationReport> told = reports.readValuesToList();
        assertThat(told).hasSize(3);
        assertThat(told.get(1).getBody()).isInstanceOf(TurnPrepared.class);
        assertThat(told.get(2).getReportId()).isEqualTo("turn_1.1/1/refused");
        assertThat(told.get(2).getBody()).isInstanceOfSatisfying(GenerationFailed.class, failed -> {
            assertThat(failed.getCode()).isEqualTo("payload_too_large");
            assertThat(failed.getRetryable()).isFalse();
        });
    }

    @Test
    void theHistoryGivesWayToTheEnginesContext() {
        enforce(Configured.by(
                new Classifier(ClassifierKind.NONE, 0.0, null, 5_000),
                List.of(Configured.engine("tiny", 40)),
                Configured.route("chat", route -> route.setEngine("tiny").setSystemPrompt("s".repeat(20))),
                Configured.route("short", route -> route.setLimits(new RouteLimits(null, 10, null)))));
        List<PromptMessage> history = List.of(
                new PromptMessage(Role.USER, "a".repeat(20), List.of(), null, null),
                new PromptMessage(Role.ASSISTANT, "b".repeat(20), List.of(), null, null),
                new PromptMessage(Role.USER, "c".repeat(20), List.of(), null, null),
                new PromptMessage(Role.ASSISTANT, "d".repeat(20), List.of(), null, null));
        // 40 tokens less 10 for the answer are 120 characters: 20 of ours, 40 of the question, 60 of the history.
        turns.pipeInput(WORKSPACE, Turns.asking("q".repeat(40), turn -> turn.setHistory(history)));
        turns.pipeInput(
                WORKSPACE,
                Turns.asking("q".repeat(40), turn -> turn.setHistory(history).setIntent("short")));
        turns.pipeInput(WORKSPACE, Turns.asking("q".repeat(20), turn -> turn.setHistory(history)));

        assertThat(requests.readValuesToList())
                .extracting(request -> request.getMessages().size())
                .containsExactly(4, 4, 6);
        assertThat(meters.get("parley.routing.history.trimmed").counter().count())
                .isEqualTo(2);
    }

    private void enforce(Configuration configuration) {
        configurations.prepare(configuration);
        configurations.enforce(configuration);
    }

    @Test
    void aSearchFindsWhatATurnOfItsWorkspaceWould() {
        passages.pipeInput(WORKSPACE + "/b.md", Passages.of("b.md", "Bees are yellow.", "Bees sting, not often."));
        passages.pipeInput("default/other/c.md", Passages.in("default", "other", "c.md", "Bees sting."));
        RecordHeaders headers = new RecordHeaders();
        headers.add(CloudEventHeaders.TRACEPARENT, TRACE.getBytes(StandardCharsets.UTF_8));
        searches.pipeInput(new TestRecord<>(WORKSPACE, search("yellow bees", 1, NOW), headers, NOW));
        searches.pipeInput(WORKSPACE, search("wasps", 5, NOW));

        TestRecord<String, SearchResult> first = found.readRecord();
        assertThat(first.key()).isEqualTo("search_1");
        assertThat(first.value())
                .isEqualTo(new SearchResult(
                        "search_1",
                        NOW,
                        List.of(new Passage(new Source("default/main/b.md#0", "b.md", null, 1.0), "Bees are yellow.")),
                        null));
        assertThat(CloudEventHeaders.text(first.headers(), CloudEventHeaders.TRACEPARENT))
                .isEqualTo(TRACE);
        assertThat(found.readValue()).isEqualTo(new SearchResult("search_1", NOW, List.of(), null));
        assertThat(requests.isEmpty()).isTrue();
    }

    @Test
    void aSearchThatNobodyCanBeWaitingForIsPassedOver() {
        searches.pipeInput(WORKSPACE, search("bees", 5, NOW.minusSeconds(61)));
        searches.pipeInput(WORKSPACE, search("bees", 5, NOW.plusSeconds(3_600)));

        assertThat(found.readValuesToList()).hasSize(1);
        assertThat(meters.get("parley.retrieval.searches.passed.over").counter().count())
                .isEqualTo(1);
    }

    @Test
    void poisonedSearchesAreSetAside() {
        driver.createInputTopic(topics.searches().name(), new ByteArraySerializer(), new ByteArraySerializer())
                .pipeInput(WORKSPACE.getBytes(StandardCharsets.UTF_8), new byte[] {9});
        searches.pipeInput("default/other", search("bees", 5, NOW));
        searches.pipeInput(WORKSPACE, search("bees", 0, NOW));
        searches.pipeInput(WORKSPACE, search("bees", 51, NOW));
        searches.pipeInput(WORKSPACE, search("bees", 50, NOW));

        assertThat(deadLetters.readRecordsToList())
                .extracting(letter -> CloudEventHeaders.text(letter.headers(), DeadLetter.TOPIC) + " "
                        + CloudEventHeaders.text(letter.headers(), DeadLetter.CODE))
                .containsExactly(
                        "chat.searches.v1 undecodable_record",
                        "chat.searches.v1 invalid_record",
                        "chat.searches.v1 invalid_record",
                        "chat.searches.v1 invalid_record");
        assertThat(found.readValuesToList()).hasSize(1);
    }

    private static SearchRequest search(String query, int limit, Instant time) {
        return new SearchRequest("search_1", "default", "main", time, query, limit);
    }

    private Topology topology(Embedder embedder) {
        return RoutingTopology.build(topics, SETTINGS, meters, embedder, configurations, InstantSource.fixed(NOW));
    }

    private static TurnRequest turn(String content, @Nullable String intent, @Nullable String engine) {
        return TurnRequest.newBuilder()
                .setTenantId("default")
                .setConversationId("c1")
                .setWorkspaceId("main")
                .setTurnId("turn_1")
                .setGenerationId("turn_1.1")
                .setAssistantMessageId("msg_2")
                .setAttempt(2)
                .setCause("worker_lost")
                .setTime(NOW)
                .setContent(content)
                .setHistory(List.of(
                        new PromptMessage(Role.USER, "Before?", List.of(), null, null),
                        new PromptMessage(Role.ASSISTANT, "That.", List.of(), null, null)))
                .setIntent(intent)
                .setEngine(engine)
                .setConfiguration("")
                .setClassifyAttempt(1)
                .build();
    }
}
