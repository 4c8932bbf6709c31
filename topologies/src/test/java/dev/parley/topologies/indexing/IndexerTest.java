package dev.parley.topologies.indexing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.chat.v1.Document;
import dev.parley.chat.v1.DocumentPassages;
import dev.parley.chat.v1.IndexedPassage;
import dev.parley.schemas.TopicSpec;
import dev.parley.schemas.serde.SingleObject;
import dev.parley.topologies.retrieval.BgeSmallEmbedder;
import dev.parley.topologies.retrieval.Embedder;
import dev.parley.topologies.retrieval.Vectors;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class IndexerTest {

    private static final int VECTOR_BYTES = BgeSmallEmbedder.DIMENSIONS * Float.BYTES;

    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final IndexingMetrics metrics = new IndexingMetrics(meters, "indexing", "documents");

    @Test
    void passagesCarryTheirPlaceAndTheVectorOfTitleHeadingAndText() {
        Document document = document("# A\n\none\n\n# B\n\ntwo");
        Embedder embedder = new BgeSmallEmbedder();
        DocumentPassages passages = index(embedder, Indexer.MAX_PASSAGES_BYTES, document);
        assertThat(passages.getTitle()).isEqualTo("A");
        assertThat(passages.getEmbeddingModel()).isEqualTo(BgeSmallEmbedder.MODEL);
        assertThat(passages.getPassages())
                .containsExactly(
                        new IndexedPassage(
                                "docs/a.md#0",
                                "A",
                                "one",
                                Vectors.encode(embedder.embed(List.of("A\none")).getFirst())),
                        new IndexedPassage(
                                "docs/a.md#1",
                                "B",
                                "two",
                                Vectors.encode(
                                        embedder.embed(List.of("A\nB\ntwo")).getFirst())));
        assertThat(index(embedder, Indexer.MAX_PASSAGES_BYTES, document)).isEqualTo(passages);
    }

    @Test
    void withoutAModelThereAreNoVectors() {
        DocumentPassages passages = index(Embedder.none(), Indexer.MAX_PASSAGES_BYTES, document("# A\n\none"));
        assertThat(passages.getEmbeddingModel()).isEmpty();
        assertThat(passages.getPassages().getFirst().getVector().hasRemaining()).isFalse();
    }

    @Test
    void ofTooManyPassagesTheFirstAreKept() {
        Document document = document(IntStream.range(0, 3_000)
                .mapToObj("# Tiny %d\n\n§\n\n"::formatted)
                .collect(Collectors.joining()));
        int bound = 1_000_000;
        DocumentPassages passages = index(new Blank(), bound, document);
        assertThat(passages.getPassages()).hasSizeBetween(200, 2_000);
        assertThat(SingleObject.of(DocumentPassages.class).encode(passages)).hasSizeLessThan(bound);
        assertThat(meters.counter("parley.indexing.documents.shortened").count())
                .isOne();
    }

    @Test
    void theLargestDocumentsPassagesFitARecord() {
        Document document = document("§ ".repeat(TopicSpec.MAX_MESSAGE_BYTES / 3 - 1_000));
        DocumentPassages passages = index(new Blank(), Indexer.MAX_PASSAGES_BYTES, document);
        byte[] bytes = SingleObject.of(DocumentPassages.class).encode(passages);
        assertThat(bytes).hasSizeLessThan(TopicSpec.MAX_MESSAGE_BYTES - 500_000);
    }

    @Test
    void aStageThatClosesGivesUp() {
        Document document = document("# A\n\none");
        Indexer indexer = new Indexer(Embedder.none(), Indexer.MAX_PASSAGES_BYTES, metrics, () -> true);
        assertThatThrownBy(() -> indexer.index(document, Splitter.cut(document)))
                .isInstanceOf(CancellationException.class);
    }

    private DocumentPassages index(Embedder embedder, int maxBytes, Document document) {
        return new Indexer(embedder, maxBytes, metrics, () -> false).index(document, Splitter.cut(document));
    }

    private static Document document(String text) {
        return new Document("t", "w", "docs/a.md", null, "https://x", "text/markdown", text, Instant.EPOCH);
    }

    /** As large as the real one, and as fast as none. */
    private record Blank() implements Embedder {

        @Override
        public List<float[]> embed(List<String> texts) {
            return texts.stream()
                    .map(text -> new float[VECTOR_BYTES / Float.BYTES])
                    .toList();
        }

        @Override
        public float[] embedQuestion(String question) {
            return new float[VECTOR_BYTES / Float.BYTES];
        }

        @Override
        public String model() {
            return "blank";
        }
    }
}
