package dev.parley.sinks.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.parley.chat.v1.Attempt;
import dev.parley.chat.v1.CallerPrompt;
import dev.parley.chat.v1.ConversationAnnotated;
import dev.parley.chat.v1.ConversationCreated;
import dev.parley.chat.v1.ConversationDeleted;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.Document;
import dev.parley.chat.v1.FeedbackRecorded;
import dev.parley.chat.v1.GenerationOptions;
import dev.parley.chat.v1.MessageAccepted;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.OnBusy;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.Timings;
import dev.parley.chat.v1.ToolCall;
import dev.parley.chat.v1.TurnCancelled;
import dev.parley.chat.v1.TurnStarted;
import dev.parley.chat.v1.Upstream;
import dev.parley.chat.v1.Usage;
import dev.parley.chat.v1.UsageBasis;
import dev.parley.chat.v1.UsageDetails;
import dev.parley.schemas.Topics;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.schemas.keys.DocumentKey;
import dev.parley.schemas.keys.WorkspaceKey;
import dev.parley.schemas.settings.KafkaSettings;
import dev.parley.schemas.settings.Settings;
import dev.parley.schemas.settings.TopicSettings;
import dev.parley.sinks.postgres.ConversationSnapshot.Message;
import dev.parley.sinks.postgres.ConversationSnapshot.Sent;
import dev.parley.sinks.postgres.ConversationSnapshot.Status;
import dev.parley.stack.EmbeddedPostgres;
import dev.parley.stack.InMemoryRegistry;
import dev.parley.stack.Provisioner;
import dev.parley.stack.TestStack;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PostgresSinkIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
    private static final ConversationKey KEY = new ConversationKey("t", "c");
    private static final Usage USAGE = new Usage(3, 4, UsageBasis.MEASURED, null);
    private static final Upstream UPSTREAM =
            new Upstream(new UsageDetails(1, null, 2, null, null), 3, List.of("seed"), null, 1, 2);
    private static final Timings TIMINGS = new Timings(1.0, 2.0, 3.0, 4.0);

    @TempDir
    private Path dir;

    private final KafkaSettings kafka = KafkaSettings.of(TestStack.shared().bootstrapServers());
    private final TopicSettings topicSettings =
            new TopicSettings("s" + UUID.randomUUID().toString().substring(0, 8) + ".", 2, (short) 1);
    private final InMemoryRegistry registry = new InMemoryRegistry();
    private final Topics topics = Topics.of(topicSettings, InMemoryRegistry.serdes(registry));
    private KafkaProducer<byte[], byte[]> producer;
    private EmbeddedPostgres postgres;
    private PostgresSettings settings;
    private PostgresReadModel readModel;
    private @Nullable PostgresSink sink;
    private long sequence;

    @BeforeEach
    void start() {
        new Provisioner(kafka, registry).provision(topics);
        producer = new KafkaProducer<>(
                kafka.client("test", Map.of("acks", "all")), new ByteArraySerializer(), new ByteArraySerializer());
        postgres = EmbeddedPostgres.start(dir, 0);
        settings = PostgresSettings.from(Settings.of(Map.of("DATABASE_URL", postgres.jdbcUrl())));
        readModel = new PostgresReadModel(settings, topics);
        sink = startSink();
    }

    private PostgresSink startSink() {
        return PostgresSink.start(settings, kafka, topicSettings, topics, new SimpleMeterRegistry());
    }

    @AfterEach
    void stop() {
        if (sink != null) {
            sink.close();
        }
        readModel.close();
        producer.close();
        postgres.close();
    }

    private void log(@Nullable String turn, ConversationEvent.Body body) {
        ConversationEvent event =
                new ConversationEvent("t", "c", ++sequence, NOW.plusSeconds(sequence), "cause", turn, null, body);
        byte[] value =
                topics.events().values().serializer().serialize(topics.events().name(), event);
        var _ = producer.send(
                new ProducerRecord<>(topics.events().name(), KEY.toString().getBytes(StandardCharsets.UTF_8), value));
        producer.flush();
    }

    private void exchange(String name, String question, String answer) {
        log(
                name,
                MessageAccepted.newBuilder()
                        .setMessageId("user-" + name)
                        .setAssistantMessageId("answer-" + name)
                        .setRole(Role.USER)
                        .setContent(question)
                        .setOnBusy(OnBusy.ENQUEUE)
                        .setFingerprint("print")
                        .build());
        log(name, new TurnStarted("user-" + name, "answer-" + name, name + ".1", null, null));
        log(
                name,
                MessageCompleted.newBuilder()
                        .setMessageId("answer-" + name)
                        .setGenerationId(name + ".1")
                        .setAttempt(new Attempt("a", 1, "e", "m", "w", ""))
                        .setContent(answer)
                        .setFinishReason("stop")
                        .setUsage(USAGE)
                        .setTimings(TIMINGS)
                        .setUpstream(UPSTREAM)
                        .build());
    }

    private List<Message> messages() {
        return readModel.conversations().snapshot(KEY).orElseThrow().messages();
    }

    private void awaitSequence() {
        await().atMost(PATIENCE)
                .ignoreExceptions()
                .until(() ->
                        readModel.conversations().snapshot(KEY).orElseThrow().cursor() == sequence);
    }

    @Test
    void theTablesAreAFoldOfTheLog() throws SQLException {
        log(null, new ConversationCreated("Title", "w", Map.of("k", "v")));
        exchange("one", "nul \u0000 and \uD83D\uDE00", "answer \u0000 \u2028");
        log(
                "two",
                MessageAccepted.newBuilder()
                        .setMessageId("user-two")
                        .setAssistantMessageId("answer-two")
                        .setRole(Role.USER)
                        .setContent("q")
                        .setOnBusy(OnBusy.ENQUEUE)
                        .setFingerprint("print")
                        .build());
        log("two", new TurnStarted("user-two", "answer-two", "two.1", null, null));
        awaitSequence();

        ConversationSnapshot running = readModel.conversations().snapshot(KEY).orElseThrow();
        assertThat(running.activeTurn().map(ConversationSnapshot.ActiveTurn::turnId))
                .contains("two");
        assertThat(running.conversation().messageCount()).isEqualTo(4);
        log(
                "two",
                TurnCancelled.newBuilder()
                        .setMessageId("answer-two")
                        .setUserMessageId("user-two")
                        .setGenerationId("two.1")
                        .setContent("part")
                        .setUsage(USAGE)
                        .setForgotten(true)
                        .setTimings(TIMINGS)
                        .build());
        log(null, new FeedbackRecorded("answer-one", "up", "nice"));
        awaitSequence();

        List<Message> messages = messages();
        assertThat(messages)
                .extracting(Message::content)
                .containsExactly("nul \u0000 and \uD83D\uDE00", "answer \u0000 \u2028", "q", "part");
        assertThat(messages)
                .extracting(Message::status)
                .containsExactly(Status.ACCEPTED, Status.COMPLETED, Status.FORGOTTEN, Status.FORGOTTEN);
        assertThat(messages.get(1).answer().usage()).contains(USAGE);
        assertThat(messages.get(1).answer().upstream()).contains(UPSTREAM);
        assertThat(messages.get(0).answer().upstream()).isEmpty();
        assertThat(messages.get(1).feedback().map(ConversationSnapshot.Feedback::rating))
                .contains("up");
        assertThat(readModel.conversations().snapshot(KEY).orElseThrow().activeTurn())
                .isEmpty();
        assertThat(readModel.archive().events(KEY, 3, 100))
                .extracting(ConversationEvent::getSequence)
                .first()
                .isEqualTo(4L);
        assertThat(count("events")).isEqualTo(sequence);
        assertThat(count("generations")).isEqualTo(2);
    }

    @Test
    void toolCallsAndWhatWasSentAlongAreReadAsTheyWereLogged() {
        ToolCall call = new ToolCall("call_1", "look", "{\"q\": \"\\u0000 \u2028 and \uD83D\uDE00\"}");
        ToolCall bare = new ToolCall("call_2", "wait", "");
        List<PromptMessage> context = List.of(
                new PromptMessage(Role.SYSTEM, "Be brief.\r\n\u2028", List.of(), null, null),
                new PromptMessage(Role.ASSISTANT, "", List.of(call, bare), null, null),
                new PromptMessage(Role.TOOL, "42", List.of(), "call_1", null));
        log(null, new ConversationCreated(null, "w", Map.of()));
        log(
                "one",
                MessageAccepted.newBuilder()
                        .setMessageId("user-one")
                        .setAssistantMessageId("answer-one")
                        .setRole(Role.TOOL)
                        .setContent("43")
                        .setOnBusy(OnBusy.ENQUEUE)
                        .setFingerprint("print")
                        .setPrompt(new CallerPrompt(
                                Role.TOOL,
                                "call_2",
                                context,
                                GenerationOptions.newBuilder()
                                        .setInstructions("x")
                                        .build()))
                        .build());
        log("one", new TurnStarted("user-one", "answer-one", "one.1", null, null));
        log(
                "one",
                MessageCompleted.newBuilder()
                        .setMessageId("answer-one")
                        .setGenerationId("one.1")
                        .setAttempt(new Attempt("a", 1, "e", "m", "w", ""))
                        .setContent("")
                        .setFinishReason("tool_calls")
                        .setUsage(USAGE)
                        .setTimings(TIMINGS)
                        .setToolCalls(List.of(call, bare))
                        .build());
        exchange("two", "q", "a");
        awaitSequence();

        List<Message> messages = messages();
        assertThat(messages.get(0).role()).isEqualTo(Role.TOOL);
        assertThat(messages.get(0).sent().orElseThrow().context()).isEqualTo(context);
        assertThat(messages.get(0).answer().toolCalls()).isEmpty();
        assertThat(messages.get(1).answer().toolCalls()).containsExactly(call, bare);
        assertThat(messages.get(1).answer().finishReason()).contains("tool_calls");
        assertThat(messages.subList(2, 4))
                .allSatisfy(
                        message -> assertThat(message.sent().map(Sent::context).orElse(List.of()))
                                .isEmpty())
                .allSatisfy(message -> assertThat(message.answer().toolCalls()).isEmpty());
        assertThat(readModel.archive().turn(KEY, "one"))
                .extracting(ConversationEvent::getSequence)
                .containsExactly(2L, 3L, 4L);
        assertThat(readModel.archive().turn(KEY, "nothing")).isEmpty();
    }

    @Test
    void aRestartedSinkGoesOnWhereItWas() throws SQLException {
        log(null, new ConversationCreated(null, "w", Map.of()));
        exchange("one", "q", "a");
        awaitSequence();
        Optional.ofNullable(sink).orElseThrow().close();
        exchange("two", "q2", "a2");
        sink = startSink();
        awaitSequence();

        assertThat(messages())
                .extracting(Message::id)
                .containsExactly("user-one", "answer-one", "user-two", "answer-two");
        assertThat(readModel
                        .conversations()
                        .snapshot(KEY)
                        .orElseThrow()
                        .conversation()
                        .messageCount())
                .isEqualTo(4);
        assertThat(count("events")).isEqualTo(sequence);
    }

    @Test
    void anOutageIsWaitedOutAndLosesNothing() throws SQLException {
        log(null, new ConversationCreated(null, "w", Map.of()));
        exchange("one", "q", "a");
        awaitSequence();

        postgres.stop();
        exchange("two", "q2", "a2");
        await().atMost(PATIENCE)
                .until(() -> !Optional.ofNullable(sink).orElseThrow().health().ready());
        assertThatThrownBy(() -> readModel.conversations().snapshot(KEY))
                .isInstanceOf(ConversationQueries.ReadModelUnavailableException.class);
        postgres.start();
        awaitSequence();

        assertThat(messages()).hasSize(4);
        assertThat(count("events")).isEqualTo(sequence);
        await().atMost(PATIENCE)
                .until(() -> Optional.ofNullable(sink).orElseThrow().health().ready());
    }

    @Test
    void readingTheLogAgainChangesNothing() throws SQLException {
        log(null, new ConversationCreated(null, "w", Map.of()));
        exchange("one", "q", "a");
        log(null, new FeedbackRecorded("answer-one", "up", null));
        awaitSequence();
        ConversationSnapshot before = readModel.conversations().snapshot(KEY).orElseThrow();
        Optional.ofNullable(sink).orElseThrow().close();
        try (Connection connection = connection();
                var statement = connection.createStatement()) {
            statement.execute("delete from sink_offsets");
        }

        sink = startSink();
        await().atMost(PATIENCE)
                .until(() -> number("select coalesce(sum(next_position), 0) from parley.sink_offsets where topic = '"
                                + topics.events().name() + "'")
                        == sequence);
        assertThat(readModel.conversations().snapshot(KEY)).contains(before);
        assertThat(readModel.conversations().lastSequence(KEY)).isEqualTo(sequence);
        assertThat(readModel.conversations().lastSequence(new ConversationKey(KEY.tenant(), "none")))
                .isZero();
        exchange("two", "q2", "a2");
        awaitSequence();

        assertThat(messages()).hasSize(4);
        assertThat(count("events")).isEqualTo(sequence);
        assertThat(deadLetters()).isEmpty();
    }

    @Test
    void whatPostgresRefusesIsSetAsideOnceAndTheRestIsFolded() throws SQLException {
        Optional.ofNullable(sink).orElseThrow().close();
        log(null, new ConversationCreated(null, "w", Map.of()));
        exchange("one", "q", "a");
        exchange("one", "the same ids again", "b");
        exchange("two", "q2", "a2");
        byte[] garbage = {1, 2, 3};
        var _ = producer.send(
                new ProducerRecord<>(topics.events().name(), KEY.toString().getBytes(StandardCharsets.UTF_8), garbage));
        exchange("three", "q3", "a3");
        sink = startSink();
        awaitSequence();

        assertThat(messages())
                .extracting(Message::id)
                .containsExactly("user-one", "answer-one", "user-two", "answer-two", "user-three", "answer-three");
        // The message, the turn's start and the end of its generation were there, and what cannot be read is none.
        assertThat(deadLetters()).hasSize(4).containsOnlyOnce(garbage);
        assertThat(count("events")).isEqualTo(sequence - 3);
    }

    private List<byte[]> deadLetters() {
        Map<String, Object> settings = kafka.client("test-dead-letters", Map.of("auto.offset.reset", "earliest"));
        try (KafkaConsumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            List<TopicPartition> partitions = consumer
                    .partitionsFor(topics.deadLetters().name())
                    .stream()
                    .map(info -> new TopicPartition(info.topic(), info.partition()))
                    .toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            long end = consumer.endOffsets(partitions).values().stream()
                    .mapToLong(Long::longValue)
                    .sum();
            List<byte[]> values = new ArrayList<>();
            while (values.size() < end) {
                consumer.poll(Duration.ofMillis(100)).forEach(record -> values.add(record.value()));
            }
            return values;
        }
    }

    @Test
    void aStaleInstanceWritesNothing() throws SQLException {
        log(null, new ConversationCreated(null, "w", Map.of()));
        awaitSequence();
        try (Connection connection = connection()) {
            connection.setAutoCommit(false);
            assertThatThrownBy(() -> Offsets.advance(
                            connection,
                            List.of(new Offsets.Move(
                                    new TopicPartition(topics.events().name(), 0), 123_456, 123_457))))
                    .isInstanceOf(Offsets.StaleInstanceException.class);
        }
    }

    @Test
    void listsAreReadPageByPage() {
        for (int i = 0; i < 5; i++) {
            ConversationEvent event = new ConversationEvent(
                    "t",
                    "c" + i,
                    1L,
                    NOW.plusSeconds(i),
                    "cause",
                    null,
                    null,
                    new ConversationCreated(null, "w", Map.of()));
            byte[] value = topics.events()
                    .values()
                    .serializer()
                    .serialize(topics.events().name(), event);
            var _ = producer.send(
                    new ProducerRecord<>(topics.events().name(), ("t/c" + i).getBytes(StandardCharsets.UTF_8), value));
        }
        await().atMost(PATIENCE)
                .ignoreExceptions()
                .until(() -> readModel
                                .conversations()
                                .conversations("t", 10, Optional.empty())
                                .conversations()
                                .size()
                        == 5);

        ConversationQueries.Page first = readModel.conversations().conversations("t", 3, Optional.empty());
        ConversationQueries.Page second = readModel.conversations().conversations("t", 3, first.next());

        assertThat(first.conversations())
                .extracting(ConversationSnapshot.Summary::id)
                .containsExactly("c4", "c3", "c2");
        assertThat(second.conversations())
                .extracting(ConversationSnapshot.Summary::id)
                .containsExactly("c1", "c0");
        assertThat(second.next()).isEmpty();
        assertThat(readModel
                        .conversations()
                        .conversations("other", 3, Optional.empty())
                        .conversations())
                .isEmpty();
    }

    private void log(String tenant, String id, int second, ConversationEvent.Body... bodies) {
        for (int i = 0; i < bodies.length; i++) {
            ConversationEvent event = new ConversationEvent(
                    tenant, id, i + 1L, NOW.plusSeconds(second), "cause-" + i, null, null, bodies[i]);
            byte[] value = topics.events()
                    .values()
                    .serializer()
                    .serialize(topics.events().name(), event);
            var _ = producer.send(new ProducerRecord<>(
                    topics.events().name(), (tenant + "/" + id).getBytes(StandardCharsets.UTF_8), value));
        }
        producer.flush();
    }

    private static ConversationCreated completion(String kind) {
        return new ConversationCreated(null, "w", Map.of("openai.object", "chat.completion", "kind", kind));
    }

    private List<String> completions(Map<String, String> metadata, boolean newestFirst, int limit, String after) {
        return readModel
                .conversations()
                .storedCompletions(
                        "t", metadata, newestFirst, limit, Optional.of(after).filter(id -> !id.isEmpty()))
                .stream()
                .map(ConversationSnapshot.Summary::id)
                .toList();
    }

    @Test
    void storedCompletionsAreListedInTheOrderOfTime() throws SQLException {
        log("t", "b", 1, completion("x"));
        log("t", "a", 1, completion("y"));
        log("t", "c", 2, completion("x"));
        log("t", "deleted", 3, completion("x"), new ConversationDeleted());
        log("t", "usual", 4, new ConversationCreated(null, "w", Map.of("kind", "x")));
        log(
                "t",
                "renamed",
                5,
                completion("y"),
                new ConversationAnnotated(
                        Map.of("openai.object", "chat.completion", "kind", "x"), List.of(), List.of()));
        log("other", "foreign", 6, completion("x"));
        await().atMost(PATIENCE).ignoreExceptions().until(() -> count("events") == 9);

        assertThat(completions(Map.of(), false, 10, "")).containsExactly("a", "b", "c", "renamed");
        assertThat(completions(Map.of(), true, 10, "")).containsExactly("renamed", "c", "b", "a");
        assertThat(completions(Map.of(), false, 2, "a"))
                .as("of the same moment")
                .containsExactly("b", "c");
        assertThat(completions(Map.of(), true, 2, "b")).as("of the same moment").containsExactly("a");
        assertThat(completions(Map.of(), false, 10, "deleted")).containsExactly("renamed");
        assertThat(completions(Map.of("kind", "x"), false, 10, "")).containsExactly("b", "c", "renamed");
        assertThat(completions(Map.of("kind", "y"), false, 10, "")).containsExactly("a");
        assertThat(readModel.conversations().storedCompletions("other", Map.of(), false, 10, Optional.of("a")))
                .as("what comes after is the same tenant's")
                .isEmpty();
        assertThat(indexes("""
                select * from parley.conversations where tenant = 't' and not deleted
                  and metadata @> '{"openai.object": "chat.completion"}' and metadata @> '{}'::jsonb
                order by created_at, id limit 10
                """)).contains("stored_completions").doesNotContain("Sort");
    }

    /** The plan of a query where reading whole tables is the last resort. */
    private String indexes(String query) throws SQLException {
        StringBuilder plan = new StringBuilder();
        try (Connection connection = connection();
                var statement = connection.createStatement()) {
            statement.execute("set enable_seqscan = off");
            try (var rows = statement.executeQuery("explain " + query)) {
                while (rows.next()) {
                    plan.append(rows.getString(1)).append('\n');
                }
            }
        }
        return plan.toString();
    }

    /** A conversation of tenant {@code s} in which one message was sent. */
    private void conversation(String id, int second, @Nullable String title, String content) {
        List<ConversationEvent.Body> bodies = List.of(
                new ConversationCreated(title, "w", Map.of()),
                MessageAccepted.newBuilder()
                        .setMessageId("m-" + id)
                        .setAssistantMessageId("a-" + id)
                        .setRole(Role.USER)
                        .setContent(content)
                        .setOnBusy(OnBusy.ENQUEUE)
                        .setMetadata(Map.of())
                        .setFingerprint("f")
                        .build());
        for (int i = 0; i < bodies.size(); i++) {
            ConversationEvent event = new ConversationEvent(
                    "s", id, i + 1L, NOW.plusSeconds(second), "cause", i == 0 ? null : "t", null, bodies.get(i));
            byte[] value = topics.events()
                    .values()
                    .serializer()
                    .serialize(topics.events().name(), event);
            var _ = producer.send(
                    new ProducerRecord<>(topics.events().name(), ("s/" + id).getBytes(StandardCharsets.UTF_8), value));
        }
    }

    private List<String> found(String... words) {
        return readModel.conversations().search("s", List.of(words), 10, Optional.empty()).conversations().stream()
                .map(ConversationSnapshot.Summary::id)
                .toList();
    }

    @Test
    void conversationsAreFoundByTheirWords() {
        conversation("title", 1, "The Capital of France", "x");
        conversation("both", 2, "Travels", "What does a 100% ticket to the capital cost?");
        conversation("nul", 3, null, "a\u0000b and C:\\temp_1");
        conversation("accents", 4, null, "Un \u00c9T\u00c9 \u00e0 Paris, \u4f60\u597d\u4e16\u754c");
        await().atMost(PATIENCE)
                .ignoreExceptions()
                .until(() -> readModel.conversations().conversations("s", 10, Optional.empty()).conversations().stream()
                                .mapToInt(ConversationSnapshot.Summary::messageCount)
                                .sum()
                        == 4);

        assertThat(found("capital")).containsExactly("both", "title");
        assertThat(found("apita", "TRAVEL")).containsExactly("both");
        assertThat(found("france", "travels")).isEmpty();
        assertThat(found("100%")).containsExactly("both");
        assertThat(found("%")).containsExactly("both");
        assertThat(found("temp_1")).containsExactly("nul");
        assertThat(found("tempx1")).isEmpty();
        assertThat(found("c:\\temp")).containsExactly("nul");
        assertThat(found("a\u0000b")).containsExactly("nul");
        assertThat(found("\u00e9t\u00e9")).containsExactly("accents");
        assertThat(found("\u4e16\u754c")).containsExactly("accents");
        assertThat(readModel.conversations().search("t", List.of("capital"), 10, Optional.empty()))
                .isEqualTo(new ConversationQueries.Page(List.of(), Optional.empty()));
        ConversationQueries.Page first = readModel.conversations().search("s", List.of("capital"), 1, Optional.empty());
        assertThat(first.next()).isPresent();
        assertThat(readModel
                        .conversations()
                        .search("s", List.of("capital"), 1, first.next())
                        .conversations())
                .extracting(ConversationSnapshot.Summary::id)
                .containsExactly("title");
    }

    private static Document document(String path, String text) {
        return new Document("t", "w", path, "Title", null, "text/markdown", text, NOW);
    }

    private void document(String path, @Nullable Document document) throws Exception {
        DocumentKey key = new DocumentKey("t", "w", path);
        producer.send(new ProducerRecord<>(
                        topics.documents().name(),
                        key.workspaceKey().partition(2),
                        key.toString().getBytes(StandardCharsets.UTF_8),
                        topics.documents()
                                .values()
                                .serializer()
                                .serialize(topics.documents().name(), document)))
                .get();
    }

    private List<String> paths() {
        return readModel.documents().documents(new WorkspaceKey("t", "w"), 10, Optional.empty()).documents().stream()
                .map(DocumentSummary::path)
                .toList();
    }

    @Test
    void theLatestRecordOfADocumentCounts() throws Exception {
        document("b.md", document("b.md", "first"));
        document("a/c.md", document("a/c.md", "with \u0000 in it, and \uD83D\uDE00"));
        document("b.md", document("b.md", "second"));
        document("gone.md", document("gone.md", "x"));
        document("gone.md", (Document) null);
        document("Z.md", document("Z.md", "last"));
        await().atMost(PATIENCE).ignoreExceptions().until(() -> paths().contains("Z.md"));

        assertThat(paths()).containsExactly("Z.md", "a/c.md", "b.md");
        DocumentQueries.StoredDocument kept = readModel
                .documents()
                .document(new DocumentKey("t", "w", "a/c.md"))
                .orElseThrow();
        assertThat(kept.text()).isEqualTo("with \u0000 in it, and \uD83D\uDE00");
        assertThat(kept.summary()).isEqualTo(DocumentSummary.of(document("a/c.md", kept.text())));
        assertThat(kept.summary().characters()).isEqualTo(19);
        assertThat(readModel
                        .documents()
                        .document(new DocumentKey("t", "w", "b.md"))
                        .orElseThrow()
                        .text())
                .isEqualTo("second");
        assertThat(readModel.documents().summary(new DocumentKey("t", "w", "gone.md")))
                .isEmpty();
        assertThat(readModel.documents().summary(new DocumentKey("other", "w", "b.md")))
                .isEmpty();
    }

    @Test
    void documentsAreListedPageByPage() throws Exception {
        for (String path : List.of("a", "b", "c", "d", "e")) {
            document(path, document(path, path));
        }
        await().atMost(PATIENCE).ignoreExceptions().until(() -> paths().size() == 5);

        DocumentQueries.DocumentPage first =
                readModel.documents().documents(new WorkspaceKey("t", "w"), 3, Optional.empty());
        DocumentQueries.DocumentPage second =
                readModel.documents().documents(new WorkspaceKey("t", "w"), 3, first.next());

        assertThat(first.documents()).extracting(DocumentSummary::path).containsExactly("a", "b", "c");
        assertThat(second.documents()).extracting(DocumentSummary::path).containsExactly("d", "e");
        assertThat(second.next()).isEmpty();
    }

    @Test
    void itIsKnownHowFarDocumentsAreFoldedAndPoisonDoesNotStopThem() throws Exception {
        DocumentKey key = new DocumentKey("t", "w", "a");
        int partition = key.workspaceKey().partition(2);
        document("a", document("a", "x"));
        document("a", document("not/this/key", "x"));
        producer.send(new ProducerRecord<>(
                        topics.documents().name(),
                        partition,
                        key.toString().getBytes(StandardCharsets.UTF_8),
                        new byte[] {1, 2, 3}))
                .get();

        await().atMost(PATIENCE)
                .ignoreExceptions()
                .until(() -> readModel.documents().hasFolded(partition, 3));
        assertThat(readModel.documents().hasFolded(partition, 4)).isFalse();
        assertThat(readModel.documents().hasFolded(1 - partition, 0)).isTrue();
        assertThat(paths()).containsExactly("a");
    }

    private long count(String table) throws SQLException {
        return number("select count(*) from parley." + table);
    }

    private long number(String query) throws SQLException {
        try (Connection connection = connection();
                var rows = connection.createStatement().executeQuery(query)) {
            rows.next();
            return rows.getLong(1);
        }
    }

    private Connection connection() throws SQLException {
        Connection connection = DriverManager.getConnection(postgres.jdbcUrl());
        connection.setSchema("parley");
        return connection;
    }
}
