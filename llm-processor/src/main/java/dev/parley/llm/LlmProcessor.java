package dev.parley.llm;

import dev.parley.llm.engine.EngineFactory;
import dev.parley.llm.engine.EngineRegistry;
import dev.parley.llm.model.Connections;
import dev.parley.schemas.Role;
import dev.parley.schemas.Topics;
import dev.parley.schemas.config.KafkaSettings;
import dev.parley.schemas.config.TopicSettings;
import dev.parley.schemas.configuration.ConfigurationTail;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.Producer;

/**
 * A worker: takes generation requests from the share group one at a time, claims each in the log, and runs it.
 *
 * <pre>{@code
 *   generation-requests ──▶ Requests ──▶ Claims ──▶ Generations ──▶ Engines ──▶ model servers
 *                                          │             └──────▶ AttemptWriter ──▶ chunks
 *                                          └──▶ Classifications ──▶ turns
 *   controls ──▶ CancelledGenerations ──▶ Generations
 *   configuration ──▶ EngineRegistry
 * }</pre>
 */
public final class LlmProcessor implements Role {

    static final String STAGE = "llm-processor";

    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(3);
    private static final Duration TICK = Duration.ofMillis(2);
    private static final Duration CAUGHT_UP_LOOK = Duration.ofSeconds(1);

    /** How long a configuration may lag behind the requests that were made by it. */
    private static final Duration CONFIGURATION_PATIENCE = Duration.ofSeconds(5);

    private final LlmSettings settings;
    private final Connections connections = new Connections();
    private final Producer<byte[], byte[]> producer;
    private final ConfigurationTail configuration;
    private final EngineRegistry engines;
    private final CancelledGenerations cancelled;
    private final ScheduledExecutorService ticks = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().name("llm-clock").daemon().factory());
    private final Generations generations;
    private final Classifications classifications;
    private final Requests requests;
    private volatile boolean closing;

    private LlmProcessor(
            LlmSettings settings,
            KafkaSettings kafka,
            TopicSettings topicSettings,
            Topics topics,
            MeterRegistry meters) {
        this.settings = settings;
        String workerId = UUID.randomUUID().toString().substring(0, 8);
        InstantSource clock = InstantSource.system();
        Semaphore permits = new Semaphore(settings.concurrency());
        meters.gauge("parley.llm.permits", permits, Semaphore::availablePermits);
        this.producer = AnswerLog.producer(kafka, workerId);
        Log log = new Log(producer);
        this.configuration = new ConfigurationTail(
                topics.configuration(),
                kafka,
                "parley-llm-configuration",
                meters.counter(
                        "parley.records.skipped",
                        "topic",
                        topics.configuration().name())::increment);
        EngineFactory factory =
                new EngineFactory(connections, name -> Optional.ofNullable(System.getenv(name)), meters);
        this.engines = new EngineRegistry(
                configuration,
                factory,
                factory.own(settings.server(), settings.concurrency()),
                CONFIGURATION_PATIENCE,
                meters);
        this.cancelled = new CancelledGenerations(topics.controls(), kafka, meters, this::cancel);
        this.generations = new Generations(engines, cancelled::contains, permits, meters);
        this.classifications =
                new Classifications(log, topics.turns(), engines, cancelled::contains, ticks, clock, meters);
        this.requests = new Requests(
                kafka,
                topics.generationRequests().name(),
                topicSettings.groupId(STAGE),
                workerId,
                permits,
                this::awaitCaughtUp,
                new Claims(
                        log,
                        topics,
                        engines,
                        generations,
                        classifications,
                        workerId,
                        settings.maxAnswerBytes(),
                        clock,
                        meters));
    }

    /** Starts a worker; it takes requests as soon as it has joined its group. */
    public static LlmProcessor start(
            LlmSettings settings,
            KafkaSettings kafka,
            TopicSettings topicSettings,
            Topics topics,
            MeterRegistry meters) {
        LlmProcessor processor = new LlmProcessor(settings, kafka, topicSettings, topics, meters);
        processor.start();
        return processor;
    }

    private void start() {
        cancelled.start();
        // Of what was in force once, only what is asked for again needs engines.
        configuration.onChange(next -> {
            if (configuration.isCaughtUp()) {
                engines.comesIntoForce(next);
            }
        });
        configuration.start();
        // It ends with the clock; tick() lets no exception out.
        var _ = ticks.scheduleAtFixedRate(generations::tick, TICK.toMillis(), TICK.toMillis(), TimeUnit.MILLISECONDS);
        requests.start();
    }

    private void cancel(String generationId) {
        generations.cancel(generationId);
    }

    /** Which generations were told to stop, and by which configuration to go, must be known before the first request. */
    private void awaitCaughtUp() throws InterruptedException {
        cancelled.awaitCaughtUp();
        while (!configuration.awaitCaughtUp(CAUGHT_UP_LOOK) && !closing) {
            // The tail says by itself what keeps it.
        }
        engines.comesIntoForce(configuration.current());
    }

    @Override
    public String name() {
        return STAGE;
    }

    @Override
    public Health health() {
        boolean polling = requests.isPolling();
        return new Health(
                polling,
                polling
                        ? generations.count() + " generations running; engines: " + engines.health()
                        : "joining its group");
    }

    /**
     * Takes no more requests, lets running generations go on for the drain time, and hands those that are left to other
     * workers.
     */
    @Override
    public void close() {
        closing = true;
        classifications.close();
        requests.close();
        generations.drain(settings.drain());
        ticks.shutdownNow();
        cancelled.close();
        configuration.close();
        producer.close(CLOSE_TIMEOUT);
        connections.close();
    }
}
