package dev.parley.topologies.retrieval;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.junit.jupiter.api.Test;

class QuestionEmbeddingsTest {

    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final WordHashes embedder = new WordHashes();
    private final QuestionEmbeddings embeddings = new QuestionEmbeddings(embedder, new RetrievalMetrics(meters));

    @Test
    void aQuestionIsEmbeddedOnce() {
        assertThat(embeddings.question("Why?").vector()).hasSize(384);
        assertThat(embeddings.question("Why?").vector()).hasSize(384);
        assertThat(embedder.questions()).isEqualTo(1);
    }

    @Test
    void onlySoManyAreRemembered() {
        for (int i = 0; i < 200; i++) {
            embeddings.question("Why " + "a".repeat(i) + "?");
        }
        embeddings.question("Why " + "a".repeat(199) + "?");
        assertThat(embedder.questions()).isEqualTo(200);
        embeddings.question("Why ?");
        assertThat(embedder.questions()).isEqualTo(201);
    }

    @Test
    void aModelThatFailsIsAskedAgainNextTime() {
        embedder.fail();

        assertThat(embeddings.question("Why?").vector()).isNull();
        assertThat(embeddings.question("Why?").text()).isEqualTo("Why?");
        assertThat(meters.get("parley.retrieval.embedding.failures").counter().count())
                .isEqualTo(2);
    }

    @Test
    void withoutAModelThereAreWordsAlone() {
        QuestionEmbeddings none = new QuestionEmbeddings(Embedder.none(), new RetrievalMetrics(meters));

        assertThat(none.question("Why?").vector()).isNull();
        assertThat(meters.get("parley.retrieval.embedding.failures").counter().count())
                .isZero();
    }
}
