package dev.parley.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.faults.StoppedStart.Outcome;
import dev.parley.faults.StoppedStart.Plan;
import dev.parley.faults.StoppedStart.Stage;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A few of what {@code ./parley bench stops} does by the hundred. */
class StoppedStartIT {

    private static final long SEED = 1;
    private static final int LONGEST_PAUSE_MILLIS = 2_000;

    @TempDir
    private Path folder;

    @ParameterizedTest
    @EnumSource(names = {"SERVICES", "ROLES", "READY"})
    void nothingIsLeftOfAStartThatIsStopped(Stage stage) throws Exception {
        Random random = new Random(SEED + stage.name().hashCode());

        Outcome outcome = StoppedStart.play(
                new Plan(stage, Duration.ofMillis(random.nextInt(LONGEST_PAUSE_MILLIS)), false), folder);

        assertThat(outcome.violations()).as(outcome.plan().toString()).isEmpty();
    }
}
