package dev.parley.topologies.conversation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.chat.v1.Attempt;
import dev.parley.chat.v1.BranchPoint;
import dev.parley.chat.v1.CallerPrompt;
import dev.parley.chat.v1.CancelTurn;
import dev.parley.chat.v1.Command;
import dev.parley.chat.v1.Control;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.GenerationCompleted;
import dev.parley.chat.v1.GenerationFailed;
import dev.parley.chat.v1.GenerationOptions;
import dev.parley.chat.v1.GenerationReport;
import dev.parley.chat.v1.OnBusy;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.RegenerateMessage;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.SubmitMessage;
import dev.parley.chat.v1.SwitchBranch;
import dev.parley.chat.v1.ToolCall;
import dev.parley.chat.v1.TurnFailed;
import dev.parley.chat.v1.TurnRequest;
import dev.parley.chat.v1.Upstream;
import dev.parley.chat.v1.Usage;
import dev.parley.chat.v1.UsageBasis;
import dev.parley.schemas.CloudEventHeaders;
import dev.parley.schemas.DeadLetter;
import dev.parley.schemas.Topic;
import dev.parley.schemas.Topics;
import dev.parley.schemas.settings.Settings;
import dev.parley.schemas.settings.TopicSettings;
import dev.parley.stack.InMemoryRegistry;
import dev.parley.stack.LaterVersion;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Properties;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TestOutputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.test.TestRecord;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ConversationTopologyTest {

    private static final String KEY = "default/c1";
    private static final String TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

    @TempDir
    private Path stateDir;

    private final Topics topics = Topics.of(new TopicSettings("", 1, (short) 1), InMemoryRegistry.serdes());
    private long nanos;
    private TopologyTestDriver driver;
    private TestInputTopic<String, Command> commands;
    private TestInputTopic<String, GenerationReport> reports;
    private TestOutputTopic<String, ConversationEvent> events;
    private TestOutputTopic<String, TurnRequest> turns;
    private TestOutputTopic<String, Control> controls;
    private TestOutputTopic<byte[], byte[]> deadLetters;

    @BeforeEach
    void start() {
        Properties config = new Properties();
        config.put(StreamsConfig.APPLICATION_ID_CONFIG, "test");
        config.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "nowhere:1");
        config.put(StreamsConfig.STATE_DIR_CONFIG, stateDir.toString());
        config.put(StreamsConfig.ENSURE_EXPLICIT_INTERNAL_RESOURCE_NAMING_CONFIG, true);
        driver = new TopologyTestDriver(
                ConversationTopology.build(
                        topics,
                        ConversationSettings.from(Settings.of()),
                        new SimpleMeterRegistry(),
                        InstantSource.fixed(NOW),
                        () -> nanos),
                config);
        commands = in(topics.commands());
        reports = in(topics.generationResults());
        events = out(topics.events());
        turns = out(topics.turns());
        controls = out(topics.controls());
        deadLetters = driver.createOutputTopic(
                topics.deadLetters().name(), new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    @AfterEach
    void stop() {
        driver.close();
    }

    private <V> TestInputTopic<String, V> in(Topic<String, V> topic) {
        return driver.createInputTopic(
                topic.name(), topic.keys().serializer(), topic.values().serializer());
    }

    private <V> TestOutputTopic<String, V> out(Topic<String, V> topic) {
        return driver.createOutputTopic(
                topic.name(), topic.keys().deserializer(), topic.values().deserializer());
    }

    private static Command submit(String name, String content) {
        return new Command(
                "command-" + name,
                "default",
                "c1",
                NOW,
                SubmitMessage.newBuilder()
                        .setMessageId("user-" + name)
                        .setTurnId(name)
                        .setAssistantMessageId("answer-" + name)
                        .setContent(content)
                        .setOnBusy(OnBusy.ENQUEUE)
                        .setFingerprint("print")
                        .build());
    }

    private static GenerationReport completed(String turn, String content) {
        return new GenerationReport(
                "report-" + turn,
                turn + ".1",
                NOW,
                GenerationCompleted.newBuilder()
                        .setAttempt(new Attempt("a", 1, "e", "m", "w", ""))
                        .setContent(content)
                        .setFinishReason("stop")
                        .setUsage(new Usage(1, 1, UsageBasis.MEASURED, null))
                        .setFirstTokenMillis(1.0)
                        .setGenerationMillis(2.0)
                        .build());
    }

    @Test
    void theFlowIsTheOneInTheDocs() throws IOException {
        String described = ConversationTopology.build(
                        topics, ConversationSettings.from(Settings.of()), new SimpleMeterRegistry())
                .describe()
                .toString();
        try (InputStream golden = getClass().getResourceAsStream("/golden/conversation.txt")) {
            // A wanted change of the flow: put the new text into the golden file and into docs/dataflow.md.
            assertThat(described)
                    .isEqualTo(new String(Objects.requireNonNull(golden).readAllBytes(), StandardCharsets.UTF_8));
        }
    }

    @Test
    void storeNamesAreAContract() {
        assertThat(driver.getAllStateStores().keySet())
                .containsExactlyInAnyOrder(
                        "conversation-heads", "conversation-messages", "message-ids", "active-turns");
    }

    @Test
    void anEventCarriesItsSequenceItsCauseAndItsTrace() {
        RecordHeaders headers = new RecordHeaders();
        headers.add("traceparent", TRACE.getBytes(StandardCharsets.UTF_8));
        commands.pipeInput(new TestRecord<>(KEY, submit("one", "Hi"), headers));

        List<TestRecord<String, ConversationEvent>> logged = events.readRecordsToList();

        assertThat(logged).extracting(record -> record.value().getSequence()).containsExactly(1L, 2L, 3L);
        assertThat(logged).allSatisfy(record -> {
            assertThat(record.key()).isEqualTo(KEY);
            assertThat(record.value().getCauseId()).isEqualTo("command-one");
            assertThat(CloudEventHeaders.text(record.headers(), "traceparent")).isEqualTo(TRACE);
            assertThat(CloudEventHeaders.text(record.headers(), "ce_id"))
                    .isEqualTo(KEY + "/" + record.value().getSequence());
        });
        TestRecord<String, TurnRequest> request = turns.readRecord();
        assertThat(request.key()).isEqualTo("default/default");
        assertThat(CloudEventHeaders.text(request.headers(), "traceparent")).isEqualTo(TRACE);
    }

    @Test
    void aFollowUpCarriesTheExchangesBeforeIt() {
        commands.pipeInput(KEY, submit("one", "Why?"));
        reports.pipeInput(KEY, completed("one", "Because."));
        commands.pipeInput(KEY, submit("two", "Really?"));

        List<TurnRequest> requests = turns.readValuesToList();

        assertThat(requests).hasSize(2);
        assertThat(requests.getLast().getContent()).isEqualTo("Really?");
        assertThat(requests.getLast().getHistory())
                .extracting(PromptMessage::getContent)
                .containsExactly("Why?", "Because.");
    }

    private static Command submitAfter(String name, @Nullable String after) {
        Command command = submit(name, name);
        return Command.newBuilder(command)
                .setBody(SubmitMessage.newBuilder((SubmitMessage) command.getBody())
                        .setAfter(new BranchPoint(after))
                        .build())
                .build();
    }

    private List<String> historyOfTheLast() {
        return turns.readValuesToList().getLast().getHistory().stream()
                .map(PromptMessage::getContent)
                .toList();
    }

    private void answered(Command command, String name) {
        commands.pipeInput(KEY, command);
        reports.pipeInput(KEY, completed(name, name.toUpperCase(Locale.ROOT)));
    }

    @Test
    void aFollowUpCarriesItsBranchAlone() {
        answered(submit("a", "a"), "a");
        answered(submit("b", "b"), "b");
        answered(submit("c", "c"), "c");

        answered(submitAfter("d", "answer-a"), "d");
        assertThat(historyOfTheLast()).containsExactly("a", "A");
        answered(submit("e", "e"), "e");
        assertThat(historyOfTheLast()).containsExactly("a", "A", "d", "D");
        answered(submitAfter("f", "answer-c"), "f");
        assertThat(historyOfTheLast()).containsExactly("a", "A", "b", "B", "c", "C");
        answered(submitAfter("g", null), "g");
        assertThat(historyOfTheLast()).isEmpty();
        answered(
                new Command(
                        "again",
                        "default",
                        "c1",
                        NOW,
                        new RegenerateMessage("answer-e", "h", "answer-h", OnBusy.ENQUEUE, null)),
                "h");
        assertThat(historyOfTheLast()).containsExactly("a", "A", "d", "D");
        commands.pipeInput(KEY, new Command("back", "default", "c1", NOW, new SwitchBranch("answer-b")));
        answered(submit("i", "i"), "i");
        assertThat(historyOfTheLast()).containsExactly("a", "A", "b", "B", "c", "C", "f", "F");
    }

    private static Command regenerate(String commandId, String name) {
        return new Command(
                commandId,
                "default",
                "c1",
                NOW,
                new RegenerateMessage(null, name, "answer-" + name, OnBusy.ENQUEUE, null));
    }

    private List<String> eventsOf(String turn) {
        return events.readValuesToList().stream()
                .filter(event -> turn.equals(event.getTurnId()))
                .map(event -> event.getBody().getClass().getSimpleName())
                .toList();
    }

    @Test
    void aRegenerationThatIsAskedAgainWhileItWaitsRunsOnce() {
        commands.pipeInput(KEY, submit("one", "Why?"));
        reports.pipeInput(KEY, completed("one", "Because."));
        commands.pipeInput(KEY, submit("two", "And then?"));

        commands.pipeInput(KEY, regenerate("command-a", "again"));
        commands.pipeInput(KEY, regenerate("command-b", "again"));
        reports.pipeInput(KEY, completed("two", "That."));
        reports.pipeInput(KEY, completed("again", "Because of this."));

        assertThat(eventsOf("again")).containsExactly("TurnStarted", "MessageCompleted");
    }

    @Test
    void aRegenerationThatIsAskedAgainAfterItWasCancelledInTheQueueStaysCancelled() {
        commands.pipeInput(KEY, submit("one", "Why?"));
        reports.pipeInput(KEY, completed("one", "Because."));
        commands.pipeInput(KEY, submit("two", "And then?"));

        commands.pipeInput(KEY, regenerate("command-a", "again"));
        commands.pipeInput(KEY, new Command("command-c", "default", "c1", NOW, new CancelTurn("again")));
        commands.pipeInput(KEY, regenerate("command-b", "again"));
        reports.pipeInput(KEY, completed("two", "That."));

        assertThat(eventsOf("again")).containsExactly("TurnCancelled");
    }

    @Test
    void historyBeyondTheBudgetLosesItsOldestWholeExchanges() {
        String long12000Chars = "x".repeat(12_000);
        for (String name : List.of("one", "two", "three", "four")) {
            commands.pipeInput(KEY, submit(name, name));
            reports.pipeInput(KEY, completed(name, long12000Chars));
        }

        List<PromptMessage> history = turns.readValuesToList().getLast().getHistory();

        // 8,000 tokens of four characters: two exchanges of 12,000 characters.
        assertThat(history)
                .extracting(PromptMessage::getContent)
                .containsExactly("two", long12000Chars, "three", long12000Chars);
    }

    private static Command submit(String name, String content, CallerPrompt prompt) {
        Command command = submit(name, content);
        return Command.newBuilder(command)
                .setBody(SubmitMessage.newBuilder((SubmitMessage) command.getBody())
                        .setPrompt(prompt)
                        .build())
                .build();
    }

    private static GenerationReport completed(String turn, String content, ToolCall... calls) {
        GenerationReport report = completed(turn, content);
        return GenerationReport.newBuilder(report)
                .setBody(GenerationCompleted.newBuilder((GenerationCompleted) report.getBody())
                        .setToolCalls(List.of(calls))
                        .build())
                .build();
    }

    private static PromptMessage message(Role role, String content) {
        return new PromptMessage(role, content, List.of(), null, null);
    }

    private static CallerPrompt with(Role role, @Nullable String toolCallId, PromptMessage... context) {
        return new CallerPrompt(
                role,
                toolCallId,
                List.of(context),
                GenerationOptions.newBuilder().setInstructions("of one turn").build());
    }

    @Test
    void historyHoldsWhatWasSentAlongAndWhatToolsAnswered() {
        ToolCall call = new ToolCall("call_1", "look", "{\"q\":1}");
        CallerPrompt first = with(Role.USER, null, message(Role.SYSTEM, "Be brief."), message(Role.USER, "Before"));
        commands.pipeInput(KEY, submit("one", "Why?", first));
        reports.pipeInput(KEY, completed("one", "", call));
        CallerPrompt second = with(Role.TOOL, "call_1");
        commands.pipeInput(KEY, submit("two", "42", second));
        reports.pipeInput(KEY, completed("two", "Because of 42."));
        commands.pipeInput(KEY, submit("three", "Really?"));

        List<TurnRequest> requests = turns.readValuesToList();

        assertThat(requests.get(0).getPrompt()).isEqualTo(first);
        assertThat(requests.get(1).getPrompt()).isEqualTo(second);
        assertThat(requests.get(2).getPrompt()).isNull();
        assertThat(requests.get(2).getHistory())
                .containsExactly(
                        message(Role.SYSTEM, "Be brief."),
                        message(Role.USER, "Before"),
                        message(Role.USER, "Why?"),
                        new PromptMessage(Role.ASSISTANT, "", List.of(call), null, null),
                        new PromptMessage(Role.TOOL, "42", List.of(), "call_1", null),
                        message(Role.ASSISTANT, "Because of 42."));
        assertThat(requests.get(1).getHistory()).hasSize(4);
    }

    @Test
    void whatAToolAnsweredIsLeftOutWhereItsCallIs() {
        commands.pipeInput(KEY, submit("one", "x".repeat(20_000)));
        reports.pipeInput(KEY, completed("one", "", new ToolCall("call_1", "f", ""), new ToolCall("call_2", "f", "")));
        commands.pipeInput(
                KEY,
                submit(
                        "two",
                        "43",
                        with(Role.TOOL, "call_2", new PromptMessage(Role.TOOL, "42", List.of(), "call_1", null))));
        reports.pipeInput(KEY, completed("two", "y".repeat(20_000)));
        commands.pipeInput(KEY, submit("three", "And?"));

        assertThat(turns.readValuesToList().getLast().getHistory())
                .containsExactly(message(Role.ASSISTANT, "y".repeat(20_000)));
    }

    @Test
    void whatWasSentAlongCountsTowardsTheBudget() {
        commands.pipeInput(KEY, submit("one", "one", with(Role.USER, null, message(Role.USER, "x".repeat(31_000)))));
        reports.pipeInput(KEY, completed("one", "1"));
        commands.pipeInput(KEY, submit("two", "y".repeat(2_000)));
        reports.pipeInput(KEY, completed("two", "2"));
        commands.pipeInput(KEY, submit("three", "And?"));

        assertThat(turns.readValuesToList().getLast().getHistory())
                .containsExactly(message(Role.USER, "y".repeat(2_000)), message(Role.ASSISTANT, "2"));
    }

    @Test
    void aRequestThatNobodyTakesFailsByTheMonotonicClock() {
        commands.pipeInput(KEY, submit("one", "Hi"));
        driver.advanceWallClockTime(Duration.ofHours(1));
        assertThat(controls.isEmpty())
                .as("a jump of the wall clock ends nothing")
                .isTrue();

        nanos += Duration.ofMinutes(3).toNanos();
        driver.advanceWallClockTime(Duration.ofSeconds(1));
        assertThat(controls.readValue().getGenerationId()).isEqualTo("one.1");
        nanos += Duration.ofMinutes(1).toNanos();
        driver.advanceWallClockTime(Duration.ofSeconds(1));

        assertThat(events.readValuesToList().getLast().getBody())
                .isInstanceOfSatisfying(
                        TurnFailed.class, failed -> assertThat(failed.getCode()).isEqualTo("no_worker"));
    }

    private static GenerationReport rateLimited(String turn, int attempt, int calls, @Nullable Long retryAfterMillis) {
        return new GenerationReport(
                "report-" + turn + attempt,
                turn + ".1",
                NOW,
                GenerationFailed.newBuilder()
                        .setAttempt(new Attempt("a" + attempt, attempt, "e", "m", "w", ""))
                        .setCode("engine_rate_limited")
                        .setDetail("slow down")
                        .setRetryable(true)
                        .setContent("")
                        .setUsage(new Usage(1, 0, UsageBasis.ESTIMATED, null))
                        .setGenerationMillis(1.0)
                        .setUpstream(new Upstream(null, calls, List.of(), retryAfterMillis, null, null))
                        .build());
    }

    /** A model server that refuses whatever it is asked: engine, fallbacks and attempts share one budget, which is 4. */
    @ParameterizedTest
    @ValueSource(longs = {-1, 1_000})
    void aTurnAsksModelServersAsOftenAsItMayOverAllItsAttempts(long retryAfterMillis) {
        Long retryAfter = retryAfterMillis < 0 ? null : (Long) retryAfterMillis;
        commands.pipeInput(KEY, submit("one", "Hi"));
        assertThat(turns.readValue().getModelCallsLeft()).isEqualTo(4);

        reports.pipeInput(KEY, rateLimited("one", 1, 3, retryAfter));
        nanos += Duration.ofSeconds(2).toNanos();
        driver.advanceWallClockTime(Duration.ofSeconds(2));
        TurnRequest again = turns.readValue();
        assertThat(again.getAttempt()).isEqualTo(2);
        assertThat(again.getModelCallsLeft()).isOne();

        reports.pipeInput(KEY, rateLimited("one", 2, 1, retryAfter));
        nanos += Duration.ofSeconds(2).toNanos();
        driver.advanceWallClockTime(Duration.ofSeconds(2));

        assertThat(turns.isEmpty()).isTrue();
        assertThat(events.readValuesToList().getLast().getBody()).isInstanceOfSatisfying(TurnFailed.class, failed -> {
            assertThat(failed.getCode()).isEqualTo("engine_rate_limited");
            assertThat(failed.getUpstream()).isEqualTo(new Upstream(null, 4, List.of(), retryAfter, null, null));
        });
    }

    @Test
    void aServerThatWantsALongPauseIsNotAskedAgainAtAll() {
        commands.pipeInput(KEY, submit("one", "Hi"));
        turns.readValue();

        reports.pipeInput(KEY, rateLimited("one", 1, 1, 3_600_000L));

        assertThat(turns.isEmpty()).isTrue();
        assertThat(events.readValuesToList().getLast().getBody())
                .isInstanceOfSatisfying(
                        TurnFailed.class,
                        failed -> assertThat(failed.getUpstream())
                                .isEqualTo(new Upstream(null, 1, List.of(), 3_600_000L, null, null)));
    }

    @Test
    void poisonIsSetAsideOnceAndTheNextRecordIsTaken() {
        TestInputTopic<byte[], byte[]> raw =
                driver.createInputTopic(topics.commands().name(), new ByteArraySerializer(), new ByteArraySerializer());
        raw.pipeInput(KEY.getBytes(StandardCharsets.UTF_8), new byte[] {1, 2, 3});
        commands.pipeInput("default/other", submit("one", "Hi"));
        commands.pipeInput(KEY, submit("one", "Hi"));

        List<TestRecord<byte[], byte[]>> letters = deadLetters.readRecordsToList();

        assertThat(letters).hasSize(2);
        assertThat(letters.getFirst().value()).containsExactly(1, 2, 3);
        assertThat(CloudEventHeaders.text(letters.getFirst().headers(), DeadLetter.CODE))
                .isEqualTo("undecodable_record");
        assertThat(CloudEventHeaders.text(letters.getLast().headers(), DeadLetter.CODE))
                .isEqualTo("invalid_record");
        assertThat(events.readValuesToList()).hasSize(3);
    }

    @Test
    void whatOnlyALaterVersionKnowsIsSetAsideAndNeverDecidedUpon() {
        commands.pipeInput(KEY, submit("one", "Hi"));
        events.readValuesToList();
        Command approval = new Command(
                "command-two", "default", "c1", NOW, LaterVersion.body(Command.getClassSchema(), "ApproveToolCall"));
        GenerationReport pause = new GenerationReport(
                "report-two", "one.1", NOW, LaterVersion.body(GenerationReport.getClassSchema(), "GenerationPaused"));

        commands.pipeInput(KEY, approval);
        reports.pipeInput(KEY, pause);

        List<TestRecord<byte[], byte[]>> letters = deadLetters.readRecordsToList();
        assertThat(letters)
                .extracting(letter -> CloudEventHeaders.text(letter.headers(), DeadLetter.CODE) + ": "
                        + CloudEventHeaders.text(letter.headers(), DeadLetter.CAUSE))
                .containsExactly(
                        "unknown_type: of a type that only a later version knows: dev.parley.chat.v1.ApproveToolCall",
                        "unknown_type: of a type that only a later version knows: dev.parley.chat.v1.GenerationPaused");
        assertThat(letters.getFirst().value())
                .as("as it came, to be written again")
                .isEqualTo(topics.commands()
                        .values()
                        .serializer()
                        .serialize(topics.commands().name(), approval));
        assertThat(events.isEmpty()).isTrue();
        assertThat(controls.isEmpty()).isTrue();
    }
}
