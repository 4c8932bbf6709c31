package dev.parley.topologies.indexing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.schemas.settings.InvalidSettingsException;
import dev.parley.schemas.settings.Settings;
import java.util.Map;
import org.junit.jupiter.api.Test;

class IndexingSettingsTest {

    @Test
    void theModelIsChosenByName() {
        assertThat(read(Map.of()).embedder().model()).isEqualTo("bge-small-en-v1.5-q");
        assertThat(read(Map.of("PARLEY_EMBEDDINGS", "bge-small"))).isEqualTo(IndexingSettings.defaults());
        assertThat(read(Map.of("PARLEY_EMBEDDINGS", "none")).embedder().model()).isEmpty();
    }

    @Test
    void anotherNameIsRefusedWithThoseThatThereAre() {
        Settings settings = Settings.of(Map.of("PARLEY_EMBEDDINGS", "BGE"));
        IndexingSettings.from(settings);
        assertThatThrownBy(settings::check)
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessageContaining("PARLEY_EMBEDDINGS must be one of bge-small, none, not 'BGE'");
    }

    private static IndexingSettings read(Map<String, String> values) {
        Settings settings = Settings.of(values);
        IndexingSettings read = IndexingSettings.from(settings);
        settings.check();
        return read;
    }
}
