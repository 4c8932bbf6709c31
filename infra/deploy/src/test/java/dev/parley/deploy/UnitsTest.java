package dev.parley.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.launcher.RoleName;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The units of systemd, and the environment that comes with the archive. */
class UnitsTest {

    private static final Map<String, String> EXAMPLE =
            Manifests.environment(Manifests.text("tarball/etc/parley.env.example"));

    private static List<String> values(String unit, String key) {
        return unit.lines()
                .filter(line -> line.startsWith(key + "="))
                .map(line -> line.substring(key.length() + 1))
                .toList();
    }

    @Test
    void theExampleOfTheEnvironmentIsTakenByEveryRole() {
        assertThat(KnownSettings.problems(EnumSet.allOf(RoleName.class), EXAMPLE))
                .isEmpty();
    }

    @Test
    void whatTheExampleLeavesOutIsKnownAsWell() {
        Map<String, String> whole = Manifests.environment(
                Manifests.text("tarball/etc/parley.env.example").replace("#PARLEY", "PARLEY"));

        assertThat(whole).hasSizeGreaterThan(EXAMPLE.size());
        assertThat(KnownSettings.problems(EnumSet.allOf(RoleName.class), whole)).isEmpty();
    }

    @Test
    void aNameThatNobodyReadsIsFound() {
        Map<String, String> wrong = new HashMap<>(EXAMPLE);
        wrong.put("PARLEY_HTTP_PROT", "8080");
        wrong.put("KAFKA_SECURITY_PROTCOL", "SSL");
        wrong.put("KAFKA_SASL_MECHANISM", "PLAIN");
        wrong.put("PARLEY_STREAM_THREADS", "many");

        assertThat(KnownSettings.problems(EnumSet.allOf(RoleName.class), wrong))
                .containsExactlyInAnyOrder(
                        "PARLEY_HTTP_PROT is read by nobody",
                        "KAFKA_SECURITY_PROTCOL is read by nobody",
                        "PARLEY_STREAM_THREADS must be a whole number from 1 to 64, not 'many'");
    }

    @Test
    void aRoleRunsAsNobodyDrainsAndIsNotStartedAgainWithSettingsThatAreWrong() {
        String unit = Manifests.text("systemd/parley@.service");

        assertThat(values(unit, "ExecStart")).containsExactly("/opt/parley/bin/parley run $PARLEY_ROLES");
        assertThat(values(unit, "EnvironmentFile")).containsExactly("/etc/parley/parley.env", "-/etc/parley/%i.env");
        assertThat(Duration.ofSeconds(
                        Long.parseLong(values(unit, "TimeoutStopSec").getFirst())))
                .isGreaterThan(Manifests.LONGEST_END);
        assertThat(values(unit, "SuccessExitStatus")).containsExactly("143");
        assertThat(values(unit, "RestartPreventExitStatus")).containsExactly("2");
        assertThat(unit).contains("DynamicUser=yes", "NoNewPrivileges=yes", "ProtectSystem=strict", "LimitNOFILE=");
        Map<String, String> environment = new HashMap<>(EXAMPLE);
        for (String assignment : values(unit, "Environment")) {
            environment.putAll(Manifests.environment(assignment));
        }
        // The unit's own, which its command line reads.
        assertThat(environment.remove("PARLEY_ROLES")).isEqualTo("%i");
        assertThat(KnownSettings.problems(EnumSet.allOf(RoleName.class), environment))
                .isEmpty();
    }

    @Test
    void systemdTakesThem(@TempDir Path folder) throws Exception {
        for (String unit : List.of("parley@.service", "parley-provision.service")) {
            // A program has to be where it is said to be.
            String installed = Manifests.text("systemd/" + unit).replace("/opt/parley/bin/parley", "/bin/sh");
            Files.writeString(folder.resolve(unit.replace("@", "@llm")), installed);
        }

        Programs.finds(
                "systemd-analyze",
                List.of(
                        "verify",
                        folder.resolve("parley@llm.service").toString(),
                        folder.resolve("parley-provision.service").toString()));
    }

    @Test
    void topicsAndSchemasComeBeforeTheRoles() {
        assertThat(values(Manifests.text("systemd/parley@.service"), "After").getFirst())
                .contains("parley-provision.service");
        assertThat(values(Manifests.text("systemd/parley-provision.service"), "ExecStart"))
                .containsExactly("/opt/parley/bin/parley provision");
    }
}
