package dev.parley.topologies;

import dev.parley.schemas.Role;
import dev.parley.schemas.TopicSpec;
import dev.parley.schemas.Topics;
import dev.parley.schemas.settings.KafkaSettings;
import dev.parley.schemas.settings.TopicSettings;
import dev.parley.topologies.assembly.AssemblyTopology;
import dev.parley.topologies.conversation.ConversationTopology;
import dev.parley.topologies.indexing.Indexing;
import dev.parley.topologies.preparing.ConfigurationFollower;
import dev.parley.topologies.preparing.PreparedConfigurations;
import dev.parley.topologies.preparing.RoutingTopology;
import dev.parley.topologies.retrieval.Embedder;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.streams.StreamsConfig;
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

    /** Until the configuration is read and its examples are embedded; turns that come meanwhile wait in their topic. */
    private static final Duration CONFIGURATION_TIMEOUT = Duration.ofSeconds(30);

    /** Of an application that cannot read for want of the registry: time for others to take its partitions over. */
    private static final Duration ABSENCE = Duration.ofSeconds(10);

    private final List<StreamsApplication> applications;
    private final ConfigurationFollower configuration;
    private final Indexing indexing;

    private Topologies(List<StreamsApplication> applications, ConfigurationFollower configuration, Indexing indexing) {
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
        List<StreamsApplication> applications = List.of(
                new StreamsApplication(
                        "conversation",
                        () -> ConversationTopology.build(topics, settings.conversation(), meters),
                        streamsConfig(
                                "conversation", settings, kafka, topicSettings, ConversationTopology.streamsConfig()),
                        ABSENCE),
                new StreamsApplication(
                        ROUTING,
                        () -> RoutingTopology.build(topics, settings.routing(), meters, embedder, configurations),
                        streamsConfig(ROUTING, settings, kafka, topicSettings, RoutingTopology.streamsConfig()),
                        ABSENCE),
                new StreamsApplication(
                        "assembly",
                        () -> AssemblyTopology.build(topics, settings.assembly(), meters),
                        streamsConfig("assembly", settings, kafka, topicSettings, AssemblyTopology.streamsConfig()),
                        ABSENCE));
        applications.forEach(application -> meters.gauge(
                "parley.streams.running",
                Tags.of("application", application.name()),
                application,
                one -> one.isRunning() ? 1 : 0));
        applications.forEach(application -> {
            if (application.name().equals(ROUTING)) {
                await(configuration);
            }
            application.start();
        });
        return new Topologies(
                applications, configuration, Indexing.start(embedder, kafka, topicSettings, topics, meters));
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

    @Override
    public String name() {
        return "topologies";
    }

    @Override
    public Health health() {
        List<Health> parts = Stream.concat(
                        applications.stream().map(StreamsApplication::health),
                        Stream.of(indexing.health()).map(part -> new Health(part.ready(), "indexing " + part.detail())))
                .toList();
        return new Health(
                parts.stream().allMatch(Health::ready),
                parts.stream().map(Health::detail).collect(Collectors.joining(", ")));
    }

    @Override
    public boolean hasDied() {
        return indexing.hasDied() || applications.stream().anyMatch(StreamsApplication::hasDied);
    }

    @Override
    public void close() {
        try (ExecutorService closers = Executors.newVirtualThreadPerTaskExecutor()) {
            applications.forEach(application -> closers.execute(application::close));
            closers.execute(indexing::close);
            closers.execute(configuration::close);
        }
    }
}
