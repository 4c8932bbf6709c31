package dev.parley.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.config.Settings;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ModelsTest {

    @Test
    void withoutAModelServerThereAreTheRouteAndTheQuotingEngine() {
        Models models = Models.from(Settings.of(Map.of()));

        assertThat(models.engines())
                .isEqualTo(Map.of("default", Optional.empty(), "extractive", Optional.of("extractive")));
    }

    @Test
    void aModelServersModelGoesUnderItsOwnName() {
        Models models = Models.from(Settings.of(Map.of("PARLEY_LLM_MODEL", "org/a-model")));

        assertThat(models.engine("org/a-model")).contains("openai");
        assertThat(models.engine("default")).isEmpty();
        assertThat(models.engine("extractive")).contains("extractive");
    }

    @Test
    void whatThereIsNotIsRefusedWithWhatThereIs() {
        Models models = Models.from(Settings.of(Map.of("PARLEY_LLM_MODEL", "a-model")));

        ProblemException problem = catchThrowableOfType(ProblemException.class, () -> models.engine("A-Model"));

        assertThat(problem.code()).isEqualTo(ErrorCode.MODEL_NOT_FOUND);
        assertThat(problem.field()).contains("model");
        assertThat(problem.detail()).contains("'A-Model'").endsWith("a-model, default, extractive");
    }
}
