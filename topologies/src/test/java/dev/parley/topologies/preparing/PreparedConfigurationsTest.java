package dev.parley.topologies.preparing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.chat.v1.ClassifierKind;
import dev.parley.chat.v1.Configuration;
import dev.parley.schemas.routes.BuiltInConfiguration;
import dev.parley.schemas.serde.TrustedRecords;
import dev.parley.topologies.retrieval.Embedder;
import dev.parley.topologies.retrieval.WordHashes;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class PreparedConfigurationsTest {

    private final WordHashes embedder = new WordHashes();
    private final PreparedConfigurations configurations = new PreparedConfigurations(embedder);

    @BeforeAll
    static void trust() {
        TrustedRecords.trust();
    }

    private static Configuration examples(String... examples) {
        return Configured.by(
                ClassifierKind.EXAMPLES,
                0.5,
                BuiltInConfiguration.route("chat"),
                Configured.route("sort", route -> route.setExamples(List.of(examples))));
    }

    @Test
    void theBuiltInOneIsThereFromTheBeginning() {
        assertThat(configurations.current()).isEqualTo(BuiltInConfiguration.get());
        assertThat(configurations.find(BuiltInConfiguration.get().getVersion())).isPresent();
        assertThat(embedder.questions()).isZero();
    }

    @Test
    void aTextIsEmbeddedOnceInAllVersions() {
        configurations.prepare(examples("sort a list", "order the names"));
        int first = embedder.questions();
        configurations.prepare(examples("sort a list", "order the names", "by size"));

        assertThat(first).isEqualTo(2 + PreparedConfigurations.otherQuestions().size());
        assertThat(embedder.questions()).isEqualTo(first + 1);
    }

    @Test
    void aVersionThatIsPreparedIsNotInForceBeforeItIsSaidTo() {
        Configuration next = examples("sort a list");
        configurations.prepare(next);

        assertThat(configurations.current()).isEqualTo(BuiltInConfiguration.get());
        assertThat(configurations.ofRecord(next.getVersion())).isEqualTo(next);
        assertThat(configurations.examplesOf(next)).isPresent();

        configurations.enforce(next);
        assertThat(configurations.current()).isEqualTo(next);
        assertThat(configurations.ofRecord("forgotten")).isEqualTo(next);
    }

    @Test
    void theOneInForceIsNeverForgotten() {
        Configuration inForce = examples("sort a list");
        configurations.prepare(inForce);
        configurations.enforce(inForce);
        for (int i = 0; i < 2 * PreparedConfigurations.MAX_VERSIONS; i++) {
            configurations.prepare(examples("sort list " + i));
        }

        assertThat(configurations.examplesOf(inForce)).isPresent();
        assertThat(configurations.find(examples("sort list 0").getVersion())).isEmpty();
    }

    @Test
    void withoutVectorsThereAreNoExamples() {
        Configuration next = examples("sort a list");
        embedder.fail();
        configurations.prepare(next);
        PreparedConfigurations none = new PreparedConfigurations(Embedder.none());
        none.prepare(next);

        assertThat(configurations.find(next.getVersion())).isPresent();
        assertThat(configurations.examplesOf(next)).isEmpty();
        assertThat(none.examplesOf(next)).isEmpty();
    }
}
