package dev.parley.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.Command;

class AgreementTest {

    private static final List<Double> STEADY = List.of(1.01, 0.99, 1.02, 1.0, 0.98, 1.3, 1.01);
    private static final List<Double> SHIFTED = List.of(1.06, 1.07, 1.08, 1.06, 1.07, 1.06, 1.09);
    private static final List<Double> RESTLESS = List.of(0.7, 1.4, 1.0, 0.8, 1.3, 1.2, 0.75);

    /** A benchmark that found what it is told to. */
    @Command(name = "measured")
    private static final class Measured extends Measurement {
        private final List<Double> itself;
        private final double found;

        Measured(List<Double> itself, double found) {
            this.itself = itself;
            this.found = found;
        }

        @Override
        protected Report measure(Consumer<String> progress) {
            return new Report("measured")
                    .add(Figure.of("found", "ratio", found).atLeast(0.5))
                    .agreed(Agreement.ofRatios("baseline", itself));
        }
    }

    private static int run(Path out, List<Double> itself, double found) {
        return new CommandLine(new Measured(itself, found)).execute("--out", out.toString());
    }

    private static JsonNode json(Path file) throws IOException {
        return new ObjectMapper().readTree(file.toFile());
    }

    @Test
    void oneRestlessRoundDoesNotMatter() {
        assertThat(Agreement.ofRatios("baseline", STEADY).holds()).isTrue();
    }

    @Test
    void aMedianFarFromOneIsNoAgreement() {
        assertThat(Agreement.ofRatios("baseline", SHIFTED).holds()).isFalse();
    }

    @Test
    void roundsThatLieFarApartAreNoneEvenAroundOne() {
        assertThat(Agreement.ofRatios("baseline", RESTLESS).median()).isZero();
        assertThat(Agreement.ofRatios("baseline", RESTLESS).holds()).isFalse();
    }

    @Test
    void differencesAreJudgedAsPartsOfWhatWasMeasured() {
        List<Double> millis = List.of(9.0, -3.0, 8.0, 5.0, 9.0, -2.0, 9.0);

        assertThat(Agreement.ofDifferences("baseline", millis, 200).holds()).isTrue();
        assertThat(Agreement.ofDifferences("baseline", millis, 100).holds()).isFalse();
    }

    @Test
    void aRunThatIsThrownAwaySaysSoAndLeavesTheResultThatCounts(@TempDir Path out) throws IOException {
        assertThat(run(out, STEADY, 0.7)).isZero();

        assertThat(run(out, SHIFTED, 0.9)).isEqualTo(Measurement.THROWN_AWAY);

        assertThat(json(out.resolve("measured.json")).at("/figures/0/value").asDouble())
                .isEqualTo(0.7);
        JsonNode thrownAway = json(out.resolve("thrown-away/measured.json"));
        assertThat(thrownAway.path("valid").asBoolean(true)).isFalse();
        assertThat(thrownAway.at("/agreements/0/holds").asBoolean(true)).isFalse();
    }

    @Test
    void aRunThatCountsAndMissesItsBoundIsKept(@TempDir Path out) {
        assertThat(run(out, STEADY, 0.4)).isEqualTo(Measurement.MISSED);

        assertThat(Files.exists(out.resolve("measured.json"))).isTrue();
    }

    @Test
    void thePageTellsOfRunsThatDoNotCount(@TempDir Path out) throws IOException {
        run(out, RESTLESS, 0.7);

        String page = ReportCommand.page(List.of(), List.of(json(out.resolve("thrown-away/measured.json"))));

        assertThat(page)
                .contains("## measured", "**Thrown away**", "Not valid: baseline against itself (A/A): +0.0 %")
                .doesNotContain("| found |");
    }
}
