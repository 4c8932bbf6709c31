package dev.parley.stack;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.storage.Formatter;
import org.apache.kafka.server.common.MetadataVersion;
import org.jspecify.annotations.Nullable;

/**
 * One KRaft node, broker and controller, in this process, on the loopback address.
 *
 * <p>The directory holds {@code log} (Kafka's own), {@code cluster-id} and {@code lock}. It is kept: the next start on
 * it finds all topics again, also after a {@code kill -9}, for Kafka recovers unclean logs by itself. The port may
 * differ from start to start, for the quorum is described by the configuration.
 *
 * <p>{@link #stop} and {@link #start()} may alternate (same port) until {@link #close}. Not for use by several threads
 * at once.
 */
public final class EmbeddedKafka implements AutoCloseable {

    private static final int NODE_ID = 1;
    private static final String CONTROLLER = "CONTROLLER";
    private static final String BROKER = "PLAINTEXT";

    /** Room for a prompt with its passages, or a whole answer, in one record. */
    static final int MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

    /** By which clock members of groups are missed. */
    public enum Groups {
        /** Within seconds, as suits one machine. */
        QUICK,
        /** As a broker has it that nobody has set up: 45 s for share, consumer and streams groups. */
        BY_DEFAULT
    }

    private final Path dir;
    private final int port;
    private final Groups groups;
    private final Map<String, String> more;
    private final DataDirLock lock;
    private @Nullable KafkaRaftServer server;

    private EmbeddedKafka(Path dir, int port, Groups groups, Map<String, String> more, DataDirLock lock) {
        this.dir = dir;
        this.port = port;
        this.groups = groups;
        this.more = Map.copyOf(more);
        this.lock = lock;
    }

    /**
     * Starts a node on {@code dir}.
     *
     * @param port the port for clients; 0 for a free one
     * @throws PortTakenException before anything else has happened
     * @throws DataDirInUseException if a live process has the directory
     */
    public static EmbeddedKafka start(Path dir, int port) {
        return start(dir, port, Groups.QUICK);
    }

    /** The same with groups that are not quick. */
    public static EmbeddedKafka start(Path dir, int port, Groups groups) {
        return start(dir, port, groups, Map.of());
    }

    /**
     * The same as somebody else has set it up.
     *
     * @param more settings of a broker, which win over those here
     */
    public static EmbeddedKafka start(Path dir, int port, Groups groups, Map<String, String> more) {
        int claimed = Ports.claim(port, "Kafka");
        Path home = dir.toAbsolutePath().normalize();
        EmbeddedKafka kafka = new EmbeddedKafka(home, claimed, groups, more, DataDirLock.take(home));
        try {
            kafka.start();
            return kafka;
        } catch (RuntimeException | Error e) {
            kafka.lock.close();
            throw e;
        }
    }

    /** Where clients connect: {@code 127.0.0.1:<port>}. */
    public String bootstrapServers() {
        return Ports.LOOPBACK + ":" + port;
    }

    public int port() {
        return port;
    }

    /** Starts again after {@link #stop}, on the same port and directory. */
    public void start() {
        if (server != null) {
            return;
        }
        Ports.claim(port, "Kafka");
        Path logs = dir.resolve("log");
        Properties properties = properties(logs, port, Ports.free(), groups);
        properties.putAll(more);
        KafkaConfig config = new KafkaConfig(properties, false);
        format(logs, clusterId());
        KafkaRaftServer starting = new KafkaRaftServer(config, Time.SYSTEM);
        try {
            starting.startup();
        } catch (RuntimeException | Error e) {
            shutdown(starting);
            throw new StackStartException("Kafka did not start on " + dir, e);
        }
        server = starting;
    }

    /** Stops the node cleanly and returns when its threads and files are closed. */
    public void stop() {
        KafkaRaftServer running = server;
        if (running != null) {
            server = null;
            shutdown(running);
        }
    }

    @Override
    public void close() {
        try {
            stop();
        } finally {
            lock.close();
        }
    }

    private static void shutdown(KafkaRaftServer server) {
        server.shutdown();
        server.awaitShutdown();
    }

    /** The cluster's identity outlives the log directory's format step, so that a half-formatted one can be redone. */
    private String clusterId() {
        Path file = dir.resolve("cluster-id");
        try {
            if (Files.exists(file)) {
                return Files.readString(file).strip();
            }
            String id = Uuid.randomUuid().toString();
            Files.writeString(file, id);
            return id;
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read or write " + file, e);
        }
    }

    private static void format(Path logs, String clusterId) {
        if (Files.exists(logs.resolve("meta.properties"))) {
            return;
        }
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        try {
            Files.createDirectories(logs);
            new Formatter()
                    .setPrintStream(new PrintStream(said, true, StandardCharsets.UTF_8))
                    .setNodeId(NODE_ID)
                    .setClusterId(clusterId)
                    .addDirectory(logs.toString())
                    .setMetadataLogDirectory(logs.toString())
                    .setControllerListenerName(CONTROLLER)
                    .setReleaseVersion(MetadataVersion.latestProduction())
                    .setFeatureLevel("share.version", (short) 1)
                    .setFeatureLevel("streams.version", (short) 1)
                    .setFeatureLevel("transaction.version", (short) 2)
                    .setIgnoreFormatted(true)
                    .run();
        } catch (Exception e) {
            throw new StackStartException(
                    "cannot format " + logs + " for Kafka ("
                            + said.toString(StandardCharsets.UTF_8).strip() + ")",
                    e);
        }
    }

    private static Properties properties(Path logs, int port, int controllerPort, Groups groups) {
        Properties properties = new Properties();
        properties.putAll(Map.of(
                "process.roles",
                "broker,controller",
                "node.id",
                Integer.toString(NODE_ID),
                "log.dirs",
                logs.toString(),
                "listeners",
                BROKER + "://" + Ports.LOOPBACK + ":" + port + "," + CONTROLLER + "://" + Ports.LOOPBACK + ":"
                        + controllerPort,
                "advertised.listeners",
                BROKER + "://" + Ports.LOOPBACK + ":" + port,
                "listener.security.protocol.map",
                BROKER + ":PLAINTEXT," + CONTROLLER + ":PLAINTEXT",
                "inter.broker.listener.name",
                BROKER,
                "controller.listener.names",
                CONTROLLER,
                "controller.quorum.voters",
                NODE_ID + "@" + Ports.LOOPBACK + ":" + controllerPort,
                "auto.create.topics.enable",
                "false"));
        singleNode(properties);
        if (groups == Groups.QUICK) {
            quickGroups(properties);
        }
        quickTransactions(properties);
        quickReturn(properties);
        limits(properties);
        return properties;
    }

    /** One copy of everything, and few partitions of the internal topics, for each costs files and start-up time. */
    private static void singleNode(Properties properties) {
        properties.putAll(Map.of(
                "min.insync.replicas", "1",
                "offsets.topic.replication.factor", "1",
                "offsets.topic.num.partitions", "8",
                "transaction.state.log.replication.factor", "1",
                "transaction.state.log.min.isr", "1",
                "transaction.state.log.num.partitions", "8",
                "share.coordinator.state.topic.replication.factor", "1",
                "share.coordinator.state.topic.min.isr", "1",
                "share.coordinator.state.topic.num.partitions", "8"));
    }

    /**
     * Groups form and notice a death in seconds, not in the minute that suits a large cluster: heartbeats every 500 ms,
     * sessions of 10 s, and no waiting for more members before the first assignment.
     */
    private static void quickGroups(Properties properties) {
        for (String protocol : new String[] {"share", "consumer", "streams"}) {
            String prefix = "group." + protocol + ".";
            properties.put(prefix + "min.heartbeat.interval.ms", "200");
            properties.put(prefix + "heartbeat.interval.ms", "500");
            properties.put(prefix + "min.session.timeout.ms", "3000");
            properties.put(prefix + "session.timeout.ms", "10000");
            properties.put(prefix + "assignment.interval.ms", "0");
        }
        properties.put("group.initial.rebalance.delay.ms", "0");
        properties.put("group.streams.initial.rebalance.delay.ms", "0");
        properties.put("group.min.session.timeout.ms", "1000");
        // The first member of a share group finds its state topic not created yet; the default is to ask again
        // after 30 s.
        properties.put("group.share.initialize.retry.interval.ms", "200");
    }

    /**
     * The first record of a transaction that follows another at once finds that one's markers still being written, and is
     * tried again by the broker after this pause. The default of 20 ms is many times longer than the markers take; and the
     * default of 100 ms for all tries sends what comes during a garbage collection back to the client, with a warning.
     */
    private static void quickTransactions(Properties properties) {
        properties.put("add.partitions.to.txn.retry.backoff.ms", "1");
        properties.put("add.partitions.to.txn.retry.backoff.max.ms", "1000");
    }

    /**
     * After a kill the controller takes the new broker for an impostor until the old one's session has run out, so this
     * is how long a restart takes then. Shorter would let a pause of the process look like a death.
     */
    private static void quickReturn(Properties properties) {
        properties.put("broker.heartbeat.interval.ms", "500");
        properties.put("broker.session.timeout.ms", "4000");
    }

    private static void limits(Properties properties) {
        properties.putAll(Map.of(
                "message.max.bytes",
                Integer.toString(MAX_MESSAGE_BYTES),
                "replica.fetch.max.bytes",
                Integer.toString(MAX_MESSAGE_BYTES),
                "replica.fetch.response.max.bytes",
                Integer.toString(MAX_MESSAGE_BYTES),
                "log.cleaner.dedupe.buffer.size",
                Integer.toString(16 * 1024 * 1024),
                "log.retention.check.interval.ms",
                "60000",
                "num.network.threads",
                "2",
                "num.io.threads",
                "4",
                "background.threads",
                "4"));
    }
}
