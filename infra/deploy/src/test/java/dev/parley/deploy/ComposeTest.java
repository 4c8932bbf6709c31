package dev.parley.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.launcher.RoleName;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import kafka.server.KafkaConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** {@code compose.yaml}, with what somebody has to say in {@code .env}. */
class ComposeTest {

    private static final Pattern VARIABLE = Pattern.compile("\\$\\{([A-Z_]+)(?::([-?])([^}]*))?}");
    private static final String NEEDED = "needed1234";

    private static final Map<String, Object> COMPOSE = Manifests.yaml(interpolated(Manifests.text("compose.yaml")));

    /** As Compose does: what has a default gets it, what has to be said is said. */
    private static String interpolated(String text) {
        return VARIABLE.matcher(text)
                .replaceAll(variable -> "-".equals(variable.group(2)) ? variable.group(3) : NEEDED)
                .replace("$$", "$");
    }

    /** A service with what it merges, the nearer winning; merge keys are YAML 1.1's, which Compose reads and YAML 1.2 has not. */
    private static Map<String, Object> merged(Map<String, Object> map) {
        Map<String, Object> whole = new LinkedHashMap<>();
        if (map.get("<<") instanceof Map<?, ?> from) {
            whole.putAll(Manifests.map(from));
        }
        map.forEach((key, value) -> {
            if (!key.equals("<<")) {
                whole.put(key, value);
            }
        });
        return whole;
    }

    private static Map<String, Object> service(String name) {
        return merged(Manifests.mapAt(COMPOSE, "services", name));
    }

    private static Map<String, String> environment(Map<String, Object> service) {
        Map<String, String> found = new LinkedHashMap<>();
        merged(Manifests.mapAt(service, "environment"))
                .forEach((name, value) -> found.put(name, value == null ? "" : String.valueOf(value)));
        return found;
    }

    private static String name(RoleName role) {
        return role.name().toLowerCase(Locale.ROOT);
    }

    @ParameterizedTest
    @EnumSource
    void eachRoleIsAServiceWithSettingsThatItTakes(RoleName role) {
        Map<String, Object> service = service(name(role));

        assertThat(service.get("command")).isEqualTo(List.of("run", name(role)));
        assertThat(KnownSettings.problems(role, environment(service))).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void eachRoleIsHardenedWatchedAndDrained(RoleName role) {
        Map<String, Object> service = service(name(role));

        assertThat(service).containsEntry("read_only", true).containsEntry("cap_drop", List.of("ALL"));
        assertThat(Manifests.listAt(service, "security_opt")).contains("no-new-privileges:true");
        assertThat(Manifests.listAt(service, "tmpfs"))
                .singleElement()
                .asString()
                .startsWith("/tmp:exec");
        assertThat(Duration.parse("PT" + service.get("stop_grace_period"))).isGreaterThan(Manifests.LONGEST_END);
        assertThat(Manifests.at(service, "healthcheck", "test"))
                .isEqualTo(List.of("CMD", "/opt/parley/bin/parley", "health"));
        assertThat(Manifests.at(service, "depends_on", "provision", "condition"))
                .isEqualTo("service_completed_successfully");
    }

    @Test
    void topicsAreMadeOnceBrokerAndRegistryAnswer() {
        Map<String, Object> provision = service("provision");

        assertThat(provision.get("command")).isEqualTo(List.of("provision"));
        assertThat(Manifests.at(provision, "depends_on", "kafka", "condition")).isEqualTo("service_healthy");
        assertThat(Manifests.at(provision, "depends_on", "registry", "condition"))
                .isEqualTo("service_healthy");
        assertThat(provision.get("restart")).isEqualTo("on-failure");
    }

    @Test
    void placesAgree() {
        Set<String> services = Manifests.mapAt(COMPOSE, "services").keySet();
        Map<String, String> ingest = environment(service("ingest"));
        Map<String, String> kafka = environment(service("kafka"));

        assertThat(kafka.get("KAFKA_ADVERTISED_LISTENERS"))
                .isEqualTo("PLAINTEXT://" + ingest.get("KAFKA_BOOTSTRAP_SERVERS"));
        assertThat(ingest.get("SCHEMA_REGISTRY_URL")).isEqualTo("http://registry:8080/apis/ccompat/v7");
        assertThat(ingest.get("DATABASE_URL")).isEqualTo("postgresql://parley:" + NEEDED + "@postgres:5432/parley");
        assertThat(services).contains("kafka", "registry", "postgres");
        assertThat(service("ingest").get("ports"))
                .isEqualTo(List.of("127.0.0.1:8080:" + ingest.get("PARLEY_HTTP_PORT")));
        assertThat(Manifests.listAt(service("topologies"), "volumes")).contains("streams:/var/lib/parley");
        assertThat(environment(service("topologies")).get("PARLEY_STATE_DIR")).startsWith("/var/lib/parley/");
        for (String service : services) {
            Object volumes = service(service).get("volumes");
            if (volumes != null) {
                assertThat(Manifests.list(volumes))
                        .allSatisfy(volume -> assertThat(Manifests.mapAt(COMPOSE, "volumes"))
                                .containsKey(String.valueOf(volume).split(":", 2)[0]));
            }
        }
    }

    @Test
    void theBrokerIsSetUpByNamesThatKafkaKnows() {
        assertThat(environment(service("kafka")).keySet())
                .filteredOn(name -> name.startsWith("KAFKA_"))
                .hasSizeGreaterThan(10)
                .allSatisfy(name -> assertThat(KafkaConfig.configDef().names())
                        .contains(name.substring("KAFKA_".length())
                                .toLowerCase(Locale.ROOT)
                                .replace('_', '.')));
    }

    @Test
    void theExampleSaysAllThatHasToBeSaid() {
        String example = Manifests.text("compose.env.example");
        List<String> needed = VARIABLE.matcher(Manifests.text("compose.yaml"))
                .results()
                .filter(variable -> "?".equals(variable.group(2)))
                .map(variable -> variable.group(1))
                .distinct()
                .toList();

        assertThat(Manifests.environment(example).keySet()).containsExactlyInAnyOrderElementsOf(needed);
        assertThat(Manifests.environment(example.replace("#PARLEY", "PARLEY")).keySet())
                .allSatisfy(name -> assertThat(Manifests.text("compose.yaml")).contains("${" + name));
    }
}
