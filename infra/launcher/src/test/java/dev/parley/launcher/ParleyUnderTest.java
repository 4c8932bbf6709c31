package dev.parley.launcher;

import dev.parley.config.ConfigurationFile;
import dev.parley.config.ConfigurationLog;
import dev.parley.schemas.settings.Settings;
import dev.parley.stack.TestStack;
import dev.parley.stack.scripted.ModelExchange;
import dev.parley.stack.scripted.Script;
import dev.parley.stack.scripted.ScriptedModelServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A whole Parley for one test class: the shared Kafka, Postgres and registry, topics and tables of its own, roles in this
 * process, a scripted model behind them.
 */
final class ParleyUnderTest implements AutoCloseable {

    /** Says what it was asked, unless a test scripts it. */
    private static final String ECHO = "scripted";

    private final Map<String, String> environment;
    private final Set<RoleName> wanted;
    private final ScriptedModelServer model;
    private Roles roles;

    private ParleyUnderTest(Set<RoleName> wanted, @Nullable String modelName, Map<String, String> settings) {
        this.wanted = wanted;
        this.model = ScriptedModelServer.start();
        TestStack stack = TestStack.shared();
        environment = new HashMap<>();
        environment.put("KAFKA_BOOTSTRAP_SERVERS", stack.bootstrapServers());
        environment.put("SCHEMA_REGISTRY_URL", stack.registryUrl());
        environment.put("DATABASE_URL", stack.freshDatabase());
        environment.put("PARLEY_PREFIX", "t" + UUID.randomUUID().toString().substring(0, 8) + ".");
        environment.put("PARLEY_PARTITIONS", "2");
        environment.put("PARLEY_HTTP_PORT", "0");
        environment.put("PARLEY_STATE_DIR", stateDir().toString());
        if (modelName != null) {
            environment.put("PARLEY_LLM_BASE_URL", model.baseUrl().toString());
            environment.put("PARLEY_LLM_MODEL", modelName);
        }
        environment.putAll(settings);
        roles = startRoles();
    }

    static ParleyUnderTest start() {
        return startWithModel(ECHO);
    }

    /** With a model whose name says what it answers, see {@link Script.ModelName}. */
    static ParleyUnderTest startWithModel(String name) {
        return new ParleyUnderTest(EnumSet.allOf(RoleName.class), name, Map.of());
    }

    /** With settings of a test's own beside the usual ones. */
    static ParleyUnderTest startWith(Map<String, String> settings) {
        return new ParleyUnderTest(EnumSet.allOf(RoleName.class), ECHO, settings);
    }

    static ParleyUnderTest startWithoutModel() {
        return new ParleyUnderTest(EnumSet.allOf(RoleName.class), null, Map.of());
    }

    static ParleyUnderTest startWithout(EnumSet<RoleName> left) {
        return new ParleyUnderTest(EnumSet.complementOf(left), ECHO, Map.of());
    }

    static ParleyUnderTest startWithoutModelAnd(EnumSet<RoleName> left) {
        return new ParleyUnderTest(EnumSet.complementOf(left), null, Map.of());
    }

    private static Path stateDir() {
        try {
            return Files.createTempDirectory("parley-streams-");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Roles startRoles() {
        Roles started = Roles.start(wanted, Settings.of(environment), true, line -> {});
        try {
            started.awaitReady();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
        return started;
    }

    /** Puts a configuration in force, which nodes come to know after a moment; its version. */
    String configure(String yaml) {
        ClusterFlags.Cluster cluster = ClusterFlags.cluster(Settings.of(environment));
        return new ConfigurationLog(cluster.kafka(), cluster.topics().configuration())
                .apply(ConfigurationFile.parse(Path.of("routes.yaml"), yaml.getBytes(StandardCharsets.UTF_8)))
                .now()
                .getVersion();
    }

    /** Stops every role cleanly and starts it again on the same topics and tables. */
    void restartRoles() {
        roles.close();
        roles = startRoles();
    }

    String url() {
        return roles.httpUrl().orElseThrow();
    }

    ApiClient api() {
        return new ApiClient(url());
    }

    ScriptedModelServer model() {
        return model;
    }

    /** The model server's latest call. */
    ModelExchange lastExchange() {
        return model.exchanges().getLast();
    }

    /** What a role in another process has to be told to join this installation. */
    Map<String, String> environment() {
        return environment;
    }

    @Override
    public void close() {
        roles.close();
        model.close();
    }
}
