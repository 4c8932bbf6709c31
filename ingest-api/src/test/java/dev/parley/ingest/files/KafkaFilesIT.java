package dev.parley.ingest.files;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.ingest.files.FileLog.NewFile;
import dev.parley.ingest.http.Call;
import dev.parley.schemas.Sha256;
import dev.parley.schemas.Topics;
import dev.parley.schemas.TraceParent;
import dev.parley.schemas.files.FileReader.Content;
import dev.parley.schemas.files.FileReader.Description;
import dev.parley.schemas.files.KafkaFileReader;
import dev.parley.schemas.keys.FileId;
import dev.parley.schemas.settings.KafkaSettings;
import dev.parley.schemas.settings.TopicSettings;
import dev.parley.stack.InMemoryRegistry;
import dev.parley.stack.TestStack;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Files on a real broker, on a topic that is as brokers make them by themselves. */
class KafkaFilesIT {

    private static final int MIB = 1024 * 1024;

    private final Call call = new Call("cmd_1", TraceParent.continueOrStart(null));
    private Topics topics;
    private KafkaSettings kafka;
    private KafkaFileLog log;
    private KafkaFileReader reader;

    @BeforeEach
    void start() throws Exception {
        kafka = KafkaSettings.of(TestStack.shared().bootstrapServers());
        String prefix = "t" + UUID.randomUUID().toString().substring(0, 8) + ".";
        topics = Topics.of(new TopicSettings(prefix, 2, (short) 1), InMemoryRegistry.serdes());
        try (Admin admin = Admin.create(kafka.client("test-admin", Map.of()))) {
            admin.createTopics(List.of(new NewTopic(topics.files().name(), 2, (short) 1)))
                    .all()
                    .get();
        }
        log = new KafkaFileLog(kafka, topics, new SimpleMeterRegistry());
        reader = new KafkaFileReader(topics.files(), kafka, "test-files");
    }

    @AfterEach
    void stop() {
        log.close();
        reader.close();
    }

    private static NewFile file(byte[] content) {
        return new NewFile(
                Sha256.hex(ByteBuffer.wrap(content)),
                "application/pdf",
                Optional.of("paper.pdf"),
                ByteBuffer.wrap(content));
    }

    private static byte[] random(int bytes, long seed) {
        byte[] content = new byte[bytes];
        new Random(seed).nextBytes(content);
        return content;
    }

    /** The usual bound of a record is a tenth of that. */
    @Test
    void aLargeFileComesBackAsItWasFromBrokersAsTheyAreInstalled() {
        byte[] content = random(10 * MIB, 1);
        Instant before = Instant.now().truncatedTo(ChronoUnit.MILLIS);

        Description kept = log.append("acme", file(content), call);
        FileId id = kept.id();

        assertThat(reader.content("acme", id).map(Content::bytes)).contains(ByteBuffer.wrap(content));
        assertThat(reader.description("acme", id)).contains(kept);
        Description told = reader.description("acme", id).orElseThrow();
        assertThat(told)
                .isEqualTo(new Description(
                        id, "application/pdf", Optional.of("paper.pdf"), content.length, told.keptAt()));
        assertThat(told.keptAt()).isBetween(before, Instant.now());
    }

    @Test
    void aFileIsItsTenantsAlone() {
        FileId id = log.append("acme", file(random(1_000, 2)), call).id();

        assertThat(reader.content("other", id)).isEmpty();
        assertThat(reader.description("other", id)).isEmpty();
    }

    /** In a cluster that is a copy of another, offsets are others. */
    @Test
    void aFileIsFoundThoughItLiesElsewhere() {
        byte[] content = random(3 * MIB, 3);
        FileId id = log.append("acme", file(content), call).id();

        for (long wrong : new long[] {id.offset() + 1, id.offset() + 1_000_000, 0}) {
            FileId elsewhere = new FileId(id.hash(), wrong);
            assertThat(reader.content("acme", elsewhere).map(Content::bytes)).contains(ByteBuffer.wrap(content));
            assertThat(reader.description("acme", elsewhere).map(Description::id))
                    .contains(id);
        }
    }

    @Test
    void whatNobodyKeptIsNotThere() {
        Description _ = log.append("acme", file("x".getBytes(StandardCharsets.UTF_8)), call);

        assertThat(reader.content("acme", new FileId("0".repeat(64), 0))).isEmpty();
    }

    /** Two nodes write the same file at once, among others. */
    @Test
    void copiesThatAreWrittenAmongEachOtherAreWhole() throws Exception {
        byte[] content = random(3 * MIB + 17, 4);
        List<FileId> ids = new ArrayList<>();
        try (KafkaFileLog another = new KafkaFileLog(kafka, topics, new SimpleMeterRegistry());
                ExecutorService nodes = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<FileId>> writing = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                FileLog node = i % 2 == 0 ? log : another;
                byte[] written = i < 4 ? content : random(2 * MIB, i);
                writing.add(nodes.submit(
                        () -> node.append("acme", file(written), call).id()));
            }
            for (Future<FileId> each : writing) {
                ids.add(each.get());
            }
        }

        assertThat(ids.subList(0, 4))
                .allSatisfy(id -> assertThat(reader.content("acme", id).map(Content::bytes))
                        .contains(ByteBuffer.wrap(content)));
        assertThat(ids.subList(4, 6))
                .allSatisfy(id -> assertThat(reader.content("acme", id)).isPresent());
    }
}
