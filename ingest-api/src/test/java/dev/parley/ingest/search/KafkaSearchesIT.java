package dev.parley.ingest.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.parley.chat.v1.Passage;
import dev.parley.chat.v1.SearchRequest;
import dev.parley.chat.v1.SearchResult;
import dev.parley.chat.v1.Source;
import dev.parley.ingest.http.Call;
import dev.parley.ingest.http.ProblemException;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.Topics;
import dev.parley.schemas.TraceParent;
import dev.parley.schemas.keys.WorkspaceKey;
import dev.parley.schemas.settings.KafkaSettings;
import dev.parley.schemas.settings.TopicSettings;
import dev.parley.stack.InMemoryRegistry;
import dev.parley.stack.Provisioner;
import dev.parley.stack.TestStack;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Searches on a real broker, where somebody else is the index. */
class KafkaSearchesIT {

    private static final String SILENCE = "say nothing";
    private static final String BROKEN = "break";

    private final KafkaSettings kafka = KafkaSettings.of(TestStack.shared().bootstrapServers());
    private final Topics topics = Topics.of(
            new TopicSettings("t" + UUID.randomUUID().toString().substring(0, 8) + ".", 3, (short) 1),
            InMemoryRegistry.serdes());
    private final Call call = new Call("cmd_1", TraceParent.continueOrStart(null));

    @BeforeEach
    void createTopics() {
        new Provisioner(kafka, new InMemoryRegistry()).createTopics(topics.specs());
    }

    @Test
    void everyCallerAtEveryDoorGetsItsOwnResult() throws Exception {
        try (Index index = new Index();
                KafkaSearches one = new KafkaSearches(kafka, topics, new SimpleMeterRegistry());
                KafkaSearches other = new KafkaSearches(kafka, topics, new SimpleMeterRegistry());
                ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<List<Passage>>> found = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
                KafkaSearches door = i % 2 == 0 ? one : other;
                WorkspaceKey workspace = new WorkspaceKey("acme", "w" + i % 5);
                String query = "query " + i;
                found.add(callers.submit(() -> door.find(workspace, query, 3, call)));
            }
            for (int i = 0; i < found.size(); i++) {
                assertThat(found.get(i).get())
                        .extracting(Passage::getText)
                        .containsExactly("acme/w" + i % 5 + " query " + i + " 3");
            }
        }
    }

    @Test
    void anIndexThatIsSilentOrBrokenIsUnavailable() {
        try (Index index = new Index();
                KafkaSearches searches = new KafkaSearches(kafka, topics, new SimpleMeterRegistry())) {
            assertThat(failure(searches, BROKEN).detail()).isEqualTo("the index cannot be read");
            assertThat(failure(searches, SILENCE).code()).isEqualTo(ErrorCode.UNAVAILABLE);
            assertThat(searches.find(new WorkspaceKey("acme", "w"), "and now?", 3, call))
                    .hasSize(1);

            searches.release();
            assertThatThrownBy(() -> searches.find(new WorkspaceKey("acme", "w"), "too late", 3, call))
                    .hasMessageContaining("stopping");
        }
    }

    private ProblemException failure(KafkaSearches searches, String query) {
        return catchThrowableOfType(
                ProblemException.class, () -> searches.find(new WorkspaceKey("acme", "w"), query, 3, call));
    }

    /** Says what it was asked. One thread owns its clients. */
    private final class Index implements AutoCloseable {

        private final Thread thread = Thread.ofPlatform().unstarted(this::run);
        private volatile boolean closing;

        Index() {
            thread.start();
        }

        private void run() {
            try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(
                            kafka.client("test-index", Map.of("auto.offset.reset", "earliest")),
                            new ByteArrayDeserializer(),
                            new ByteArrayDeserializer());
                    KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(
                            kafka.client("test-index", Map.of()),
                            new ByteArraySerializer(),
                            new ByteArraySerializer())) {
                String topic = topics.searches().name();
                // Counted, not asked for: a broker may not have heard yet of a topic that has just been created.
                consumer.assign(IntStream.range(0, topics.searches().spec().partitions())
                        .mapToObj(partition -> new TopicPartition(topic, partition))
                        .toList());
                while (!closing) {
                    for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(100))) {
                        answer(
                                producer,
                                new String(record.key(), StandardCharsets.UTF_8),
                                topics.searches().values().deserializer().deserialize(topic, record.value()));
                    }
                }
            }
        }

        private void answer(KafkaProducer<byte[], byte[]> producer, String key, SearchRequest search) {
            if (search.getQuery().equals(SILENCE)) {
                return;
            }
            boolean broken = search.getQuery().equals(BROKEN);
            Passage passage = new Passage(
                    new Source("a#0", "A", null, 1.0), key + " " + search.getQuery() + " " + search.getLimit());
            SearchResult result = new SearchResult(
                    search.getSearchId(),
                    Instant.EPOCH,
                    broken ? List.of() : List.of(passage),
                    broken ? "the index cannot be read" : null);
            String topic = topics.searchResults().name();
            Future<?> _ = producer.send(new ProducerRecord<>(
                    topic,
                    search.getSearchId().getBytes(StandardCharsets.UTF_8),
                    topics.searchResults().values().serializer().serialize(topic, result)));
        }

        @Override
        public void close() {
            closing = true;
            try {
                thread.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
