package dev.parley.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.launcher.RoleName;
import dev.parley.schemas.TopicSpec;
import dev.parley.schemas.Topics;
import dev.parley.schemas.serde.ValueSerdes;
import dev.parley.schemas.settings.RegistrySettings;
import dev.parley.schemas.settings.TopicSettings;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The Helm chart, as Helm renders it. */
class ChartTest {

    private static final String NEEDED = """
            kafka: {bootstrapServers: 'kafka-1:9092,kafka-2:9092'}
            registry: {url: 'http://registry:8081'}
            """;

    private static final String EVERYTHING = """
            image: {repository: registry.example.com/parley, tag: '1'}
            imagePullSecrets: [{name: pull}]
            kafka:
              bootstrapServers: kafka:9093
              settings: {KAFKA_SECURITY_PROTOCOL: SASL_SSL, KAFKA_SASL_MECHANISM: SCRAM-SHA-512}
              existingSecret: kafka-login
            registry: {url: 'https://registry.example.com', existingSecret: registry-login}
            model: {baseUrl: 'http://vllm:8000/v1', name: qwen, existingSecret: model-key}
            engineKeys: {existingSecret: engine-keys}
            settings: {PARLEY_PREFIX: staging., PARLEY_PARTITIONS: 48, PARLEY_FEED_MEMORY_BYTES: 536870912, PARLEY_STRICT_REQUESTS: true}
            roles:
              topologies: {settings: {PARLEY_STREAM_THREADS: 4}}
              llm: {settings: {PARLEY_LLM_CONCURRENCY: 64}}
            state: {storageClass: fast}
            autoscaling: {enabled: true, prometheusAddress: 'http://prometheus:9090', kafkaAuthenticationRef: kafka}
            networkPolicy:
              clients: [{namespaceSelector: {matchLabels: {name: proxy}}}]
              monitoring: [{namespaceSelector: {matchLabels: {name: monitoring}}}]
              egress: [{ports: [{port: 9093}, {port: 443}, {port: 5432}, {port: 8000}]}]
            podMonitor: {enabled: true}
            serviceAccount: {annotations: {a: b}}
            podAnnotations: {c: d}
            nodeSelector: {disk: fast}
            tolerations: [{key: chat, operator: Exists}]
            """;

    /** What the secrets hold that are referred to. */
    private static final Map<String, String> SECRETS = Map.of(
            "DATABASE_URL", "postgresql://parley:secret@postgres:5432/parley",
            "PARLEY_API_KEYS", "acme=a-long-key",
            "PARLEY_LLM_API_KEY", "a-long-key",
            "SCHEMA_REGISTRY_BASIC_AUTH_USER_INFO", "user:password");

    private static final String HOOK = "parley.test/hook";

    private static final Path CHART = Manifests.deploy().resolve("helm/parley");

    @TempDir
    private static Path folder;

    private static List<Map<String, Object>> usual;
    private static List<Map<String, Object>> everything;

    /** Helm as a library leaves hooks out of what it renders. In this copy of the chart there are none. */
    private static Path chart;

    @BeforeAll
    static void render() throws Exception {
        chart = copy(folder.resolve("parley"), text -> text.replace("helm.sh/hook:", HOOK + ":"));
        usual = rendered(NEEDED);
        everything = rendered(EVERYTHING);
    }

    private static Path copy(Path to, UnaryOperator<String> changed) throws IOException {
        try (Stream<Path> files = Files.walk(CHART)) {
            for (Path file : (Iterable<Path>) files.filter(Files::isRegularFile)::iterator) {
                Path copied = to.resolve(CHART.relativize(file).toString());
                Files.createDirectories(copied.getParent());
                Files.writeString(copied, changed.apply(Files.readString(file)));
            }
        }
        return to;
    }

    private static HelmProgram.Ended template(String values) throws Exception {
        return HelmProgram.run("template", chart, Files.writeString(folder.resolve("values.yaml"), values));
    }

    private static List<Map<String, Object>> rendered(String values) throws Exception {
        HelmProgram.Ended ended = template(values);
        assertThat(ended.well()).as(ended.printed()).isTrue();
        return Manifests.documents(ended.printed());
    }

    private static String id(Map<String, Object> manifest) {
        return manifest.get("kind") + "/" + Manifests.at(manifest, "metadata", "name");
    }

    private static Map<String, Object> manifest(List<Map<String, Object>> all, String id) {
        return all.stream()
                .filter(each -> id(each).equals(id))
                .findFirst()
                .orElseThrow(() -> new AssertionError(
                        "no " + id + " in " + all.stream().map(ChartTest::id).toList()));
    }

    private static String name(RoleName role) {
        return role.name().toLowerCase(Locale.ROOT);
    }

    private static Map<String, Object> workload(List<Map<String, Object>> all, RoleName role) {
        String kind = role == RoleName.TOPOLOGIES ? "StatefulSet" : "Deployment";
        return manifest(all, kind + "/chat-parley-" + name(role));
    }

    private static Map<String, Object> pod(Map<String, Object> workload) {
        return Manifests.mapAt(workload, "spec", "template", "spec");
    }

    private static Map<String, Object> container(Map<String, Object> workload) {
        return Manifests.mapAt(pod(workload), "containers", 0);
    }

    /** With what its secrets hold; every name is there once. */
    private static Map<String, String> environment(Map<String, Object> workload) {
        Map<String, String> found = new LinkedHashMap<>();
        for (Object entry : Manifests.listAt(container(workload), "env")) {
            String name = String.valueOf(Manifests.at(entry, "name"));
            Object value = Manifests.map(entry).get("value");
            if (value == null) {
                Manifests.at(entry, "valueFrom", "secretKeyRef", "key");
                value = SECRETS.get(name);
            }
            assertThat(value).as(name).isInstanceOf(String.class);
            assertThat(found.put(name, String.valueOf(value))).as(name).isNull();
        }
        return found;
    }

    @Test
    void helmFindsNothingToSayAboutIt() throws Exception {
        Path said = copy(
                folder.resolve("said/parley"),
                text -> text.replace("bootstrapServers: ''", "bootstrapServers: kafka:9092")
                        .replace("url: ''", "url: http://registry:8081"));

        HelmProgram.Ended lint = HelmProgram.run("lint", said, said);

        assertThat(lint.well()).as(lint.printed()).isTrue();
        assertThat(lint.printed()).doesNotContain("[WARNING]", "[ERROR]");
    }

    @Test
    void itComesWithAWorkloadAndABudgetForEachRoleAndNothingThatWasNotAskedFor() {
        assertThat(usual)
                .extracting(ChartTest::id)
                .containsExactlyInAnyOrder(
                        "ServiceAccount/chat-parley",
                        "Service/chat-parley",
                        "Service/chat-parley-topologies",
                        "Deployment/chat-parley-ingest",
                        "StatefulSet/chat-parley-topologies",
                        "Deployment/chat-parley-llm",
                        "Deployment/chat-parley-sinks",
                        "PodDisruptionBudget/chat-parley-ingest",
                        "PodDisruptionBudget/chat-parley-topologies",
                        "PodDisruptionBudget/chat-parley-llm",
                        "PodDisruptionBudget/chat-parley-sinks",
                        "NetworkPolicy/chat-parley",
                        "NetworkPolicy/chat-parley-ingest",
                        "Job/chat-parley-provision");
    }

    @ParameterizedTest
    @EnumSource
    void eachRoleIsToldWhatItTakes(RoleName role) {
        for (List<Map<String, Object>> all : List.of(usual, everything)) {
            Map<String, Object> workload = workload(all, role);

            assertThat(container(workload).get("args")).isEqualTo(List.of("run", name(role)));
            assertThat(KnownSettings.problems(role, environment(workload))).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource
    void eachRoleIsProbedWhereItListensAndHasTheTimeToDrain(RoleName role) {
        Map<String, Object> workload = workload(usual, role);
        Map<String, Object> container = container(workload);
        Map<String, String> environment = environment(workload);
        Map<Object, Object> ports = Manifests.listAt(container, "ports").stream()
                .collect(Collectors.toMap(
                        port -> Manifests.at(port, "name"), port -> Manifests.at(port, "containerPort")));

        assertThat(ports.get("metrics")).hasToString(environment.get("PARLEY_METRICS_PORT"));
        assertThat(environment.get("PARLEY_METRICS_HOST")).isEqualTo("0.0.0.0");
        if (role == RoleName.INGEST) {
            assertThat(ports.get("http")).hasToString(environment.get("PARLEY_HTTP_PORT"));
        }
        String probed = role == RoleName.INGEST ? "http" : "metrics";
        assertThat(Manifests.at(container, "livenessProbe", "httpGet"))
                .isEqualTo(Map.of("path", "/health/live", "port", probed));
        assertThat(Manifests.at(container, "readinessProbe", "httpGet"))
                .isEqualTo(Map.of("path", "/health/ready", "port", probed));
        int pause = role == RoleName.INGEST
                ? (Integer) Manifests.at(container, "lifecycle", "preStop", "sleep", "seconds")
                : 0;
        assertThat((Integer) Manifests.at(pod(workload), "terminationGracePeriodSeconds") - pause)
                .isGreaterThan((int) Manifests.LONGEST_END.toSeconds());
        assertThat(Manifests.at(manifest(usual, "PodDisruptionBudget/chat-parley-" + name(role)), "spec", "selector"))
                .isEqualTo(Manifests.at(workload, "spec", "selector"));
        assertThat(Manifests.mapAt(workload, "spec", "template", "metadata", "labels"))
                .containsAllEntriesOf(Manifests.mapAt(workload, "spec", "selector", "matchLabels"));
    }

    @Test
    void everyPodIsNobodyAndWritesNowhereButWhereItMay() {
        for (List<Map<String, Object>> all : List.of(usual, everything)) {
            List<Map<String, Object>> workloads = new ArrayList<>();
            for (RoleName role : RoleName.values()) {
                workloads.add(workload(all, role));
            }
            workloads.add(manifest(all, "Job/chat-parley-provision"));
            for (Map<String, Object> workload : workloads) {
                assertThat(Manifests.mapAt(pod(workload), "securityContext"))
                        .containsEntry("runAsNonRoot", true)
                        .containsEntry("seccompProfile", Map.of("type", "RuntimeDefault"));
                assertThat(pod(workload)).containsEntry("automountServiceAccountToken", false);
                assertThat(Manifests.mapAt(container(workload), "securityContext"))
                        .containsEntry("allowPrivilegeEscalation", false)
                        .containsEntry("readOnlyRootFilesystem", true)
                        .containsEntry("capabilities", Map.of("drop", List.of("ALL")));
                assertThat(Manifests.listAt(container(workload), "volumeMounts"))
                        .contains(Map.of("name", "tmp", "mountPath", "/tmp"));
                assertThat(Manifests.at(container(workload), "resources", "limits", "memory"))
                        .isNotNull();
            }
        }
    }

    @Test
    void theStoresOfTopologiesOutliveTheirPods() {
        Map<String, Object> workload = workload(everything, RoleName.TOPOLOGIES);

        assertThat(Manifests.listAt(container(workload), "volumeMounts"))
                .contains(Map.of("name", "state", "mountPath", "/var/lib/parley"));
        assertThat(environment(workload).get("PARLEY_STATE_DIR")).startsWith("/var/lib/parley/");
        assertThat(Manifests.at(workload, "spec", "volumeClaimTemplates", 0, "spec", "storageClassName"))
                .isEqualTo("fast");
        manifest(everything, "Service/" + Manifests.at(workload, "spec", "serviceName"));
    }

    @Test
    void topicsComeBeforeTheRoles() {
        Map<String, Object> job = manifest(everything, "Job/chat-parley-provision");

        assertThat(Manifests.at(job, "metadata", "annotations", HOOK)).isEqualTo("pre-install,pre-upgrade");
        assertThat(container(job).get("args")).isEqualTo(List.of("provision"));
        assertThat(environment(job))
                .containsEntry("PARLEY_PREFIX", "staging.")
                .containsEntry("PARLEY_PARTITIONS", "48");
    }

    @Test
    void secretsAreReferredToAndWholeNumbersStayWhole() {
        Map<String, Object> llm = workload(everything, RoleName.LLM);

        assertThat(environment(llm))
                .containsEntry("PARLEY_LLM_API_KEY", "a-long-key")
                .containsEntry("PARLEY_FEED_MEMORY_BYTES", "536870912")
                .containsEntry("PARLEY_LLM_CONCURRENCY", "64")
                .containsEntry("PARLEY_STRICT_REQUESTS", "true")
                .doesNotContainKeys("DATABASE_URL", "PARLEY_API_KEYS");
        assertThat(container(llm).get("envFrom"))
                .isEqualTo(List.of(
                        Map.of("secretRef", Map.of("name", "kafka-login")),
                        Map.of("secretRef", Map.of("name", "engine-keys"))));
        assertThat(usual).noneMatch(manifest -> "Secret".equals(manifest.get("kind")));
    }

    @Test
    void rolesAreScaledByWhatTheyLeaveUndone() {
        Topics topics = Topics.of(
                new TopicSettings("staging.", 6, (short) 1),
                new ValueSerdes(RegistrySettings.of(URI.create("http://registry.invalid"))));
        Set<String> known = topics.specs().stream().map(TopicSpec::name).collect(Collectors.toSet());
        Set<String> read = new TreeSet<>();
        for (RoleName role : RoleName.values()) {
            Map<String, Object> scaled = manifest(everything, "ScaledObject/chat-parley-" + name(role));
            Map<String, Object> workload = workload(everything, role);

            assertThat(Manifests.mapAt(workload, "spec")).doesNotContainKey("replicas");
            assertThat(Manifests.at(scaled, "spec", "scaleTargetRef"))
                    .isEqualTo(
                            Map.of("kind", workload.get("kind"), "name", Manifests.at(workload, "metadata", "name")));
            for (Object trigger : Manifests.listAt(scaled, "spec", "triggers")) {
                if (Manifests.at(trigger, "type").equals("kafka")) {
                    read.add(String.valueOf(Manifests.at(trigger, "metadata", "topic")));
                    assertThat(String.valueOf(Manifests.at(trigger, "metadata", "consumerGroup")))
                            .startsWith("staging.parley.");
                }
            }
        }
        assertThat(read).hasSize(4).isSubsetOf(known);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "kafka: {bootstrapServers: ''} | bootstrapServers",
                "kafka: {bootstrapServers: 'http://kafka:9092'} | bootstrapServers",
                "kafka: {bootstrapServers: 'kafka:9092', settings: {security.protocol: SSL}} | security.protocol",
                "roles: {llm: {replicas: two}} | replicas",
                "roles: {workers: {replicas: 2}} | workers",
                "terminationGracePeriodSeconds: 30 | terminationGracePeriodSeconds",
                "settings: {DATABASE_URL: 'postgresql://in:the@clear/db'} | DATABASE_URL",
                "database: {existingSecret: ''} | existingSecret",
                "autoscaling: {enabled: true} | prometheusAddress",
                "replicaCount: 3 | replicaCount"
            })
    void aValueThatIsWrongIsNamed(String wrong, String named) throws Exception {
        String key = wrong.substring(0, wrong.indexOf(':'));
        String rest = NEEDED.lines().filter(line -> !line.startsWith(key + ":")).collect(Collectors.joining("\n"));

        HelmProgram.Ended ended = template(rest + "\n" + wrong + "\n");

        assertThat(ended.well()).as(ended.printed()).isFalse();
        assertThat(ended.printed()).contains(named);
    }

    @Test
    void itIsOfThisVersion() throws Exception {
        String pom = Files.readString(Path.of("../../pom.xml"));

        assertThat(pom)
                .contains("<version>"
                        + Manifests.yaml(Files.readString(CHART.resolve("Chart.yaml")))
                                .get("appVersion") + "</version>");
    }
}
