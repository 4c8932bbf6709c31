package dev.parley.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.ingest.http.FileLimits;
import dev.parley.schemas.settings.InvalidSettingsException;
import dev.parley.schemas.settings.Settings;
import java.util.Map;
import org.junit.jupiter.api.Test;

class IngestSettingsTest {

    private static final int MIB = 1024 * 1024;

    @Test
    void filesAreNoLongerThanWhatAllBodiesMayHave() {
        Settings settings = Settings.of(Map.of("PARLEY_MAX_REQUEST_BYTES", "8388608"));

        assertThat(IngestSettings.from(settings).clients().files())
                .isEqualTo(new FileLimits(8 * MIB, 16, 500, 8 * MIB));
        settings.check();
    }

    @Test
    void aRequestMayHaveAsManyAsAMessage() {
        Settings settings = Settings.of(Map.of("PARLEY_MAX_ATTACHMENTS", "1000"));

        assertThat(IngestSettings.from(settings).clients().files())
                .isEqualTo(new FileLimits(10 * MIB, 1_000, 1_000, 32 * MIB));
        settings.check();
    }

    @Test
    void boundsThatNothingCouldReachAreProblems() {
        Settings settings = Settings.of(Map.of(
                "PARLEY_MAX_REQUEST_BYTES", "8388608",
                "PARLEY_MAX_FILE_BYTES", "8388609",
                "PARLEY_MAX_INLINE_BYTES", "8388609",
                "PARLEY_MAX_ATTACHMENTS", "5",
                "PARLEY_MAX_REQUEST_ATTACHMENTS", "4"));
        IngestSettings.from(settings);

        assertThatThrownBy(settings::check)
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessageContaining("PARLEY_MAX_FILE_BYTES must not be more than PARLEY_MAX_REQUEST_BYTES")
                .hasMessageContaining("PARLEY_MAX_INLINE_BYTES must not be more than PARLEY_MAX_REQUEST_BYTES")
                .hasMessageContaining("PARLEY_MAX_ATTACHMENTS must not be more than PARLEY_MAX_REQUEST_ATTACHMENTS");
    }
}
