package dev.parley.topologies.preparing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.parley.chat.v1.DocumentPassages;
import dev.parley.chat.v1.GenerationRequest;
import dev.parley.chat.v1.SearchRequest;
import dev.parley.chat.v1.SearchResult;
import dev.parley.chat.v1.TurnRequest;
import dev.parley.schemas.Topic;
import dev.parley.schemas.Topics;
import dev.parley.schemas.settings.KafkaSettings;
import dev.parley.schemas.settings.TopicSettings;
import dev.parley.stack.InMemoryRegistry;
import dev.parley.stack.Provisioner;
import dev.parley.stack.TestStack;
import dev.parley.topologies.retrieval.Embedder;
import dev.parley.topologies.retrieval.Passages;
import dev.parley.topologies.retrieval.WordHashes;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.UUID;
import java.util.concurrent.Future;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.CloseOptions;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Retrieval on a real broker: the application dies in the middle of its work, and another answers from all there was. */
class RetrievalIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int DOCUMENTS = 500;
    private static final String DEADLY = "deadly question";

    /** A member that does not say it leaves is waited for. */
    private static final CloseOptions LEAVING = CloseOptions.timeout(PATIENCE)
            .withGroupMembershipOperation(CloseOptions.GroupMembershipOperation.LEAVE_GROUP);

    @TempDir
    private Path dir;

    private final String prefix = "retrieval-it-" + UUID.randomUUID() + ".";
    private final Topics topics = Topics.of(new TopicSettings(prefix, 2, (short) 1), InMemoryRegistry.serdes());
    private final String bootstrap = TestStack.shared().bootstrapServers();
    private final WordHashes words = new WordHashes();
    private final Map<String, List<String>> answers = new HashMap<>();
    private KafkaProducer<byte[], byte[]> producer;
    private KafkaConsumer<byte[], byte[]> reader;
    private KafkaStreams streams;

    @BeforeEach
    void start() {
        new Provisioner(KafkaSettings.of(bootstrap), new InMemoryRegistry()).createTopics(topics.specs());
        producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", bootstrap), new ByteArraySerializer(), new ByteArraySerializer());
        reader = new KafkaConsumer<>(
                Map.of("bootstrap.servers", bootstrap, "auto.offset.reset", "earliest"),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer());
        streams = startStreams("first", new Deadly(words));
    }

    @AfterEach
    void stop() {
        streams.close(LEAVING);
        producer.close();
        reader.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"first", "second"})
    void anotherAnswersFromTheRestoredIndex(String disk) throws Exception {
        for (int i = 0; i < DOCUMENTS; i++) {
            document(i, Passages.of(words, "doc-" + i, name(i) + " is kept in drawer " + i));
        }
        document(7, null);
        document(8, Passages.of(words, "doc-8", "The drawer of oldname" + 8 + " is newname" + 8));
        turn("before", "Where is " + name(DOCUMENTS - 1) + "?");
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(answers()).containsEntry("before", List.of(source(DOCUMENTS - 1))));

        turn("dead", DEADLY);
        await().atMost(PATIENCE).until(() -> streams.state() == KafkaStreams.State.ERROR);
        streams.close(LEAVING);
        turn("first", "Where is " + name(0) + "?");
        turn("last", "Where is " + name(DOCUMENTS - 2) + "?");
        turn("deleted", "Where is " + name(7) + "?");
        turn("replaced", "Where is " + name(8) + "?");
        turn("replacement", "Where is newname8?");
        search("Where is " + name(DOCUMENTS - 3) + "?");
        streams = startStreams(disk, words);

        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(answers())
                        .containsEntry("first", List.of(source(0)))
                        .containsEntry("last", List.of(source(DOCUMENTS - 2)))
                        .containsEntry("deleted", List.of())
                        .containsEntry("replaced", List.of())
                        .containsEntry("replacement", List.of(source(8)))
                        .containsKey("dead"));
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(found()).isEqualTo(List.of(source(DOCUMENTS - 3))));
    }

    private void search(String query) throws Exception {
        send(
                        topics.searches(),
                        "default/main",
                        new SearchRequest("search_1", "default", "main", Instant.now(), query, 3))
                .get();
    }

    /** What the search has found; null until it is answered. */
    private @Nullable List<String> found() {
        Topic<String, SearchResult> topic = topics.searchResults();
        try (KafkaConsumer<byte[], byte[]> results = new KafkaConsumer<>(
                Map.of("bootstrap.servers", bootstrap, "auto.offset.reset", "earliest"),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer())) {
            results.assign(List.of(new TopicPartition(topic.name(), 0), new TopicPartition(topic.name(), 1)));
            for (ConsumerRecord<byte[], byte[]> record :
                    results.poll(Duration.ofSeconds(2)).records(topic.name())) {
                return topic.values().deserializer().deserialize(topic.name(), record.value()).getPassages().stream()
                        .map(passage -> passage.getSource().getSourceId())
                        .toList();
            }
            return null;
        }
    }

    private static String name(int document) {
        return "thing" + Integer.toString(document, 36) + "x";
    }

    private static String source(int document) {
        return "default/main/doc-" + document + "#0";
    }

    private KafkaStreams startStreams(String disk, Embedder embedder) {
        Properties properties = new Properties();
        properties.putAll(RoutingTopology.streamsConfig());
        properties.put(StreamsConfig.APPLICATION_ID_CONFIG, prefix + "routing");
        properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap);
        properties.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, 1);
        properties.put(StreamsConfig.ENSURE_EXPLICIT_INTERNAL_RESOURCE_NAMING_CONFIG, true);
        properties.put(StreamsConfig.STATE_DIR_CONFIG, dir.resolve(disk).toString());
        // Its death is to be noticed soon.
        properties.put(StreamsConfig.consumerPrefix("session.timeout.ms"), 6_000);
        properties.put(StreamsConfig.consumerPrefix("heartbeat.interval.ms"), 1_000);
        KafkaStreams started = new KafkaStreams(
                RoutingTopology.build(
                        topics,
                        new RoutingSettings("Be brief.", 3, 1_000, 0.99),
                        new SimpleMeterRegistry(),
                        embedder,
                        new PreparedConfigurations(embedder)),
                properties);
        started.setUncaughtExceptionHandler(exception -> StreamThreadExceptionResponse.SHUTDOWN_CLIENT);
        started.start();
        return started;
    }

    private void document(int number, @Nullable DocumentPassages document) throws Exception {
        Future<?> sent = send(topics.passages(), "default/main/doc-" + number, document);
        if (number == DOCUMENTS - 1 || document == null) {
            sent.get();
        }
    }

    private void turn(String conversation, String question) throws Exception {
        send(
                        topics.turns(),
                        "default/main",
                        TurnRequest.newBuilder()
                                .setTenantId("default")
                                .setConversationId(conversation)
                                .setWorkspaceId("main")
                                .setTurnId("turn_1")
                                .setGenerationId("turn_1.1")
                                .setAssistantMessageId("msg_2")
                                .setAttempt(1)
                                .setCause("initial")
                                .setTime(Instant.EPOCH)
                                .setContent(question)
                                .setHistory(List.of())
                                .setConfiguration("")
                                .setClassifyAttempt(1)
                                .build())
                .get();
    }

    /** All into one partition, as the partitioning by workspace does it. */
    private <V extends SpecificRecord> Future<?> send(Topic<String, V> topic, String key, @Nullable V value) {
        @SuppressWarnings("NullAway") // A null value deletes.
        byte[] bytes = topic.values().serializer().serialize(topic.name(), value);
        return producer.send(new ProducerRecord<>(topic.name(), 1, key.getBytes(StandardCharsets.UTF_8), bytes));
    }

    /** The sources of each conversation's request, as far as they have come. */
    private Map<String, List<String>> answers() {
        Topic<String, GenerationRequest> topic = topics.generationRequests();
        List<TopicPartition> partitions =
                List.of(new TopicPartition(topic.name(), 0), new TopicPartition(topic.name(), 1));
        if (reader.assignment().isEmpty()) {
            reader.assign(partitions);
            reader.seekToBeginning(partitions);
        }
        for (ConsumerRecord<byte[], byte[]> record :
                reader.poll(Duration.ofMillis(200)).records(topic.name())) {
            GenerationRequest request = topic.values().deserializer().deserialize(topic.name(), record.value());
            answers.put(
                    request.getConversationId(),
                    request.getPassages().stream()
                            .map(passage -> passage.getSource().getSourceId())
                            .toList());
        }
        return answers;
    }

    /** Ends the stream thread at one question, as running out of memory would. */
    private record Deadly(Embedder embedder) implements Embedder {

        @Override
        public List<float[]> embed(List<String> texts) {
            return embedder.embed(texts);
        }

        @Override
        public float[] embedQuestion(String question) {
            if (question.equals(DEADLY)) {
                throw new AssertionError("dies here");
            }
            return embedder.embedQuestion(question);
        }

        @Override
        public String model() {
            return embedder.model();
        }
    }
}
