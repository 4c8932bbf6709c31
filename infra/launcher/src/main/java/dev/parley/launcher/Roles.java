package dev.parley.launcher;

import dev.parley.ingest.IngestApi;
import dev.parley.ingest.IngestSettings;
import dev.parley.ingest.ReadSide;
import dev.parley.ingest.search.Embeddings;
import dev.parley.llm.LlmProcessor;
import dev.parley.llm.LlmSettings;
import dev.parley.schemas.Role;
import dev.parley.schemas.Topics;
import dev.parley.schemas.serde.ValueSerdes;
import dev.parley.schemas.settings.KafkaSettings;
import dev.parley.schemas.settings.RegistrySettings;
import dev.parley.schemas.settings.Settings;
import dev.parley.schemas.settings.TopicSettings;
import dev.parley.sinks.edge.EdgeSettings;
import dev.parley.sinks.edge.SseEdge;
import dev.parley.sinks.edge.SseFrames;
import dev.parley.sinks.feed.Feed;
import dev.parley.sinks.feed.FeedReader;
import dev.parley.sinks.feed.FeedSettings;
import dev.parley.sinks.feed.Replays;
import dev.parley.sinks.postgres.PostgresReadModel;
import dev.parley.sinks.postgres.PostgresSettings;
import dev.parley.sinks.postgres.PostgresSink;
import dev.parley.stack.Provisioner;
import dev.parley.topologies.Topologies;
import dev.parley.topologies.TopologySettings;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CopyOnWriteArraySet;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * The roles of one process, wired by hand, and a watch on the Kafka and the registry that all of them need.
 *
 * <pre>{@code
 *   sinks       PostgresSink ──▶ Postgres
 *   topologies  Topologies (conversation, routing, assembly)
 *   llm         LlmProcessor ──▶ model server
 *   ingest      IngestApi ──▶ Feed, SseEdge ──▶ PostgresReadModel
 * }</pre>
 */
public final class Roles implements AutoCloseable {

    private static final Duration READY_TIMEOUT = Duration.ofMinutes(2);
    private static final Duration READY_PAUSE = Duration.ofMillis(50);

    /** Lines about a wait come twice as far apart each time. */
    private static final Duration FIRST_NOTE = Duration.ofSeconds(5);

    private static final Duration LAST_NOTE = Duration.ofMinutes(1);

    private final List<Role> running = new CopyOnWriteArrayList<>();
    private final Set<RoleName> notStarted = new CopyOnWriteArraySet<>();
    private final Deque<AutoCloseable> closing = new ArrayDeque<>();
    private final Consumer<String> progress;
    private Optional<IngestApi> ingest = Optional.empty();
    private Optional<String> engine = Optional.empty();

    /** A role that was asked for, before its turn to be started has come. */
    private record NotStarted(RoleName role) implements Role {
        @Override
        public String name() {
            return role.name().toLowerCase(Locale.ROOT);
        }

        @Override
        public Health health() {
            return new Health(false, "starting");
        }

        @Override
        public void close() {}
    }

    private Roles(Set<RoleName> wanted, Consumer<String> progress) {
        this.notStarted.addAll(wanted);
        this.progress = progress;
    }

    /**
     * Starts {@code wanted}.
     *
     * @param settings all of them; every problem with them is reported before anything starts
     * @param provision whether to create topics and register schemas first
     */
    public static Roles start(Set<RoleName> wanted, Settings settings, boolean provision, Consumer<String> progress) {
        KafkaSettings kafka = KafkaSettings.from(settings);
        RegistrySettings registry = RegistrySettings.from(settings);
        TopicSettings topicSettings = TopicSettings.from(settings);
        boolean database = wanted.contains(RoleName.INGEST) || wanted.contains(RoleName.SINKS);
        Optional<PostgresSettings> postgres =
                database ? Optional.of(PostgresSettings.from(settings)) : Optional.empty();
        LlmSettings llm = LlmSettings.from(settings);
        TopologySettings topologies = TopologySettings.from(settings);
        FeedSettings feed = FeedSettings.from(settings);
        EdgeSettings edge = EdgeSettings.from(settings);
        IngestSettings ingest = IngestSettings.from(settings);
        int metricsPort = settings.port("PARLEY_METRICS_PORT", -1);
        String metricsHost = settings.string("PARLEY_METRICS_HOST", "127.0.0.1");
        settings.check();

        ValueSerdes serdes = new ValueSerdes(registry);
        Topics topics = Topics.of(topicSettings, serdes);
        PrometheusMeterRegistry meters = meters();
        KafkaClock.report(meters);
        Roles roles = new Roles(wanted, progress);
        try {
            if (metricsPort >= 0) {
                roles.add(OperationsServer.start(metricsHost, metricsPort, meters, roles::all));
            }
            roles.add(KafkaWatch.start(kafka));
            if (provision) {
                new Provisioner(kafka, serdes.registry()).provision(topics);
            }
            RegistryWatch schemas = roles.add(RegistryWatch.start(serdes.registry(), registry.url(), topics.specs()));
            roles.await(schemas);
            for (RoleName name : wanted) {
                switch (name) {
                    case SINKS ->
                        roles.add(PostgresSink.start(postgres.orElseThrow(), kafka, topicSettings, topics, meters));
                    case TOPOLOGIES -> roles.add(Topologies.start(topologies, kafka, topicSettings, topics, meters));
                    case LLM -> {
                        roles.add(LlmProcessor.start(llm, kafka, topics, meters));
                        roles.engine = Optional.of(llm.engine());
                    }
                    case INGEST ->
                        roles.startIngest(
                                ingest,
                                feed,
                                edge,
                                postgres.orElseThrow(),
                                kafka,
                                topics,
                                EmbeddedModel.of(topologies.indexing().embedder()),
                                meters);
                }
                roles.notStarted.remove(name);
            }
            return roles;
        } catch (RuntimeException e) {
            // Closing waits, which an interrupted thread does not.
            boolean interrupted = Thread.interrupted();
            roles.close();
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
            throw e;
        }
    }

    private void startIngest(
            IngestSettings settings,
            FeedSettings feedSettings,
            EdgeSettings edgeSettings,
            PostgresSettings postgres,
            KafkaSettings kafka,
            Topics topics,
            Embeddings embeddings,
            PrometheusMeterRegistry meters) {
        PostgresReadModel readModel = new PostgresReadModel(postgres, topics);
        closing.push(readModel);
        Feed feed = new Feed(feedSettings, readModel.archive(), Replays.ON_THREADS, new SseFrames(), meters);
        add(FeedReader.start(feedSettings, kafka, topics, feed, meters));
        SseEdge edge = new SseEdge(feed, edgeSettings, meters);
        ReadSide reading = new ReadSide(feed, edge, readModel.conversations(), readModel.documents(), embeddings);
        ingest = Optional.of(add(IngestApi.start(settings, kafka, topics, reading, meters, this::all)));
    }

    /** Every role that was asked for, from the first moment. */
    private List<Role> all() {
        List<Role> all = new ArrayList<>(running);
        notStarted.forEach(role -> all.add(new NotStarted(role)));
        return all;
    }

    private <R extends Role> R add(R role) {
        running.add(role);
        closing.push(role);
        return role;
    }

    private static PrometheusMeterRegistry meters() {
        PrometheusMeterRegistry meters = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        new JvmMemoryMetrics().bindTo(meters);
        new JvmThreadMetrics().bindTo(meters);
        new ProcessorMetrics().bindTo(meters);
        @SuppressWarnings("resource") // Lives as long as the process.
        JvmGcMetrics gc = new JvmGcMetrics();
        gc.bindTo(meters);
        return meters;
    }

    /** Nothing joins a group whose records it could not read, nor answers what it could not write. */
    private void await(Role role) {
        try {
            awaitReady(List.of(role), Optional.empty());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CommandFailedException("interrupted while it waited for " + waiting(List.of(role)), e);
        }
    }

    /**
     * Waits until every role does its work.
     *
     * @throws CommandFailedException naming those that do not, when patience ends
     */
    public void awaitReady() throws InterruptedException {
        awaitReady(running, Optional.of(READY_TIMEOUT));
    }

    /** The same for as long as it takes: on a cluster, what a process needs may come later than itself. */
    void awaitReadyHoweverLong() throws InterruptedException {
        awaitReady(running, Optional.empty());
    }

    private void awaitReady(List<Role> roles, Optional<Duration> patience) throws InterruptedException {
        long started = System.nanoTime();
        long noted = started;
        Duration pause = FIRST_NOTE;
        while (!roles.stream().allMatch(role -> role.health().ready())) {
            long now = System.nanoTime();
            if (patience.isPresent() && now - started > patience.get().toNanos()) {
                throw new CommandFailedException(
                        "not ready after " + patience.get().toSeconds() + " s: " + waiting(roles));
            }
            if (now - noted > pause.toNanos()) {
                noted = now;
                pause = pause.multipliedBy(2).compareTo(LAST_NOTE) < 0 ? pause.multipliedBy(2) : LAST_NOTE;
                progress.accept("waiting for " + waiting(roles));
            }
            Thread.sleep(READY_PAUSE);
        }
    }

    private static String waiting(List<Role> roles) {
        return roles.stream()
                .filter(role -> !role.health().ready())
                .map(role -> role.name() + " (" + role.health().detail() + ")")
                .collect(Collectors.joining(", "));
    }

    String names() {
        return running.stream().map(Role::name).collect(Collectors.joining(", "));
    }

    /** Where the front door listens, where this process has one. */
    public Optional<String> httpUrl() {
        return ingest.map(IngestApi::url);
    }

    /** The engine in use, where this process has workers. */
    Optional<String> engine() {
        return engine;
    }

    /** Stops what was started last first; one that fails to stop does not keep the others. */
    @Override
    public void close() {
        List<Exception> failures = new ArrayList<>();
        for (AutoCloseable part : closing) {
            try {
                part.close();
            } catch (Exception e) {
                failures.add(e);
            }
        }
        closing.clear();
        running.clear();
        failures.forEach(failure -> progress.accept("did not stop cleanly: " + failure));
    }
}
