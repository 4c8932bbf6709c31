package dev.parley.topologies.retrieval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class BgeSmallEmbedderTest {

    private final Embedder embedder = new BgeSmallEmbedder();

    @Test
    void vectorsAreNormalisedAndOfTheDimensionsThatItSays() {
        assertThat(embedder.embed(List.of("Kafka keeps a log.", "Ein Satz auf Deutsch.", "🙂")))
                .allSatisfy(vector -> {
                    assertThat(vector).hasSize(BgeSmallEmbedder.DIMENSIONS);
                    assertThat(dot(vector, vector)).isCloseTo(1.0, within(1e-4));
                });
    }

    @Test
    void nearInMeaningIsNearInSpace() {
        List<float[]> vectors = embedder.embed(List.of(
                "The broker stores messages in partitions of a topic.",
                "Kafka keeps records in the partitions of its topics.",
                "Whisk the eggs with sugar until they are pale."));
        assertThat(dot(vectors.get(0), vectors.get(1)))
                .isGreaterThan(dot(vectors.get(0), vectors.get(2)) + 0.1)
                .isGreaterThan(dot(vectors.get(1), vectors.get(2)) + 0.1);
    }

    @Test
    void aQuestionFindsItsAnswer() {
        float[] question = embedder.embedQuestion("how do I stop an answer?");
        List<float[]> passages = embedder.embed(List.of(
                "A running generation is cancelled with POST /cancel; the text so far is kept.",
                "Documents are deleted by their path.",
                "The database schema is migrated at start-up."));
        assertThat(IntStream.range(0, 3).boxed().max(Comparator.comparingDouble(i -> dot(question, passages.get(i)))))
                .contains(0);
    }

    @Test
    void theSameTextHasTheSameVectorWhereverItStands() {
        float[] alone = embedder.embed(List.of("once more")).getFirst();
        assertThat(embedder.embed(List.of("something else", "once more")).get(1))
                .containsExactly(alone);
    }

    @Test
    void whatTheModelCannotReadIsCutOff() {
        String head = IntStream.range(0, 510).mapToObj(i -> "word").collect(Collectors.joining(" "));
        List<float[]> vectors = embedder.embed(List.of(head, head + " and then eggs, sugar, and flour".repeat(200)));
        assertThat(dot(vectors.get(0), vectors.get(1))).isCloseTo(1.0, within(0.02));
    }

    @Test
    void textsOfNothingAndOfRubbishHaveVectors() {
        assertThat(embedder.embed(
                        List.of("", "   ", "\u0000\u0001", "\ud83d", "🙂".repeat(3_000), "x".repeat(100_000))))
                .allSatisfy(vector -> assertThat(dot(vector, vector)).isCloseTo(1.0, within(1e-4)));
    }

    private static double dot(float[] a, float[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += (double) a[i] * b[i];
        }
        return sum;
    }
}
