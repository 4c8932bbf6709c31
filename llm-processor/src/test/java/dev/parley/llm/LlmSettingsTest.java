package dev.parley.llm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.schemas.settings.InvalidSettingsException;
import dev.parley.schemas.settings.Settings;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LlmSettingsTest {

    private static final int MIB = 1024 * 1024;

    @Test
    void aPromptHasNoMoreFilesThanAllPromptsTogether() {
        Settings settings = Settings.of(Map.of("PARLEY_LLM_MAX_FILE_BYTES", "16777216"));

        assertThat(LlmSettings.from(settings).attachments().promptBytes()).isEqualTo(16 * MIB);
        settings.check();
    }

    /** It would be put off for ever. */
    @Test
    void aPromptThatCouldNeverBeAskedIsAProblem() {
        Settings settings =
                Settings.of(Map.of("PARLEY_LLM_MAX_FILE_BYTES", "1000", "PARLEY_LLM_MAX_PROMPT_FILE_BYTES", "1001"));
        LlmSettings.from(settings);

        assertThatThrownBy(settings::check)
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessageContaining(
                        "PARLEY_LLM_MAX_FILE_BYTES must not be less than PARLEY_LLM_MAX_PROMPT_FILE_BYTES");
    }
}
