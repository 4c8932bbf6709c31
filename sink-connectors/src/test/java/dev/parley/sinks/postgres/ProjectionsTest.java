package dev.parley.sinks.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.schemas.Topics;
import dev.parley.schemas.settings.TopicSettings;
import dev.parley.stack.InMemoryRegistry;
import java.util.List;
import org.junit.jupiter.api.Test;

class ProjectionsTest {

    private static final Topics TOPICS = Topics.of(new TopicSettings("", 1, (short) 1), InMemoryRegistry.serdes());

    @Test
    void eachTopicThatIsFoldedHasItsOwnReadModel() {
        Projections projections = Projections.of(TOPICS);

        assertThat(projections.topics())
                .containsExactly(TOPICS.events().name(), TOPICS.documents().name());
        for (String topic : projections.topics()) {
            assertThat(projections.of(topic).topic().name()).isEqualTo(topic);
        }
        assertThat(projections.isCompacted(TOPICS.events().name())).isFalse();
        assertThat(projections.isCompacted(TOPICS.documents().name())).isTrue();
    }

    @Test
    void twoReadModelsOfOneTopicAreRefused() {
        List<Projection<?>> two = List.of(new DocumentProjection(TOPICS), new DocumentProjection(TOPICS));

        assertThatThrownBy(() -> new Projections(two))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(TOPICS.documents().name());
    }
}
