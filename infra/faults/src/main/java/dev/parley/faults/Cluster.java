package dev.parley.faults;

import dev.parley.schemas.Topics;
import dev.parley.schemas.config.KafkaSettings;
import dev.parley.schemas.config.RegistrySettings;
import dev.parley.schemas.config.Settings;
import dev.parley.schemas.config.TopicSettings;
import dev.parley.schemas.serde.ValueSerdes;
import dev.parley.stack.EmbeddedPostgres;
import dev.parley.stack.Provisioner;
import dev.parley.stack.SchemaRegistry;
import dev.parley.stack.ScriptedModelServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
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
 * on free loopback ports. {@link #heal} brings back whatever a fault took away; {@link #close} leaves nothing behind, and is
 * also run when this process is told to end. Used by one thread, but for the closing.
 */
public final class Cluster implements AutoCloseable {

    private static final Duration READY = Duration.ofMinutes(3);
    private static final Duration PAUSE = Duration.ofMillis(100);
    private static final int PARTITIONS = 4;

    /** Below the range that systems hand to outgoing connections, so that who restarts finds its port again. */
    private static final int LOWEST_PORT = 20_000;

    private static final int HIGHEST_PORT = 32_000;

    /** The sink that reaches Postgres through a proxy. */
    private static final String GATED_SINK = "sinks-1";

    /** How many processes of each role. */
    public record Size(int ingest, int topologies, int workers, int sinks) {
        static final Size USUAL = new Size(2, 2, 2, 1);
        static final Size SMALL = new Size(2, 1, 2, 1);
    }

    private final Path dir;
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
    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(2))
            .build();
    private final Thread hook = new Thread(this::stopAll, "faults-cleanup");
    private final Duration lease;
    private final FaultyProxy postgresGate;
    private final String databaseThroughGate;
    private @Nullable MovableClocks clocks;
    private boolean postgresAway;
    private boolean failed;

    /** A process of a role. {@code http} is the front door's address, where it is one. */
    public record Node(
            JavaProcess process,
            int operationsPort,
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

    private Cluster(Path dir, Map<String, String> settings, Consumer<String> progress) {
        this.dir = dir;
        this.progress = progress;
        this.model = ScriptedModelServer.start();
        this.modelGate = FaultyProxy.before(model.baseUrl(), connection -> new FaultyProxy.Treatment.Pass());
        int port = freePort();
        this.bootstrap = "127.0.0.1:" + port;
        this.broker = new JavaProcess(
                "broker",
                List.of("-Xmx512m"),
                List.of(BrokerProcess.class.getName(), dir.resolve("kafka").toString(), Integer.toString(port)),
                Map.of(),
                logs());
        broker.start();
        this.registry = SchemaRegistry.start(dir.resolve("registry"), 0);
        this.postgres = EmbeddedPostgres.start(dir.resolve("postgres"), 0);
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
        Path dir = temporaryDirectory();
        progress.accept("starting broker, Postgres and registry under " + dir);
        Cluster cluster = new Cluster(dir, settings, progress);
        Runtime.getRuntime().addShutdownHook(cluster.hook);
        try {
            cluster.provision();
            progress.accept("starting the roles");
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

    private void provision() {
        long deadline = System.nanoTime() + READY.toNanos();
        while (true) {
            try (Socket socket = new Socket()) {
                int colon = bootstrap.indexOf(':');
                socket.connect(new InetSocketAddress(
                        bootstrap.substring(0, colon), Integer.parseInt(bootstrap.substring(colon + 1))));
                break;
            } catch (IOException e) {
                if (System.nanoTime() > deadline || !broker.isAlive()) {
                    throw new IllegalStateException("the broker does not start; see " + logs(), e);
                }
                pause(PAUSE);
            }
        }
        new Provisioner(kafka(), new ValueSerdes(RegistrySettings.from(Settings.of(settings))).registry())
                .provision(topics);
    }

    private void addAll(String role, int count) {
        for (int i = 1; i <= count; i++) {
            add(role + "-" + i, role, Map.of());
        }
    }

    /** A further process of a role, which does not run yet. */
    Node add(String name, String role, Map<String, String> own) {
        int operations = freePort();
        int front = role.equals("ingest") ? freePort() : 0;
        Map<String, String> environment = new HashMap<>(settings);
        environment.put("PARLEY_METRICS_PORT", Integer.toString(operations));
        environment.put("PARLEY_HTTP_PORT", Integer.toString(front));
        environment.put("PARLEY_STATE_DIR", dir.resolve("state").resolve(name).toString());
        if (name.equals(GATED_SINK)) {
            environment.put("DATABASE_URL", databaseThroughGate);
        }
        environment.putAll(own);
        JavaProcess process = new JavaProcess(
                name,
                List.of(role.equals("topologies") || role.equals("ingest") ? "-Xmx320m" : "-Xmx192m"),
                List.of("dev.parley.launcher.Parley", "run", role),
                environment,
                logs());
        Node node = new Node(process, operations, front == 0 ? null : URI.create("http://127.0.0.1:" + front));
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

    Collection<Node> nodes() {
        return List.copyOf(nodes.values());
    }

    JavaProcess broker() {
        return broker;
    }

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
            worn = MovableClocks.wornBy(ClockFaults.wearers(this), dir, library);
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

    Topics topics() {
        return topics;
    }

    KafkaSettings kafka() {
        return KafkaSettings.of(bootstrap);
    }

    String jdbcUrl() {
        return postgres.jdbcUrl();
    }

    /** After which silence of a worker its generations are given to others. */
    public Duration lease() {
        return lease;
    }

    Path dir() {
        return dir;
    }

    Path logs() {
        Path logs = dir.resolve("logs");
        try {
            return Files.createDirectories(logs);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void stopPostgres() {
        postgresAway = true;
        postgres.stop();
    }

    void startPostgres() {
        postgres.start();
        postgresAway = false;
    }

    /** Brings back what was killed, stopped or shut down, and waits until all of it works. */
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
        long deadline = System.nanoTime() + READY.toNanos();
        while (!isReady(node)) {
            if (!node.process().isAlive()) {
                throw new IllegalStateException(node.name() + " ended while starting; see " + logs());
            }
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException(node.name() + " is not ready after " + READY.toSeconds() + " s: "
                        + text(node, "/health/ready"));
            }
            pause(PAUSE);
        }
    }

    private boolean isReady(Node node) {
        return status(node, "/health/ready") == 200;
    }

    private int status(Node node, String path) {
        try {
            return http.send(request(node, path), HttpResponse.BodyHandlers.discarding())
                    .statusCode();
        } catch (IOException e) {
            return 0;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    private String text(Node node, String path) {
        try {
            return http.send(request(node, path), HttpResponse.BodyHandlers.ofString())
                    .body();
        } catch (IOException e) {
            return e.toString();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    private static HttpRequest request(Node node, String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + node.operationsPort() + path))
                .timeout(Duration.ofSeconds(5))
                .build();
    }

    /** The sum of a metric's samples whose line, name and labels, begins like this. */
    public double metric(Node node, String prefix) {
        return text(node, "/metrics")
                .lines()
                .filter(line -> line.startsWith(prefix))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
    }

    /** Has the directory with its logs stay after the end. */
    void keepLogs() {
        failed = true;
    }

    @Override
    public void close() {
        stopAll();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            return; // The hook itself runs.
        }
        if (failed) {
            progress.accept("logs are kept in " + logs());
        } else {
            delete(dir);
        }
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

    private static Path temporaryDirectory() {
        try {
            return Files.createTempDirectory("parley-faults-");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void delete(Path dir) {
        try {
            Files.walkFileTree(dir, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                    Files.deleteIfExists(file);
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFileFailed(Path file, IOException failure) {
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult postVisitDirectory(Path visited, @Nullable IOException failure)
                        throws IOException {
                    Files.deleteIfExists(visited);
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException e) {
            // What is left of a temporary directory harms nobody.
        }
    }
}
