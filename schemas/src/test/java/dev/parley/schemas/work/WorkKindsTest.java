package dev.parley.schemas.work;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.schemas.Topics;
import dev.parley.schemas.settings.InvalidSettingsException;
import dev.parley.schemas.settings.Settings;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

class WorkKindsTest {

    @Test
    void withoutSettingsTheyAreTheDefaults() {
        Settings settings = Settings.of(Map.of());

        WorkKinds kinds = WorkKinds.from(settings);

        assertThat(kinds).isEqualTo(WorkKinds.defaults());
        assertThat(kinds.model().attempts()).isEqualTo(3);
        assertThat(kinds.model().lease()).isEqualTo(Duration.ofSeconds(10));
        assertThat(kinds.model().maxAnswerBytes()).isEqualTo(4 * 1024 * 1024);
        assertThat(kinds.all()).extracting(WorkKind::effect).containsOnly(Effect.READS);
        settings.check();
    }

    @Test
    void anInstallationBoundsThem() {
        Settings settings = Settings.of(
                Map.of("PARLEY_WORKER_LEASE", "20s", "PARLEY_MAX_ATTEMPTS", "1", "PARLEY_MAX_ANSWER_BYTES", "2048"));

        WorkKinds kinds = WorkKinds.from(settings);

        assertThat(kinds.all()).extracting(WorkKind::lease).containsOnly(Duration.ofSeconds(20));
        assertThat(kinds.all()).extracting(WorkKind::attempts).containsOnly(1);
        assertThat(kinds.all()).extracting(WorkKind::maxAnswerBytes).containsOnly(2048);
        settings.check();
    }

    @Test
    void aProblemIsToldOnceHoweverManyReadTheKey() {
        Settings settings = Settings.of(Map.of("PARLEY_WORKER_LEASE", "5s"));
        WorkKinds.from(settings);
        WorkKinds.from(settings);

        assertThatThrownBy(settings::check)
                .isInstanceOf(InvalidSettingsException.class)
                .satisfies(e -> assertThat(String.valueOf(e.getMessage()).split("PARLEY_WORKER_LEASE", -1))
                        .hasSize(2));
    }

    @Test
    void clientsAreShownAnswersAndNothingThatThisVersionDoesNotKnow() {
        WorkKinds kinds = WorkKinds.defaults();

        assertThat(kinds.isShown("model")).isTrue();
        assertThat(kinds.isShown("classify")).isFalse();
        assertThat(kinds.isShown("render")).isFalse();
        assertThat(kinds.find("render")).isEmpty();
        assertThat(kinds.lease("render")).isEqualTo(kinds.model().lease());
    }

    @Test
    void whatMustNotBeDoneTwiceIsTriedOnce() {
        assertThatThrownBy(() -> new WorkKind(
                        "pay", Topics::generationRequests, Effect.ONCE, 2, Duration.ofSeconds(10), 1024, true))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("pay");
    }
}
