package dev.parley.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A short pass over the cheap faults, on a whole installation of separate processes. */
class FaultsIT {

    private static final long SEED = 1;

    @Test
    void whatMustHoldUnderFaultsHolds() {
        List<String> said = new ArrayList<>();
        List<TrialResult> results = new ArrayList<>();
        try (FaultsRun run = FaultsRun.forTests(said::add)) {
            FaultsRun.cheap().forEach(scenario -> results.add(run.play(scenario, SEED)));
        }

        assertThat(results)
                .as("again: ./parley bench faults --brief --only SCENARIO --seed %d%n%s", SEED, said)
                .allSatisfy(result -> assertThat(result.outcome().violations())
                        .as(result.draw().scenario())
                        .isEmpty());
    }
}
