package dev.parley.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.config.ConfigurationFile;
import dev.parley.config.ConfigurationLog;
import dev.parley.launcher.Permissions.Grantee;
import dev.parley.schemas.settings.Settings;
import dev.parley.schemas.settings.TopicSettings;
import dev.parley.stack.EmbeddedKafka;
import dev.parley.stack.Provisioner;
import dev.parley.stack.TestStack;
import dev.parley.stack.scripted.Script;
import dev.parley.stack.scripted.ScriptedModelServer;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Deque;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourceType;
import org.apache.kafka.metadata.authorizer.StandardAuthorizer;
import org.apache.kafka.server.authorizer.Action;
import org.apache.kafka.server.authorizer.AuthorizableRequestContext;
import org.apache.kafka.server.authorizer.AuthorizationResult;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Brokers that know who asks, and allow each role its list and nothing else. */
class AclsCommandIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String PIXEL = Base64.getEncoder()
            .encodeToString(new byte[] {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n', 1, 2, 3, 4});

    private static final String PREFIX = "guarded.";
    private static final String BOSS = "boss";

    /** Says what was asked of brokers, by whom, and allowed or not. */
    public static final class Witness extends StandardAuthorizer {
        private static final Set<Asked> ALLOWED = ConcurrentHashMap.newKeySet();
        private static final Set<Asked> DENIED = ConcurrentHashMap.newKeySet();

        @Override
        public List<AuthorizationResult> authorize(AuthorizableRequestContext context, List<Action> actions) {
            List<AuthorizationResult> results = super.authorize(context, actions);
            for (int i = 0; i < actions.size(); i++) {
                Action action = actions.get(i);
                Asked asked = new Asked(
                        context.principal().toString(),
                        action.operation(),
                        action.resourcePattern().resourceType(),
                        action.resourcePattern().name());
                if (results.get(i) == AuthorizationResult.ALLOWED) {
                    ALLOWED.add(asked);
                } else if (action.logIfDenied()) {
                    DENIED.add(asked);
                }
            }
            return results;
        }
    }

    private record Asked(String principal, AclOperation operation, ResourceType type, String name) {
        boolean isBy(AclBinding binding) {
            return binding.entry().principal().equals(principal)
                    && binding.pattern().resourceType() == type
                    && binding.entry().operation() == operation
                    && (binding.pattern().patternType() == PatternType.PREFIXED
                            ? name.startsWith(binding.pattern().name())
                            : name.equals(binding.pattern().name()));
        }
    }

    @TempDir
    private Path dir;

    private final Deque<AutoCloseable> closing = new ArrayDeque<>();

    @Test
    void eachRoleDoesWithExactlyItsList() throws Exception {
        try (EmbeddedKafka kafka = EmbeddedKafka.start(dir.resolve("kafka"), 0, EmbeddedKafka.Groups.QUICK, guarded());
                ScriptedModelServer model = ScriptedModelServer.start()) {
            Map<String, String> environment = environment(kafka, model);
            run(as(BOSS, environment), "--apply");
            ClusterFlags.Cluster provisioning = ClusterFlags.cluster(Settings.of(as("parley-provision", environment)));
            Provisioner provisioner = new Provisioner(provisioning.kafka(), provisioning.registry());
            provisioner.provision(provisioning.topics());
            provisioner.provision(provisioning.topics());
            try {
                work(environment, model);
            } finally {
                for (AutoCloseable part : closing) {
                    part.close();
                }
            }
            List<AclBinding> granted = granted(environment);
            assertThat(granted.stream()
                            .filter(binding -> Witness.ALLOWED.stream().noneMatch(asked -> asked.isBy(binding)))
                            .filter(binding -> !isForTrouble(binding)))
                    .as("allowed, and never made use of")
                    .isEmpty();
            assertThat(Witness.DENIED).as("asked for, and not allowed").isEmpty();
        }
    }

    /** What is done only when something goes wrong, or by hand, or for orders of a version before. */
    private static boolean isForTrouble(AclBinding binding) {
        boolean setsAside = binding.pattern().name().equals(PREFIX + "chat.dead-letters.v1")
                && binding.entry().operation() == AclOperation.WRITE;
        boolean takesFormerOrders = binding.pattern().name().equals(PREFIX + "chat.turns.v1")
                && binding.entry().principal().equals("User:parley-llm");
        return setsAside || takesFormerOrders || binding.entry().principal().equals("User:parley-operator");
    }

    private void work(Map<String, String> environment, ScriptedModelServer model) throws InterruptedException {
        start(RoleName.SINKS, environment);
        start(RoleName.LLM, environment);
        start(RoleName.TOPOLOGIES, environment);
        Roles front = start(RoleName.INGEST, environment);
        ClusterFlags.Cluster operator = ClusterFlags.cluster(Settings.of(as("parley-operator", environment)));
        new ConfigurationLog(operator.kafka(), operator.topics().configuration())
                .apply(ConfigurationFile.parse(Path.of("routes.yaml"), CONFIGURATION.getBytes(StandardCharsets.UTF_8)));
        ApiClient api = new ApiClient(front.httpUrl().orElseThrow());
        use(api, model);
        List<String> told = new ArrayList<>();
        assertThat(new RebuildCommand(as("parley-sinks", environment), told::add).call())
                .as(told.toString())
                .isZero();
        assertThat(told.getLast()).contains("parley_before_");
    }

    private Roles start(RoleName role, Map<String, String> environment) throws InterruptedException {
        Map<String, String> own = as("parley-" + role.name().toLowerCase(Locale.ROOT), environment);
        Roles started = Roles.start(EnumSet.of(role), Settings.of(own), false, line -> {});
        closing.push(started);
        started.awaitReady();
        return started;
    }

    private static final String CONFIGURATION = """
            default-route: chat
            routes:
              help: {examples: ['How do I reset my password?', 'I cannot log in'], retrieval: {passages: 3}}
              chat: {examples: ['Tell me a joke', 'Good morning']}
            """;

    /** Whatever has records written or read that nothing else has. */
    private static void use(ApiClient api, ScriptedModelServer model) {
        assertThat(api.put(
                                "/api/workspaces/house/documents/drawer.md",
                                "text/markdown",
                                "# Drawer\n\nThe key is in the drawer.".getBytes(StandardCharsets.UTF_8))
                        .status())
                .isEqualTo(201);
        String conversation = api.conversation();
        Map<String, ?> showing = Map.of(
                "content",
                "Where is the key?",
                "attachments",
                List.of(Map.of("data", "data:image/png;base64," + PIXEL, "name", "key.png")));
        List<ApiClient.Event> shown = turn(api, conversation, showing);
        assertThat(shown.getLast().type()).isEqualTo("message.completed");
        String url = shown.stream()
                .filter(event -> event.type().equals("message.accepted"))
                .map(event -> event.data().at("/attachments/0/url").asText())
                .findFirst()
                .orElseThrow();
        assertThat(api.get(url).status()).isEqualTo(200);

        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(
                                api.post("/api/workspaces/house/search", Map.of("query", "Where is the key?"))
                                        .body()
                                        .path("results"))
                        .isNotEmpty());

        model.enqueue(Script.tokens(List.of("so ", "it ", "goes ")).hangingAfter(2));
        JsonNode accepted = api.ask(conversation, Map.of("content", "Stop me."));
        String events = accepted.path("events").asText();
        api.events(events, null, event -> event.type().equals("message.delta"));
        api.post("/api/conversations/" + conversation + "/cancel", Map.of());
        assertThat(api.events(events, null, AclsCommandIT::isEnd).getLast().type())
                .isEqualTo("turn.cancelled");
        await().atMost(PATIENCE)
                .until(() -> api.get("/api/conversations/" + conversation)
                                .body()
                                .path("messages")
                                .size()
                        > 2);
    }

    private static List<ApiClient.Event> turn(ApiClient api, String conversation, Map<String, ?> message) {
        return api.events(api.ask(conversation, message).path("events").asText(), null, AclsCommandIT::isEnd);
    }

    private static boolean isEnd(ApiClient.Event event) {
        return List.of("message.completed", "turn.failed", "turn.cancelled").contains(event.type());
    }

    private static List<AclBinding> granted(Map<String, String> environment) {
        Settings settings = Settings.of(as(BOSS, environment));
        Permissions permissions = new Permissions(
                TopicSettings.from(settings), ClusterFlags.cluster(settings).topics());
        return Arrays.stream(Grantee.values())
                .flatMap(grantee -> permissions.of(grantee, "User:parley-" + grantee.word()).stream())
                .toList();
    }

    private static void run(Map<String, String> environment, String... arguments) {
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        PrintStream out = new PrintStream(said, true, StandardCharsets.UTF_8);
        assertThat(Parley.execute(new AclsCommand(environment, out, out), arguments))
                .as(said.toString(StandardCharsets.UTF_8))
                .isZero();
    }

    private Map<String, String> environment(EmbeddedKafka kafka, ScriptedModelServer model) {
        Map<String, String> environment = new HashMap<>();
        environment.put("KAFKA_BOOTSTRAP_SERVERS", kafka.bootstrapServers());
        environment.put("SCHEMA_REGISTRY_URL", TestStack.shared().registryUrl());
        environment.put("DATABASE_URL", TestStack.shared().freshDatabase());
        environment.put("PARLEY_PREFIX", PREFIX);
        environment.put("PARLEY_PARTITIONS", "2");
        environment.put("PARLEY_HTTP_PORT", "0");
        environment.put("PARLEY_STATE_DIR", dir.resolve("state").toString());
        environment.put("PARLEY_LLM_BASE_URL", model.baseUrl().toString());
        environment.put("PARLEY_LLM_MODEL", "scripted");
        environment.put("PARLEY_LLM_ACCEPTS", "images");
        return environment;
    }

    private static Map<String, String> as(String user, Map<String, String> environment) {
        Map<String, String> of = new HashMap<>(environment);
        of.put("KAFKA_SECURITY_PROTOCOL", "SASL_PLAINTEXT");
        of.put("KAFKA_SASL_MECHANISM", "PLAIN");
        of.put("KAFKA_SASL_JAAS_CONFIG", login(user) + ";");
        return of;
    }

    private static String login(String user) {
        return "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"" + user
                + "\" password=\"of-" + user + "\"";
    }

    /** Settings of a broker that knows its users, and allows nobody but one anything by itself. */
    private static Map<String, String> guarded() {
        String users = Stream.concat(
                        Stream.of(BOSS), Arrays.stream(Grantee.values()).map(grantee -> "parley-" + grantee.word()))
                .map(user -> " \"user_" + user + "\"=\"of-" + user + "\"")
                .collect(Collectors.joining());
        return Map.of(
                "listener.security.protocol.map",
                "PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT",
                "sasl.enabled.mechanisms",
                "PLAIN",
                "sasl.mechanism.inter.broker.protocol",
                "PLAIN",
                "listener.name.plaintext.plain.sasl.jaas.config",
                login(BOSS) + users + ";",
                "authorizer.class.name",
                Witness.class.getName(),
                // The controller's listener, which clients do not reach, knows no names.
                "super.users",
                "User:" + BOSS + ";User:ANONYMOUS");
    }
}
