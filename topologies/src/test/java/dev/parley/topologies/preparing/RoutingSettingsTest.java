package dev.parley.topologies.preparing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.schemas.settings.InvalidSettingsException;
import dev.parley.schemas.settings.Settings;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RoutingSettingsTest {

    @Test
    void defaults() {
        Settings settings = Settings.of(Map.of());

        assertThat(RoutingSettings.from(settings))
                .isEqualTo(new RoutingSettings(
                        "You are a helpful assistant. Answer in the language of the question.", 6, 2_000, 0.57));
        settings.check();
    }

    @Test
    void everyKeyIsTaken() {
        Settings settings = Settings.of(Map.of(
                "PARLEY_SYSTEM_PROMPT", "Be brief.",
                "PARLEY_MAX_PASSAGES", "0",
                "PARLEY_PASSAGE_TOKENS", "100",
                "PARLEY_MIN_SIMILARITY", "70"));

        assertThat(RoutingSettings.from(settings)).isEqualTo(new RoutingSettings("Be brief.", 0, 100, 0.7));
        settings.check();
    }

    @Test
    void problemsNameTheirKeys() {
        Settings settings = Settings.of(Map.of(
                "PARLEY_SYSTEM_PROMPT", "x".repeat(40_000),
                "PARLEY_MAX_PASSAGES", "many",
                "PARLEY_PASSAGE_TOKENS", "0",
                "PARLEY_MIN_SIMILARITY", "101"));
        RoutingSettings.from(settings);

        assertThatThrownBy(settings::check)
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessageContaining("PARLEY_SYSTEM_PROMPT")
                .hasMessageContaining("PARLEY_MAX_PASSAGES")
                .hasMessageContaining("PARLEY_PASSAGE_TOKENS")
                .hasMessageContaining("PARLEY_MIN_SIMILARITY");
    }
}
