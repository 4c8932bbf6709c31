package dev.parley.topologies.retrieval;

import dev.parley.chat.v1.DocumentPassages;
import dev.parley.chat.v1.IndexedPassage;
import dev.parley.schemas.Topics;
import dev.parley.schemas.keys.WorkspaceKey;
import dev.parley.schemas.settings.TopicSettings;
import dev.parley.stack.InMemoryRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.utils.Utils;
import org.apache.kafka.streams.KeyValue;

/**
 * How fast one workspace of many passages is indexed, restored and searched. Not a test: run its {@code main}, which
 * {@code docs/retrieval.md} says how to, with the numbers of passages.
 *
 * <p>The texts and vectors are made up; a question's own embedding is not in the figures. Random vectors are the worst case for a graph of neighbours, since they have none; words are drawn by Zipf's law, so
 * that questions meet common ones.
 */
public final class RetrievalBenchmark {

    private static final int PASSAGES_A_DOCUMENT = 10;
    private static final int WORDS_A_PASSAGE = 120;
    private static final int VOCABULARY = 50_000;
    private static final int DIMENSIONS = 384;
    private static final int QUERIES = 1_000;
    private static final String MODEL = "random";

    private final RandomGenerator random =
            RandomGeneratorFactory.of("Xoshiro256PlusPlus").create(7);

    private RetrievalBenchmark() {}

    public static void main(String[] args) throws IOException {
        int[] sizes = args.length == 0
                ? new int[] {1_000, 10_000, 100_000}
                : Arrays.stream(args).mapToInt(Integer::parseInt).toArray();
        for (int passages : sizes) {
            System.out.println(passages + " passages");
            new RetrievalBenchmark().run(passages);
        }
    }

    private void run(int passages) throws IOException {
        Topics topics = Topics.of(new TopicSettings("", 1, (short) 1), InMemoryRegistry.serdes());
        TopicPartition changelog = new TopicPartition(topics.passages().name(), 0);
        Path dir = Files.createTempDirectory("parley-retrieval");
        try {
            List<KeyValue<byte[], byte[]>> records = new ArrayList<>();
            for (int i = 0; i < passages / PASSAGES_A_DOCUMENT; i++) {
                DocumentPassages document = document(i);
                records.add(KeyValue.pair(
                        ("t/w/" + document.getPath()).getBytes(StandardCharsets.UTF_8),
                        topics.passages().values().serializer().serialize(changelog.topic(), document)));
            }
            say(
                    "records",
                    records.stream().mapToLong(record -> record.value.length).sum() / 1e6,
                    "MB");

            TestStore indexed = open(topics, dir.resolve("indexed"));
            long start = System.nanoTime();
            for (KeyValue<byte[], byte[]> record : records) {
                indexed.store()
                        .put(
                                new String(record.key, StandardCharsets.UTF_8),
                                topics.passages().values().deserializer().deserialize(changelog.topic(), record.value));
            }
            indexed.store().commit(Map.of(changelog, (long) records.size()));
            indexed.store().find(new WorkspaceKey("t", "w"), Question.of("nothing"), 1, 1);
            say("indexing", passages / seconds(start), "passages/s");
            search(indexed.store(), "right after indexing");
            indexed.store().close();

            TestStore restored = open(topics, dir.resolve("restored"));
            start = System.nanoTime();
            for (int i = 0; i < records.size(); i += 1_000) {
                restored.restore().restoreAll(records.subList(i, Math.min(records.size(), i + 1_000)));
            }
            restored.store().commit(Map.of(changelog, (long) records.size()));
            restored.store().find(new WorkspaceKey("t", "w"), Question.of("nothing"), 1, 1);
            say("restore from the topic", passages / seconds(start), "passages/s");
            search(restored.store(), "right after a restore");
            restored.store().close();

            start = System.nanoTime();
            TestStore reopened = open(topics, dir.resolve("restored"));
            reopened.store().find(new WorkspaceKey("t", "w"), Question.of("nothing"), 1, 1);
            say("reopening the index on disk", seconds(start) * 1e3, "ms");
            say("index size", size(dir.resolve("restored")) / 1e6, "MB");
            reopened.store().close();
        } finally {
            Utils.delete(dir.toFile());
        }
    }

    private void search(PassageStore store, String when) {
        search(store, when + ", hybrid", true);
        search(store, when + ", words alone", false);
    }

    private void search(PassageStore store, String when, boolean vectors) {
        double[] millis = new double[QUERIES];
        for (int i = -QUERIES / 4; i < QUERIES; i++) {
            String text = words(8);
            Question question = vectors ? Question.of(text, vector(), MODEL) : Question.of(text);
            long start = System.nanoTime();
            store.find(new WorkspaceKey("t", "w"), question, 6, 0.65);
            if (i >= 0) {
                millis[i] = seconds(start) * 1e3;
            }
        }
        Arrays.sort(millis);
        say(when + ": p50", millis[QUERIES / 2], "ms");
        say(when + ": p99", millis[QUERIES * 99 / 100], "ms");
    }

    private DocumentPassages document(int number) {
        String path = "document-" + number + ".md";
        List<IndexedPassage> passages = new ArrayList<>();
        for (int i = 0; i < PASSAGES_A_DOCUMENT; i++) {
            passages.add(new IndexedPassage(
                    "t/w/" + path + "#" + i, words(3), words(WORDS_A_PASSAGE), Vectors.encode(vector())));
        }
        return new DocumentPassages("t", "w", path, words(4), null, Instant.EPOCH, MODEL, passages);
    }

    private String words(int count) {
        StringBuilder words = new StringBuilder();
        for (int i = 0; i < count; i++) {
            int rank = (int) Math.pow(VOCABULARY, random.nextDouble());
            words.append('w').append(Integer.toString(rank, 36)).append("x ");
        }
        return words.toString();
    }

    private float[] vector() {
        float[] vector = new float[DIMENSIONS];
        for (int i = 0; i < DIMENSIONS; i++) {
            vector[i] = (float) random.nextGaussian();
        }
        return vector;
    }

    private static TestStore open(Topics topics, Path dir) {
        return TestStore.open(
                topics, dir, new RetrievalMetrics(new SimpleMeterRegistry()), InstantSource.system(), System::nanoTime);
    }

    private static double size(Path dir) throws IOException {
        try (var files = Files.walk(dir)) {
            return files.filter(Files::isRegularFile)
                    .mapToLong(file -> file.toFile().length())
                    .sum();
        }
    }

    private static double seconds(long start) {
        return (System.nanoTime() - start) / 1e9;
    }

    private static void say(String what, double value, String unit) {
        System.out.println(String.format(Locale.ROOT, "  %-45s %12.1f %s", what, value, unit));
    }
}
