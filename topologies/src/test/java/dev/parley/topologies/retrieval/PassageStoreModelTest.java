package dev.parley.topologies.retrieval;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.chat.v1.DocumentPassages;
import dev.parley.chat.v1.Passage;
import dev.parley.schemas.Topics;
import dev.parley.schemas.keys.WorkspaceKey;
import dev.parley.schemas.settings.TopicSettings;
import dev.parley.stack.InMemoryRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.streams.KeyValue;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Random puts, deletes, commits, clean ends, crashes and lost disks against a map. After each start the store is restored
 * as Streams does it: from the offset that the store names to the end of the log.
 */
class PassageStoreModelTest {

    private static final List<String> WORDS =
            List.of("anvil", "brook", "cedar", "drum", "ember", "fjord", "glade", "heron");
    private static final List<String> WORKSPACES = List.of("one", "two");
    private static final int STEPS = 150;

    @TempDir
    private Path dir;

    private final Topics topics = Topics.of(new TopicSettings("", 1, (short) 1), InMemoryRegistry.serdes());
    private final TopicPartition changelog =
            new TopicPartition(topics.passages().name(), 0);
    private final WordHashes embedder = new WordHashes();
    private final List<KeyValue<byte[], byte[]>> log = new ArrayList<>();
    private final Map<String, List<String>> model = new TreeMap<>();
    private int disks;
    private TestStore opened;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void theStoreHoldsWhatTheLogSays(long seed) {
        Random random = new Random(seed);
        for (int step = 0; step < STEPS; step++) {
            switch (random.nextInt(20)) {
                case 0 -> opened.store().commit(Map.of(changelog, log.size() - 1L));
                case 1 -> {
                    opened.store().commit(Map.of(changelog, log.size() - 1L));
                    opened.store().close();
                    start();
                }
                case 2 -> {
                    crash();
                    start();
                }
                case 3 -> {
                    crash();
                    disks++;
                    start();
                }
                case 4, 5, 6 -> change(random, null);
                case 7, 8 -> compare(random);
                default ->
                    change(
                            random,
                            IntStream.range(0, random.nextInt(4))
                                    .mapToObj(i -> WORDS.get(random.nextInt(WORDS.size())) + " "
                                            + WORDS.get(random.nextInt(WORDS.size())) + " " + random.nextInt(1_000_000))
                                    .toList());
            }
        }
        compare(random);
        opened.store().close();
    }

    @BeforeEach
    void start() {
        opened = TestStore.open(
                topics,
                dir.resolve("disk-" + disks),
                new RetrievalMetrics(new SimpleMeterRegistry()),
                InstantSource.fixed(Instant.EPOCH),
                () -> 0);
        Long offset = opened.store().committedOffset(changelog);
        for (int i = offset == null ? 0 : (int) (offset + 1); i < log.size(); i += 7) {
            opened.restore().restoreAll(log.subList(i, Math.min(i + 7, log.size())));
        }
    }

    /** Ends without a commit: a store that has changed since forgets what it has not written. */
    private void crash() {
        opened.store().delete("default/one/no such document");
        opened.store().close();
    }

    private void change(Random random, @Nullable List<String> texts) {
        String workspace = WORKSPACES.get(random.nextInt(WORKSPACES.size()));
        String path = "doc-" + random.nextInt(8);
        String key = "default/" + workspace + "/" + path;
        if (texts == null) {
            log.add(record(key, null));
            model.remove(key);
            opened.store().delete(key);
        } else {
            DocumentPassages document = Passages.in(embedder, "default", workspace, path, texts.toArray(String[]::new));
            log.add(record(key, document));
            model.put(key, texts);
            opened.store().put(key, document);
        }
    }

    private void compare(Random random) {
        for (String workspace : WORKSPACES) {
            String word = WORDS.get(random.nextInt(WORDS.size()));
            Set<String> expected = model.entrySet().stream()
                    .filter(entry -> entry.getKey().startsWith("default/" + workspace + "/"))
                    .flatMap(entry -> entry.getValue().stream())
                    .filter(text -> text.contains(word))
                    .collect(Collectors.toSet());
            Question byWords = Question.of(word);
            Question hybrid = Question.of(word, embedder.embedQuestion(word), embedder.model());
            assertThat(texts(workspace, byWords)).isEqualTo(expected);
            assertThat(texts(workspace, hybrid)).isEqualTo(expected);
        }
        assertThat(opened.store().passages())
                .isEqualTo(model.values().stream().mapToInt(List::size).sum());
    }

    private Set<String> texts(String workspace, Question question) {
        return opened.store().find(new WorkspaceKey("default", workspace), question, 1_000, 1).stream()
                .map(Passage::getText)
                .collect(Collectors.toSet());
    }

    @SuppressWarnings("NullAway") // A null value deletes.
    private KeyValue<byte[], byte[]> record(String key, @Nullable DocumentPassages document) {
        return KeyValue.pair(
                key.getBytes(StandardCharsets.UTF_8),
                topics.passages().values().serializer().serialize(changelog.topic(), document));
    }
}
