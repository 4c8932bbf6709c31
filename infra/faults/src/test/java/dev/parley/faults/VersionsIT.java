package dev.parley.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A short pass over two versions, beside each other and one after the other. Where the last release is not built they are not
 * played, which a developer may leave at that, and a check of the project may not.
 */
class VersionsIT {

    private static final long SEED = 1;

    static Stream<String> scenarios() {
        return FaultsRun.ofVersions().stream();
    }

    @ParameterizedTest
    @MethodSource("scenarios")
    void twoVersionsGetOn(String scenario) {
        List<String> said = new ArrayList<>();
        TrialResult result;
        try (FaultsRun run = FaultsRun.forTests(said::add)) {
            result = run.play(scenario, SEED);
        }

        assumeTrue(
                result.outcome().skipped().isEmpty() || "true".equals(System.getenv("CI")),
                result.outcome().skipped());
        assertThat(result.outcome().skipped()).isEmpty();
        // In the first line of what is said, which is all that a summary of a build shows.
        List<String> violations = result.outcome().violations();
        assertThat(violations)
                .as(
                        "%s; again: ./parley bench faults --brief --only %s --seed %d%n%s",
                        violations, scenario, SEED, said)
                .isEmpty();
    }
}
