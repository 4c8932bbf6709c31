package dev.parley.faults;

import dev.parley.schemas.Topics;
import dev.parley.schemas.serde.ValueSerdes;
import dev.parley.schemas.settings.KafkaSettings;
import dev.parley.schemas.settings.RegistrySettings;
import dev.parley.schemas.settings.Settings;
import dev.parley.schemas.settings.TopicSettings;
import dev.parley.stack.EmbeddedPostgres;
import dev.parley.stack.SchemaRegistry;
import dev.parley.stack.scripted.ScriptedModelServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A whole installation under a temporary directory: a broker, Postgres, the registry, and each role in processes of its own,
 * on free loopback ports. The roles may be of several builds. {@link #heal} brings back whatever a fault took away; {@link
 * #close} leaves nothing behind, and is also run when this process is told to end. Used by one thread, but for the closing.
 */
public final class Cluster implements Installation {

    private static final Duration READY = Duration.ofMinutes(3);
    private static final Duration PAUSE = Duration.ofMillis(100);
    private static final int PARTITIONS = 4;

    /** The class that {@code ./parley} runs. */
    static final String PARLEY = "dev.parley.launcher.Parley";

    /** Below the range that systems hand to outgoing connections, so that who restarts finds its port again. */
    private static final int LOWEST_PORT = 20_000;

    private static final int HIGHEST_PORT = 32_000;

    /** The sink that reaches Postgres through a proxy. */
    private static final String GATED_SINK = "sinks-1";

    /** How many processes of each role. */
    public record Size(int ingest, int topologies, int workers, int sinks) {
        static final Size USUAL = new Size(2, 2, 2, 1);
        static final Size SMALL = new Size(2, 1, 2, 1);

        /** To be joined by others. */
        static final Size SINGLE = new Size(1, 1, 1, 1);
    }

    private final Folder folder = Folder.temporary();
    private final Build build;
    private final Map<String, String> settings;
    private final Consumer<String> progress;
    private final ScriptedModelServer model;
    private final FaultyProxy modelGate;
    private final EmbeddedPostgres postgres;
    private final SchemaRegistry registry;
    private final JavaProcess broker;
    private final String bootstrap;
    private final Topics topics;
    private final Map<String, Node> nodes = new ConcurrentSkipListMap<>();
    private final Thread hook = new Thread(this::stopAll, "faults-cleanup");
    private final Duration lease;
    private final FaultyProxy postgresGate;
    private final String databaseThroughGate;
    private @Nullable MovableClocks clocks;
    private boolean postgresAway;

    /** A process of a role. {@code http} is the front door's address, where it is one. */
    public record Node(
            JavaProcess process,
            Operations operations,
            @Nullable URI http) {
        public String name() {
            return process.name();
        }

        /** Of the front door that this process is. */
        public URI url() {
            if (http == null) {
                throw new IllegalStateException(name() + " has no front door");
            }
            return http;
        }
    }

    private Cluster(Build build, Map<String, String> settings, Consumer<String> progress) {
        this.build = build;
        this.progress = progress;
        progress.accept("starting broker, Postgres and registry under " + dir());
        this.model = ScriptedModelServer.start();
        this.modelGate = FaultyProxy.before(model.baseUrl(), connection -> new FaultyProxy.Treatment.Pass());
        int port = freePort();
        this.bootstrap = "127.0.0.1:" + port;
        this.broker = new JavaProcess(
                "broker",
                Build.today(),
                List.of("-Xmx512m"),
                List.of(BrokerProcess.class.getName(), dir().resolve("kafka").toString(), Integer.toString(port)),
                Map.of(),
                logs());
        broker.start();
        this.registry = SchemaRegistry.start(dir().resolve("registry"), 0);
        this.postgres = EmbeddedPostgres.start(dir().resolve("postgres"), 0);
        // As it is written: jdbc:postgresql://HOST:PORT/…
        URI database = URI.create(postgres.jdbcUrl().substring("jdbc:".length()));
        this.postgresGate = FaultyProxy.before(database, connection -> new FaultyProxy.Treatment.Pass());
        this.databaseThroughGate = postgres.jdbcUrl()
                .replace(
                        database.getHost() + ":" + database.getPort(),
                        postgresGate.url().getAuthority());
        this.settings = new HashMap<>(Map.of(
                KafkaSettings.BOOTSTRAP_SERVERS,
                bootstrap,
                RegistrySettings.URL,
                registry.url().toString(),
                "DATABASE_URL",
                postgres.jdbcUrl(),
                TopicSettings.PARTITIONS,
                Integer.toString(PARTITIONS),
                "PARLEY_EMBEDDINGS",
                "none",
                "PARLEY_LLM_BASE_URL",
                modelGate.url() + "/v1",
                "PARLEY_LLM_MODEL",
                "scripted",
                "PARLEY_LLM_FIRST_TOKEN_TIMEOUT",
                "4s",
                "PARLEY_LLM_IDLE_TIMEOUT",
                "4s"));
        this.settings.putAll(Map.of(
                // Silence and slowness are found out in seconds, so that a trial need not take minutes.
                "PARLEY_STREAM_HEARTBEAT", "2s",
                "PARLEY_STREAM_WRITE_TIMEOUT", "4s",
                "PARLEY_STREAM_QUEUE_BYTES", Integer.toString(256 * 1024)));
        this.settings.putAll(settings);
        Settings read = Settings.of(this.settings);
        this.lease = read.duration("PARLEY_WORKER_LEASE", Duration.ofSeconds(10));
        this.topics = Topics.of(TopicSettings.from(read), new ValueSerdes(RegistrySettings.from(read)));
    }

    /**
     * Starts all of it and waits until every role does its work.
     *
     * @param settings beside the usual ones, for every role
     */
    public static Cluster start(Size size, Map<String, String> settings, Consumer<String> progress) {
        return start(size, settings, Build.today(), progress);
    }

    /** The same with roles of another build than today's, which provisions as well. */
    static Cluster start(Size size, Map<String, String> settings, Build build, Consumer<String> progress) {
        Cluster cluster = new Cluster(build, settings, progress);
        Runtime.getRuntime().addShutdownHook(cluster.hook);
        try {
            cluster.awaitBroker();
            cluster.provision(build);
            progress.accept("starting the roles of " + build.name() + " build");
            cluster.addAll("topologies", size.topologies());
            cluster.addAll("sinks", size.sinks());
            cluster.addAll("llm", size.workers());
            cluster.addAll("ingest", size.ingest());
            cluster.nodes.values().forEach(node -> node.process().start());
            cluster.awaitReady();
            return cluster;
        } catch (RuntimeException e) {
            cluster.keepLogs();
            cluster.close();
            throw e;
        }
    }

    private void awaitBroker() {
        long deadline = System.nanoTime() + READY.toNanos();
        while (true) {
            try (Socket socket = new Socket()) {
                int colon = bootstrap.indexOf(':');
                socket.connect(new InetSocketAddress(
                        bootstrap.substring(0, colon), Integer.parseInt(bootstrap.substring(colon + 1))));
                return;
            } catch (IOException e) {
                if (System.nanoTime() > deadline || !broker.isAlive()) {
                    throw new IllegalStateException("the broker does not start; see " + logs(), e);
                }
                pause(PAUSE);
            }
        }
    }

    /** Has a build create the topics and register the schemas that it knows. */
    void provision(Build by) {
        JavaProcess process =
                new JavaProcess("provision", by, List.of("-Xmx128m"), List.of(PARLEY, "provision"), settings, logs());
        process.start();
        int status = process.awaitEnd(READY);
        if (status != 0) {
            throw new IllegalStateException(
                    "'provision' of " + by.name() + " build ended with " + status + ": " + process.printed());
        }
    }

    /** Ends a process in peace, and has one of another build take its place; returns once that does its work. */
    void replace(Node node, Build by) {
        node.process().end();
        node.process().runFrom(by);
        node.process().start();
        awaitReady(node);
    }

    private void addAll(String role, int count) {
        for (int i = 1; i <= count; i++) {
            add(role + "-" + i, role, Map.of());
        }
    }

    /** A further process of a role, of the build that the cluster began with; it does not run yet. */
    Node add(String name, String role, Map<String, String> own) {
        int operations = freePort();
        int front = role.equals("ingest") ? freePort() : 0;
        Map<String, String> environment = new HashMap<>(settings);
        environment.put("PARLEY_METRICS_PORT", Integer.toString(operations));
        environment.put("PARLEY_HTTP_PORT", Integer.toString(front));
        environment.put("PARLEY_STATE_DIR", dir().resolve("state").resolve(name).toString());
        if (name.equals(GATED_SINK)) {
            environment.put("DATABASE_URL", databaseThroughGate);
        }
        environment.putAll(own);
        JavaProcess process = new JavaProcess(
                name,
                build,
                List.of(role.equals("topologies") || role.equals("ingest") ? "-Xmx320m" : "-Xmx192m"),
                List.of(PARLEY, "run", role),
                environment,
                logs());
        Node node = new Node(
                process, new Operations(operations), front == 0 ? null : URI.create("http://127.0.0.1:" + front));
        nodes.put(name, node);
        return node;
    }

    /** Ends a process that {@link #add} brought, and forgets it. */
    void remove(Node node) {
        node.process().end();
        nodes.remove(node.name());
    }

    /** The processes of a role, by name. */
    public List<Node> role(String role) {
        return nodes.values().stream()
                .filter(node -> node.name().startsWith(role + "-"))
                .toList();
    }

    @Override
    public List<URI> fronts() {
        return role("ingest").stream().map(Node::url).toList();
    }

    Collection<Node> nodes() {
        return List.copyOf(nodes.values());
    }

    JavaProcess broker() {
        return broker;
    }

    @Override
    public ScriptedModelServer model() {
        return model;
    }

    /** What the workers reach the model through. */
    FaultyProxy modelGate() {
        return modelGate;
    }

    /** What one sink, {@link #gatedSink}, reaches Postgres through. */
    FaultyProxy postgresGate() {
        return postgresGate;
    }

    Node gatedSink() {
        return Objects.requireNonNull(nodes.get(GATED_SINK));
    }

    /** One process of each role with a clock that can be moved, from now on; returns once all work. */
    MovableClocks movableClocks(Path library) {
        MovableClocks worn = clocks;
        if (worn == null) {
            worn = MovableClocks.wornBy(ClockFaults.wearers(this), dir(), library);
            clocks = worn;
            awaitReady();
        }
        return worn;
    }

    /** All processes with the machine's clock again. */
    void usualClocks() {
        MovableClocks worn = clocks;
        if (worn != null) {
            clocks = null;
            worn.takeOff();
            awaitReady();
        }
    }

    @Override
    public Topics topics() {
        return topics;
    }

    @Override
    public KafkaSettings kafka() {
        return KafkaSettings.of(bootstrap);
    }

    @Override
    public String jdbcUrl() {
        return postgres.jdbcUrl();
    }

    /** After which silence of a worker its generations are given to others. */
    public Duration lease() {
        return lease;
    }

    Path dir() {
        return folder.path();
    }

    Path logs() {
        return folder.logs();
    }

    void stopPostgres() {
        postgresAway = true;
        postgres.stop();
    }

    void startPostgres() {
        postgres.start();
        postgresAway = false;
    }

    @Override
    public void heal() {
        if (postgresAway) {
            startPostgres();
        }
        if (broker.isStopped()) {
            broker.resume();
        }
        broker.start();
        for (Node node : nodes()) {
            if (node.process().isStopped()) {
                node.process().resume();
            }
            node.process().start();
        }
        awaitReady();
    }

    /** Waits until every process does its work. */
    void awaitReady() {
        for (Node node : nodes()) {
            awaitReady(node);
        }
    }

    void awaitReady(Node node) {
        node.operations().awaitReady(node.process(), logs());
    }

    /** The sum of a metric's samples whose line, name and labels, begins like this. */
    public double metric(Node node, String prefix) {
        return node.operations().metric(prefix);
    }

    @Override
    public void keepLogs() {
        folder.keep();
    }

    @Override
    public void close() {
        stopAll();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            return; // The hook itself runs.
        }
        folder.leave(progress);
    }

    private void stopAll() {
        // Nothing that is done in peace matters here, but that it is over soon.
        nodes().forEach(node -> node.process().kill());
        broker.kill();
        closeQuietly(registry);
        closeQuietly(postgresGate);
        closeQuietly(postgres);
        closeQuietly(modelGate);
        closeQuietly(model);
    }

    private void closeQuietly(AutoCloseable part) {
        try {
            part.close();
        } catch (Exception e) {
            progress.accept("did not stop cleanly: " + e);
        }
    }

    static void pause(Duration time) {
        try {
            Thread.sleep(time);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    static int freePort() {
        for (int attempt = 0; attempt < 200; attempt++) {
            int candidate = ThreadLocalRandom.current().nextInt(LOWEST_PORT, HIGHEST_PORT);
            try (ServerSocket socket = new ServerSocket()) {
                socket.setReuseAddress(true);
                socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), candidate));
                return candidate;
            } catch (IOException e) {
                // Taken: another.
            }
        }
        throw new IllegalStateException("no free port");
    }
}
