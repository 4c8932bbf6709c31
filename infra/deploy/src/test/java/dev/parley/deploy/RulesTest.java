package dev.parley.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Prometheus' rules and Grafana's dashboard; {@link PackageIT} holds them against a running installation. */
class RulesTest {

    private static final Pattern RECORDED = Pattern.compile("\\bparley:[a-z0-9_:]+");

    @Test
    void everythingAskedForIsRegisteredSomewhere() throws IOException {
        Set<String> ours = Measurements.asked().stream()
                .filter(name -> name.startsWith("parley_"))
                .collect(Collectors.toCollection(TreeSet::new));

        assertThat(ours).hasSizeGreaterThan(20);
        assertThat(Measurements.withoutSource(ours)).isEmpty();
        assertThat(Measurements.withoutSource(Set.of("parley_nothing_total"))).isNotEmpty();
    }

    @Test
    void whatIsAskedOfRecordingsIsRecorded() {
        List<Object> recorded = Measurements.rules("prometheus/recording.yaml").stream()
                .map(rule -> Manifests.at(rule, "record"))
                .toList();
        Set<String> asked = Measurements.expressions().stream()
                .flatMap(expression -> RECORDED.matcher(expression).results().map(MatchResult::group))
                .collect(Collectors.toSet());

        assertThat(asked).isNotEmpty().allMatch(recorded::contains);
        assertThat(recorded).doesNotHaveDuplicates();
    }

    @Test
    void prometheusTakesThem() throws Exception {
        Path rules = Manifests.deploy().resolve("prometheus");

        Programs.finds(
                "promtool",
                List.of(
                        "check",
                        "rules",
                        rules.resolve("recording.yaml").toString(),
                        rules.resolve("alerts.yaml").toString()));
    }

    @Test
    void everyAlertSaysWhatAndWhatToDo() {
        List<Map<String, Object>> alerts = Measurements.rules("prometheus/alerts.yaml");

        assertThat(alerts).hasSizeGreaterThan(10).allSatisfy(alert -> {
            assertThat(Manifests.at(alert, "alert")).asString().startsWith("Parley");
            assertThat(Manifests.at(alert, "labels", "severity")).isIn("page", "warn");
            assertThat(Manifests.at(alert, "annotations", "summary")).asString().isNotBlank();
            assertThat(Manifests.at(alert, "annotations", "description"))
                    .asString()
                    .isNotBlank();
        });
        assertThat(alerts).extracting(alert -> alert.get("alert")).doesNotHaveDuplicates();
    }

    @Test
    void panelsHaveNumbersAndPlacesOfTheirOwn() {
        List<Integer> ids = Measurements.dashboard().findValues("id").stream()
                .map(id -> id.asInt())
                .toList();

        assertThat(ids).hasSizeGreaterThan(20).doesNotHaveDuplicates();
        assertThat(Measurements.dashboard().path("panels").findValues("gridPos"))
                .doesNotHaveDuplicates();
    }
}
