package dev.parley.schemas.files;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.chat.v1.FilePiece;
import dev.parley.schemas.Sha256;
import dev.parley.schemas.Topic;
import dev.parley.schemas.TopicSpec;
import dev.parley.schemas.Topics;
import dev.parley.schemas.files.FileReader.Content;
import dev.parley.schemas.files.FileReader.Description;
import dev.parley.schemas.keys.FileId;
import dev.parley.schemas.keys.FileKey;
import dev.parley.schemas.serde.SingleObject;
import dev.parley.schemas.serde.ValueSerdes;
import dev.parley.schemas.settings.RegistrySettings;
import dev.parley.schemas.settings.TopicSettings;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.Serdes;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Who waits for whom where a file has to be searched. */
class KafkaFileReaderTest {

    private static final Duration PATIENCE = Duration.ofMinutes(10);
    private static final long SECONDS = 60;
    private static final byte[] CONTENT = "hello".getBytes(StandardCharsets.UTF_8);
    private static final String HASH = Sha256.hex(ByteBuffer.wrap(CONTENT));
    private static final SingleObject<FilePiece> PIECES = SingleObject.of(FilePiece.class);
    private static final TopicSpec SPEC = Topics.of(
                    new TopicSettings("", 1, (short) 1),
                    new ValueSerdes(RegistrySettings.of(URI.create("http://127.0.0.1:1"))))
            .files()
            .spec();
    private static final TopicPartition PARTITION = new TopicPartition(SPEC.name(), 0);

    private final Topic<String, FilePiece> topic = new Topic<>(
            SPEC,
            Serdes.String(),
            Serdes.serdeFrom((name, piece) -> PIECES.encode(piece), (name, bytes) -> PIECES.decode(bytes)));
    private final CountDownLatch searching = new CountDownLatch(1);
    private final CountDownLatch go = new CountDownLatch(1);
    private final KafkaFileReader reader = new KafkaFileReader(topic, Log::new, PATIENCE);

    /** A topic with one file at offset 0, of which a search takes until it is let go. */
    private final class Log extends MockConsumer<byte[], byte[]> {
        private boolean searches;

        Log() {
            super("none");
            Node[] nodes = {Node.noNode()};
            updatePartitions(SPEC.name(), List.of(new PartitionInfo(SPEC.name(), 0, Node.noNode(), nodes, nodes)));
            updateBeginningOffsets(Map.of(PARTITION, 0L));
            updateEndOffsets(Map.of(PARTITION, 1L));
        }

        @Override
        public synchronized void assign(Collection<TopicPartition> partitions) {
            searches = false;
            super.assign(partitions);
            FilePiece piece = new FilePiece(
                    "acme", HASH, "text/plain", null, 0, 1, (long) CONTENT.length, ByteBuffer.wrap(CONTENT));
            byte[] key = new FileKey("acme", HASH).bytes();
            schedulePollTask(() -> addRecord(new ConsumerRecord<>(SPEC.name(), 0, 0, key, PIECES.encode(piece))));
        }

        @Override
        public synchronized void seekToBeginning(Collection<TopicPartition> partitions) {
            searches = true;
            super.seekToBeginning(partitions);
        }

        @Override
        public synchronized ConsumerRecords<byte[], byte[]> poll(Duration timeout) {
            if (searches) {
                searching.countDown();
                try {
                    go.await();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            }
            return super.poll(timeout);
        }
    }

    @AfterEach
    void stop() {
        reader.close();
    }

    private static FileId madeUp(int number) {
        return new FileId("%064x".formatted(number), 7);
    }

    /** Else a few ids that somebody made up would keep everybody's files from being read. */
    @Test
    void whoeverSearchesKeepsNobodyFromReading() throws Exception {
        try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
            try {
                Future<Optional<Description>> first = callers.submit(() -> reader.description("acme", madeUp(0)));
                assertThat(searching.await(SECONDS, TimeUnit.SECONDS)).isTrue();
                List<Future<Optional<Description>>> others = new ArrayList<>();
                for (int i = 1; i <= 8; i++) {
                    FileId id = madeUp(i);
                    others.add(callers.submit(() -> reader.description("other", id)));
                }
                Future<Optional<Content>> whole = callers.submit(() -> reader.content("acme", new FileId(HASH, 0)));

                assertThat(whole.get(SECONDS, TimeUnit.SECONDS).map(Content::bytes))
                        .contains(ByteBuffer.wrap(CONTENT));
                assertThat(others)
                        .allSatisfy(other -> assertThat(other)
                                .failsWithin(Duration.ofSeconds(SECONDS))
                                .withThrowableOfType(ExecutionException.class)
                                .withCauseInstanceOf(FilesUnavailableException.class));

                go.countDown();
                assertThat(first.get(SECONDS, TimeUnit.SECONDS)).isEmpty();
            } finally {
                go.countDown();
            }
        }
        assertThat(reader.description("acme", new FileId(HASH, 5)).map(Description::id))
                .as("one that lies elsewhere")
                .contains(new FileId(HASH, 0));
    }
}
