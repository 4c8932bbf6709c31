package dev.parley.topologies;

import dev.parley.schemas.Role;
import dev.parley.schemas.TopicSpec;
import dev.parley.schemas.Topics;
import dev.parley.schemas.settings.KafkaSettings;
import dev.parley.schemas.settings.TopicSettings;
import dev.parley.topologies.assembly.AssemblyTopology;
import dev.parley.topologies.conversation.ConversationTopology;
import dev.parley.topologies.indexing.Indexing;
import dev.parley.topologies.nativework.NativeWork;
import dev.parley.topologies.nativework.NativeWork.Section;
import dev.parley.topologies.preparing.ConfigurationFollower;
import dev.parley.topologies.preparing.PreparedConfigurations;
import dev.parley.topologies.preparing.RoutingTopology;
import dev.parley.topologies.retrieval.Embedder;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import org.apache.kafka.streams.CloseOptions;
import org.apache.kafka.streams.CloseOptions.GroupMembershipOperation;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The Streams applications of this process, one for each guarantee and way of scaling: conversation (exactly once),
 * routing, assembly (both at least once); and indexing, which is too slow for a stream thread. Any number of processes
 * share the work by partitions.
 */
public final class Topologies implements Role {

    private static final Logger logger = LoggerFactory.getLogger(Topologies.class);

    private static final String ROUTING = "routing";

    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);
    /** Until the configuration is read and its examples are embedded; turns that come meanwhile wait in their topic. */
    private static final Duration CONFIGURATION_TIMEOUT = Duration.ofSeconds(30);

    private static final Duration PAUSE_BEFORE_REPLACING = Duration.ofSeconds(1);

    private final Map<String, KafkaStreams> applications;
    private final ConfigurationFollower configuration;
    private final Indexing indexing;

    private Topologies(Map<String, KafkaStreams> applications, ConfigurationFollower configuration, Indexing indexing) {
        this.applications = applications;
        this.configuration = configuration;
        this.indexing = indexing;
    }

    public static Topologies start(
            TopologySettings settings,
            KafkaSettings kafka,
            TopicSettings topicSettings,
            Topics topics,
            MeterRegistry meters) {
        Embedder embedder = settings.indexing().embedder();
        PreparedConfigurations configurations = new PreparedConfigurations(embedder);
        ConfigurationFollower configuration = new ConfigurationFollower(
                topics.configuration(),
                kafka,
                configurations,
                () -> meters.counter(
                                "parley.records.skipped",
                                "topic",
                                topics.configuration().name())
                        .increment());
        configuration.start();
        Applications applications = new Applications(settings, kafka, topicSettings);
        applications.add(
                "conversation",
                ConversationTopology.build(topics, settings.conversation(), meters),
                ConversationTopology.streamsConfig());
        applications.add(
                ROUTING,
                RoutingTopology.build(topics, settings.routing(), meters, embedder, configurations),
                RoutingTopology.streamsConfig());
        applications.add(
                "assembly",
                AssemblyTopology.build(topics, settings.assembly(), meters),
                AssemblyTopology.streamsConfig());
        applications
                .started()
                .forEach((name, streams) -> meters.gauge(
                        "parley.streams.running",
                        io.micrometer.core.instrument.Tags.of("application", name),
                        streams,
                        application -> application.state() == KafkaStreams.State.RUNNING ? 1 : 0));
        applications.started().forEach((name, streams) -> {
            if (name.equals(ROUTING)) {
                await(configuration);
            }
            streams.start();
        });
        return new Topologies(
                applications.started(), configuration, Indexing.start(embedder, kafka, topicSettings, topics, meters));
    }

    private static void await(ConfigurationFollower configuration) {
        try {
            if (!configuration.awaitReady(CONFIGURATION_TIMEOUT)) {
                logger.warn(
                        "the configuration was not there after {} s: turns are routed by the built-in one until it is",
                        CONFIGURATION_TIMEOUT.toSeconds());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * How an application of this process is configured: as all are, and by its own needs.
     *
     * @param name such as {@code conversation}
     */
    public static Properties streamsConfig(
            String name,
            TopologySettings settings,
            KafkaSettings kafka,
            TopicSettings topicSettings,
            Map<String, Object> own) {
        Map<String, Object> config = new LinkedHashMap<>();
        config.put(StreamsConfig.APPLICATION_ID_CONFIG, topicSettings.groupId(name));
        config.put(StreamsConfig.STATE_DIR_CONFIG, settings.stateDir().toString());
        config.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, settings.threads());
        config.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, (int) topicSettings.replicationFactor());
        config.put(StreamsConfig.ROCKSDB_CONFIG_SETTER_CLASS_CONFIG, BoundedRocksDb.class);
        config.put(StreamsConfig.ENSURE_EXPLICIT_INTERNAL_RESOURCE_NAMING_CONFIG, true);
        config.put(StreamsConfig.topicPrefix(TopicSpec.LATEST_TIME), TopicSpec.ANY_TIME);
        config.put(StreamsConfig.producerPrefix("acks"), "all");
        config.put(StreamsConfig.consumerPrefix("fetch.max.bytes"), TopicSpec.MAX_MESSAGE_BYTES * 2);
        config.put(StreamsConfig.consumerPrefix("max.partition.fetch.bytes"), TopicSpec.MAX_MESSAGE_BYTES);
        // A process that dies is noticed within seconds; its conversations wait for that.
        config.put(StreamsConfig.consumerPrefix("session.timeout.ms"), 10_000);
        config.put(StreamsConfig.consumerPrefix("heartbeat.interval.ms"), 2_000);
        Properties properties = new Properties();
        properties.putAll(kafka.client("parley-" + name, config));
        properties.putAll(own);
        return properties;
    }

    /** Collects applications under the settings that they share. */
    private record Applications(
            TopologySettings settings,
            KafkaSettings kafka,
            TopicSettings topicSettings,
            Map<String, KafkaStreams> started) {

        Applications(TopologySettings settings, KafkaSettings kafka, TopicSettings topicSettings) {
            this(settings, kafka, topicSettings, new LinkedHashMap<>());
        }

        void add(String name, Topology topology, Map<String, Object> own) {
            Properties config = streamsConfig(name, settings, kafka, topicSettings, own);
            KafkaStreams streams = new KafkaStreams(topology, config);
            streams.setUncaughtExceptionHandler(exception -> {
                logger.error("a thread of {} failed and is replaced", name, exception);
                pause();
                return StreamThreadExceptionResponse.REPLACE_THREAD;
            });
            started.put(name, streams);
        }

        private static void pause() {
            try {
                Thread.sleep(PAUSE_BEFORE_REPLACING);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @Override
    public String name() {
        return "topologies";
    }

    @Override
    public Health health() {
        boolean ready =
                applications.values().stream().allMatch(streams -> streams.state() == KafkaStreams.State.RUNNING);
        Health indexer = indexing.health();
        return new Health(
                ready && indexer.ready(),
                applications.entrySet().stream()
                        .map(application -> application.getKey() + " "
                                + application.getValue().state())
                        .collect(Collectors.joining(", ", "", ", indexing " + indexer.detail())));
    }

    @Override
    public void close() {
        try (ExecutorService closers = Executors.newVirtualThreadPerTaskExecutor()) {
            applications.forEach((name, streams) -> closers.execute(() -> close(name, streams)));
            closers.execute(indexing::close);
            closers.execute(configuration::close);
        }
    }

    /** Waits no longer than {@link #CLOSE_TIMEOUT}; the stores are open until it is closed, whoever waits for it. */
    private static void close(String name, KafkaStreams streams) {
        Section stores = NativeWork.ofProcess().begin("the stores of " + name);
        Thread closer = Thread.ofPlatform().daemon().name("close-" + name).start(() -> {
            try (stores) {
                // Leaving the group hands this process's tasks on at once, and takes them back at once after a restart.
                streams.close(CloseOptions.groupMembershipOperation(GroupMembershipOperation.LEAVE_GROUP));
            }
        });
        try {
            if (!closer.join(CLOSE_TIMEOUT)) {
                logger.warn("{} is not closed after {} s", name, CLOSE_TIMEOUT.toSeconds());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
