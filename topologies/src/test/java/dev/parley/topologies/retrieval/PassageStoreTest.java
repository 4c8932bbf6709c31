package dev.parley.topologies.retrieval;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.chat.v1.DocumentPassages;
import dev.parley.chat.v1.IndexedPassage;
import dev.parley.chat.v1.Passage;
import dev.parley.schemas.Topics;
import dev.parley.schemas.keys.WorkspaceKey;
import dev.parley.schemas.settings.TopicSettings;
import dev.parley.stack.InMemoryRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.streams.KeyValue;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PassageStoreTest {

    private static final String A = "default/main/a.md";
    private static final String B = "default/main/b.md";
    private static final double NEAR = 0.9;

    @TempDir
    private Path dir;

    private final Topics topics = Topics.of(new TopicSettings("", 4, (short) 1), InMemoryRegistry.serdes());
    private final TopicPartition changelog =
            new TopicPartition(topics.passages().name(), 3);
    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final WordHashes embedder = new WordHashes().alike("joyful", "happy");
    private Instant now = Instant.parse("2026-01-02T03:04:05Z");
    private long nanos;
    private TestStore opened;

    @BeforeEach
    void open() {
        opened = TestStore.open(topics, dir, new RetrievalMetrics(meters), () -> now, () -> nanos);
    }

    @AfterEach
    void close() {
        opened.store().close();
    }

    @Test
    void aPutReplacesAllPassagesOfItsDocument() {
        put(A, Passages.of("a.md", "apples grow", "pears grow"));
        put(B, Passages.of("b.md", "apples fall"));
        assertThat(found("apples")).containsExactlyInAnyOrder("apples grow", "apples fall");

        put(A, Passages.of("a.md", "plums grow"));

        assertThat(found("apples")).containsExactly("apples fall");
        assertThat(found("pears")).isEmpty();
        assertThat(found("plums")).containsExactly("plums grow");
        assertThat(opened.store().passages()).isEqualTo(2);

        put(A, Passages.of("a.md"));
        assertThat(found("plums")).as("a document without passages").isEmpty();
    }

    @Test
    void aDeletedDocumentIsNotFound() {
        put(A, Passages.of(embedder, "a.md", "apples grow"));
        assertThat(found("apples")).hasSize(1);

        opened.store().delete(A);
        opened.store().delete(B);

        assertThat(found("apples")).isEmpty();
        assertThat(find(embedded("apples grow"))).isEmpty();
    }

    @Test
    void workspacesDoNotSeeEachOther() {
        put("t/one/a", Passages.in(embedder, "t", "one", "a", "apples grow"));
        put("t/two/a", Passages.in(embedder, "t", "two", "a", "apples fall"));
        put("u/one/a", Passages.in(embedder, "u", "one", "a", "apples rot"));

        assertThat(opened.store().find(new WorkspaceKey("t", "one"), embedded("apples"), 10, 0))
                .extracting(Passage::getText)
                .containsExactly("apples grow");
        assertThat(opened.store().find(new WorkspaceKey("t", "three"), embedded("apples"), 10, 0))
                .isEmpty();
    }

    @Test
    void whatStandsInBothListsComesFirst() {
        put(A, Passages.of(embedder, "a.md", "joyful", "happy birds", "weary birds"));

        List<Passage> found = find(embedded("happy"));

        assertThat(found).extracting(Passage::getText).containsExactly("happy birds", "joyful");
        assertThat(found.getFirst().getSource().getScore()).isBetween(0.9, 1.0);
        assertThat(found.getFirst().getSource().getSourceId()).isEqualTo(A + "#1");
    }

    @Test
    void vectorsOfAnotherModelAreNotCompared() {
        put(A, Passages.of(embedder, "a.md", "joyful", "happy birds"));
        float[] vector = embedder.embedQuestion("happy");

        assertThat(find(Question.of("happy", vector, "another")))
                .extracting(Passage::getText)
                .containsExactly("happy birds");
        assertThat(find(Question.of("happy", new float[] {1, 0}, embedder.model())))
                .as("of another dimension")
                .hasSize(1);
        assertThat(find(Question.of("happy", new float[] {Float.NaN}, embedder.model())))
                .hasSize(1);
    }

    @Test
    void titleAndHeadingCountMoreThanTextAndAreShown() {
        put(A, document("a.md", "Cats", "Food", "They eat."));
        put(B, document("b.md", "Dogs", "Cats", "They flee."));
        put(
                "default/main/c.md",
                document("c.md", "Birds", "", "They watch cats, and sing all day long about other things."));

        List<Passage> found = find(Question.of("cats"));

        assertThat(found)
                .extracting(passage -> passage.getSource().getTitle())
                .containsExactlyInAnyOrder("Cats › Food", "Dogs › Cats", "Birds")
                .last()
                .isEqualTo("Birds");
    }

    @Test
    void theSameTextIsGivenOnce() {
        put(A, Passages.of("a.md", "apples grow"));
        put(B, Passages.of("b.md", " apples grow "));

        assertThat(found("apples")).hasSize(1);
    }

    @Test
    void nothingIsFoundWhereNothingFits() {
        put(A, Passages.of(embedder, "a.md", "Kafka keeps records in order", "A topic has partitions and records"));

        assertThat(find(embedded("What is the capital of France?"))).isEmpty();
        assertThat(find(embedded("How do you do?"))).as("stop words alone").isEmpty();
        assertThat(find(embedded(""))).isEmpty();
        assertThat(find(Question.of("Please record a symphony with orchestra and choir")))
                .as("one common word of many")
                .isEmpty();
        assertThat(find(Question.of("How are the records kept?"))).isNotEmpty();
    }

    @Test
    void wordsInCommonAreNotEnoughWhereTheVectorSaysOtherwise() {
        put(A, Passages.of(embedder, "a.md", "apples grow slowly"));
        put(B, Passages.of("b.md", "apples fall early"));

        assertThat(find(embedded("apples lighthouse keeper")))
                .as("one word of three, for want of a vector")
                .extracting(Passage::getText)
                .containsExactly("apples fall early");
        assertThat(find(embedded("apples grow keeper")))
                .as("two words of three, whatever the vector")
                .extracting(Passage::getText)
                .contains("apples grow slowly");
    }

    @Test
    void namesAreFoundByTheirParts() {
        put(A, Passages.of("a.md", "Set PARLEY_LLM_BASE_URL.", "Written to chat.passages.v1", "See maxPassagesShown"));

        assertThat(found("base url")).containsExactly("Set PARLEY_LLM_BASE_URL.");
        assertThat(found("PARLEY_LLM_BASE_URL")).containsExactly("Set PARLEY_LLM_BASE_URL.");
        assertThat(found("passages")).hasSize(2);
    }

    @Test
    void longQuestionsAndOddOnesAreAnswered() {
        put(A, Passages.of(embedder, "a.md", "apples grow"));

        assertThat(find(embedded("apples " + "and pears \"AND\" (NOT) [x TO *] ".repeat(20_000))))
                .isNotNull();
        assertThat(found("+-&&||!(){}[]^\"~*?:\\/ apples")).hasSize(1);
        assertThat(opened.store().find(new WorkspaceKey("default", "main"), embedded("apples"), 0, NEAR))
                .isEmpty();
    }

    @Test
    void aCommittedIndexReopensAtItsOffset() {
        put(A, Passages.of(embedder, "a.md", "apples grow"));
        opened.store().commit(Map.of(changelog, 41L));
        opened.store().close();
        open();

        assertThat(opened.store().committedOffset(changelog)).isEqualTo(41);
        assertThat(opened.store().managesOffsets()).isTrue();
        assertThat(found("apples")).hasSize(1);
        assertThat(find(embedded("apples grow"))).hasSize(1);
    }

    @Test
    void whatCameAfterTheLastCommitIsReadAgain() {
        put(A, Passages.of("a.md", "apples grow"));
        opened.store().commit(Map.of(changelog, 41L));
        opened.store().close();
        open();
        put(B, Passages.of("b.md", "apples fall"));
        opened.store().delete(A);
        opened.store().close();
        open();

        assertThat(opened.store().committedOffset(changelog)).isEqualTo(41);
        assertThat(found("apples")).as("index and offset agree").containsExactly("apples grow");
    }

    @Test
    void diskIsWrittenNowAndThen() {
        put(A, Passages.of("a.md", "apples grow"));
        opened.store().commit(Map.of(changelog, 1L));
        assertThat(opened.store().committedOffset(changelog)).isNull();

        nanos += Duration.ofSeconds(11).toNanos();
        opened.store().commit(Map.of(changelog, 1L));
        assertThat(opened.store().committedOffset(changelog)).isEqualTo(1);

        opened.store().commit(Map.of(changelog, 2L));
        assertThat(opened.store().committedOffset(changelog))
                .as("nothing changed")
                .isEqualTo(1);
        for (int i = 0; i < 5_000; i++) {
            opened.store().delete(A);
        }
        opened.store().commit(Map.of(changelog, 5_002L));
        assertThat(opened.store().committedOffset(changelog)).isEqualTo(5_002);
    }

    @Test
    void anIndexWithoutAnOffsetIsDiscarded() {
        put(A, Passages.of("a.md", "apples grow"));
        opened.store().commit(Map.of(changelog, 41L));
        opened.store().close();
        open();
        opened.store().commit(Map.of());
        assertThat(opened.store().committedOffset(changelog)).isNull();
        opened.store().close();
        open();

        assertThat(found("apples")).isEmpty();
        assertThat(discarded()).isEqualTo(1);
    }

    @Test
    void anOldIndexIsDiscardedSinceItMayHaveMissedDeletions() {
        put(A, Passages.of("a.md", "apples grow"));
        opened.store().commit(Map.of(changelog, 41L));
        opened.store().close();
        now = now.plus(Duration.ofHours(11));
        open();
        assertThat(opened.store().committedOffset(changelog)).isEqualTo(41);
        opened.store().close();
        now = now.plus(Duration.ofHours(2));
        open();

        assertThat(opened.store().committedOffset(changelog))
                .as("opened in between, and not read on")
                .isNull();
        assertThat(found("apples")).isEmpty();
    }

    @Test
    void aDamagedIndexIsDiscarded() throws IOException {
        put(A, Passages.of("a.md", "apples grow"));
        opened.store().commit(Map.of(changelog, 41L));
        opened.store().close();
        List<Path> files;
        try (Stream<Path> all = Files.walk(dir)) {
            files = all.filter(Files::isRegularFile)
                    .filter(file -> !file.getFileName().toString().startsWith("segments"))
                    .filter(file -> !file.endsWith("write.lock"))
                    .toList();
        }
        for (Path file : files) {
            Files.write(file, new byte[] {1, 2, 3});
        }
        open();

        assertThat(opened.store().committedOffset(changelog)).isNull();
        assertThat(found("apples")).isEmpty();
        assertThat(discarded()).isEqualTo(1);
        put(A, Passages.of("a.md", "apples grow"));
        assertThat(found("apples")).hasSize(1);
    }

    @Test
    void theTopicRestoresTheIndexWithoutAModel() {
        embedder.fail();
        restore(List.of(
                record(A, Passages.of(new WordHashes(), "a.md", "old apples")),
                record(B, Passages.of(new WordHashes(), "b.md", "apples fall")),
                record(A, Passages.of(new WordHashes(), "a.md", "apples grow")),
                record(B, null)));
        opened.store().commit(Map.of(changelog, 3L));

        assertThat(found("apples")).containsExactly("apples grow");
        assertThat(find(Question.of("", new WordHashes().embedQuestion("apples grow"), "word-hashes")))
                .hasSize(1);
    }

    @Test
    @SuppressWarnings("NullAway") // Records of a topic may have no key, whatever the types say.
    void poisonIsPassedOverInARestore() {
        restore(List.of(
                KeyValue.pair(A.getBytes(StandardCharsets.UTF_8), new byte[] {1, 2}),
                KeyValue.pair(null, new byte[] {1, 2}),
                record("elsewhere/x", Passages.of("a.md", "apples grow")),
                record(B, Passages.of("b.md", "apples fall"))));

        assertThat(found("apples")).containsExactly("apples fall");
        assertThat(meters.get("parley.retrieval.skipped").counter().count()).isEqualTo(3);
    }

    private double discarded() {
        return meters.get("parley.retrieval.discarded").counter().count();
    }

    private void put(String key, DocumentPassages document) {
        opened.store().put(key, document);
    }

    private void restore(List<KeyValue<byte[], byte[]>> records) {
        opened.restore().restoreAll(records);
    }

    @SuppressWarnings("NullAway") // A null value deletes.
    private KeyValue<byte[], byte[]> record(String key, @Nullable DocumentPassages document) {
        return KeyValue.pair(
                key.getBytes(StandardCharsets.UTF_8),
                topics.passages().values().serializer().serialize(changelog.topic(), document));
    }

    private Question embedded(String question) {
        return Question.of(question, embedder.embedQuestion(question), embedder.model());
    }

    private List<Passage> find(Question question) {
        return opened.store().find(new WorkspaceKey("default", "main"), question, 10, NEAR);
    }

    private List<String> found(String question) {
        return find(Question.of(question)).stream().map(Passage::getText).toList();
    }

    private static DocumentPassages document(String path, String title, String heading, String text) {
        DocumentPassages document = Passages.of(path, text);
        IndexedPassage passage = document.getPassages().getFirst();
        return new DocumentPassages(
                document.getTenantId(),
                document.getWorkspaceId(),
                path,
                title,
                null,
                document.getTime(),
                "",
                List.of(new IndexedPassage(passage.getSourceId(), heading, text, passage.getVector())));
    }
}
