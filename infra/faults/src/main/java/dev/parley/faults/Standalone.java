package dev.parley.faults;

import dev.parley.schemas.Topics;
import dev.parley.schemas.serde.ValueSerdes;
import dev.parley.schemas.settings.KafkaSettings;
import dev.parley.schemas.settings.RegistrySettings;
import dev.parley.schemas.settings.Settings;
import dev.parley.schemas.settings.TopicSettings;
import dev.parley.stack.EmbeddedPostgres;
import dev.parley.stack.Ports;
import dev.parley.stack.SchemaRegistry;
import dev.parley.stack.scripted.ScriptedModelServer;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * {@code ./parley up} in a process, on a data directory that stays when it is killed, and on ports that it has again when it is
 * started again. {@link #close} leaves nothing behind. Used by one thread, but for the closing.
 */
final class Standalone implements Installation {

    private static final Duration PORTS_FREE_WITHIN = Duration.ofSeconds(30);
    private static final Duration LOOK = Duration.ofMillis(50);

    private final Folder folder = Folder.temporary();
    private final Consumer<String> progress;
    private final ScriptedModelServer model = ScriptedModelServer.start();
    private final int kafkaPort = Cluster.freePort();
    private final int registryPort = Cluster.freePort();
    private final int postgresPort = Cluster.freePort();
    private final int httpPort = Cluster.freePort();
    private final Operations operations = new Operations(Cluster.freePort());
    private final JavaProcess process;
    private final Topics topics;
    private final Thread hook;

    private Standalone(Build build, Map<String, String> settings, Consumer<String> progress) {
        this.progress = progress;
        Map<String, String> environment = new HashMap<>(Map.of(
                "PARLEY_DATA_DIR", data().toString(),
                "PARLEY_KAFKA_PORT", Integer.toString(kafkaPort),
                "PARLEY_REGISTRY_PORT", Integer.toString(registryPort),
                "PARLEY_POSTGRES_PORT", Integer.toString(postgresPort),
                "PARLEY_HTTP_PORT", Integer.toString(httpPort),
                "PARLEY_METRICS_PORT", Integer.toString(operations.port()),
                "PARLEY_EMBEDDINGS", "none",
                "PARLEY_LLM_BASE_URL", model.baseUrl().toString(),
                "PARLEY_LLM_MODEL", "scripted",
                "PARLEY_STREAM_HEARTBEAT", "2s"));
        environment.putAll(settings);
        this.process = new JavaProcess(
                "up", build, List.of("-Xmx768m"), List.of(Cluster.PARLEY, "up"), environment, folder.logs());
        this.hook = new Thread(process::kill, "faults-cleanup");
        this.topics = Topics.of(
                TopicSettings.from(Settings.of(Map.of())),
                new ValueSerdes(RegistrySettings.from(Settings.of(Map.of(
                        RegistrySettings.URL, SchemaRegistry.url(registryPort).toString())))));
    }

    /** Starts a build on an empty directory, and waits until it works. */
    static Standalone start(Build build, Map<String, String> settings, Consumer<String> progress) {
        Standalone standalone = new Standalone(build, settings, progress);
        Runtime.getRuntime().addShutdownHook(standalone.hook);
        try {
            progress.accept("starting 'up' of " + build.name() + " build on " + standalone.data());
            standalone.heal();
            return standalone;
        } catch (RuntimeException e) {
            standalone.keepLogs();
            standalone.close();
            throw e;
        }
    }

    private Path data() {
        return folder.path().resolve("data");
    }

    /** {@code kill -9}; returns when what it had started is gone as well. */
    void kill() {
        process.kill();
        long deadline = System.nanoTime() + PORTS_FREE_WITHIN.toNanos();
        while (!IntStream.of(kafkaPort, registryPort, postgresPort, httpPort).allMatch(Ports::isFree)) {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("a process of 'up' is still running; see " + folder.logs());
            }
            Cluster.pause(LOOK);
        }
    }

    /** Starts another build on the same directory, and waits until it works. */
    void startFrom(Build build) {
        progress.accept("starting 'up' of " + build.name() + " build on the same directory");
        process.runFrom(build);
        heal();
    }

    @Override
    public void heal() {
        process.start();
        operations.awaitReady(process, folder.logs());
    }

    @Override
    public KafkaSettings kafka() {
        return KafkaSettings.of("127.0.0.1:" + kafkaPort);
    }

    @Override
    public Topics topics() {
        return topics;
    }

    @Override
    public String jdbcUrl() {
        return "jdbc:postgresql://127.0.0.1:" + postgresPort + "/" + EmbeddedPostgres.PARLEY + "?user="
                + EmbeddedPostgres.USER;
    }

    @Override
    public ScriptedModelServer model() {
        return model;
    }

    @Override
    public List<URI> fronts() {
        return List.of(URI.create("http://127.0.0.1:" + httpPort));
    }

    @Override
    public void keepLogs() {
        folder.keep();
    }

    @Override
    public void close() {
        // In peace, since Postgres and the registry are its own.
        process.end();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            return; // The hook itself runs.
        }
        model.close();
        folder.leave(progress);
    }
}
