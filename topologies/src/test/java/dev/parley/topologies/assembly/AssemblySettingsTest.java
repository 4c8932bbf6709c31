package dev.parley.topologies.assembly;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.schemas.settings.InvalidSettingsException;
import dev.parley.schemas.settings.Settings;
import dev.parley.schemas.work.WorkKinds;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

class AssemblySettingsTest {

    @Test
    void defaults() {
        Settings settings = Settings.of(Map.of());

        assertThat(AssemblySettings.from(settings))
                .isEqualTo(new AssemblySettings(
                        WorkKinds.defaults(),
                        Duration.ofSeconds(2),
                        Duration.ofMillis(250),
                        Duration.ofMinutes(10),
                        Duration.ofHours(1),
                        20_000));
        settings.check();
    }

    @Test
    void everyKeyIsTaken() {
        Settings settings = Settings.of(Map.of(
                "PARLEY_WORKER_LEASE", "20s",
                "PARLEY_CANCEL_GRACE", "500ms",
                "PARLEY_ASSEMBLY_REMEMBER_FOR", "2h",
                "PARLEY_ASSEMBLY_MAX_CLOSED", "7"));

        assertThat(AssemblySettings.from(settings))
                .isEqualTo(new AssemblySettings(
                        WorkKinds.from(Settings.of(Map.of("PARLEY_WORKER_LEASE", "20s"))),
                        Duration.ofMillis(500),
                        Duration.ofMillis(250),
                        Duration.ofMinutes(10),
                        Duration.ofHours(2),
                        7));
        settings.check();
    }

    @Test
    void problemsNameTheirKeys() {
        Settings settings = Settings.of(Map.of(
                "PARLEY_WORKER_LEASE", "3s",
                "PARLEY_ASSEMBLY_REMEMBER_FOR", "1m",
                "PARLEY_ASSEMBLY_MAX_CLOSED", "0"));
        AssemblySettings.from(settings);

        assertThatThrownBy(settings::check)
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessageContaining("PARLEY_WORKER_LEASE must be at least 6s")
                .hasMessageContaining("PARLEY_ASSEMBLY_REMEMBER_FOR must be at least 600s")
                .hasMessageContaining("PARLEY_ASSEMBLY_MAX_CLOSED");
    }
}
