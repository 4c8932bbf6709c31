package dev.parley.llm;

import dev.parley.llm.engine.EngineFactory;
import dev.parley.llm.engine.EngineRegistry;
import dev.parley.llm.model.Connections;
import dev.parley.llm.work.EngineRunner;
import dev.parley.llm.work.PromptFiles;
import dev.parley.llm.work.Runner;
import dev.parley.llm.work.Worker;
import dev.parley.schemas.Role;
import dev.parley.schemas.Topics;
import dev.parley.schemas.files.FileReader;
import dev.parley.schemas.files.KafkaFileReader;
import dev.parley.schemas.routes.ConfigurationTail;
import dev.parley.schemas.settings.KafkaSettings;
import dev.parley.schemas.work.WorkKind;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * The role of the workers: does what models do, by the engines of the configuration.
 *
 * <pre>{@code
 *   generation-requests ──▶ Worker ──▶ chunks
 *                             └──▶ EngineRunner (model, classify) ──▶ Engines ──▶ model servers
 *   configuration ──▶ EngineRegistry
 *   files ──▶ EngineRunner
 * }</pre>
 */
public final class LlmProcessor implements Role {

    static final String STAGE = "llm-processor";

    private static final Duration CAUGHT_UP_LOOK = Duration.ofSeconds(1);

    /** How long a configuration may lag behind the requests that were made by it. */
    private static final Duration CONFIGURATION_PATIENCE = Duration.ofSeconds(5);

    private final Connections connections = new Connections();
    private final ConfigurationTail configuration;
    private final EngineRegistry engines;
    private final FileReader files;
    private final Worker worker;
    private volatile boolean closing;

    private LlmProcessor(LlmSettings settings, KafkaSettings kafka, Topics topics, MeterRegistry meters) {
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
                factory.own(settings.server(), settings.attachments().accepts(), settings.concurrency()),
                CONFIGURATION_PATIENCE,
                meters);
        // Of what was in force once, only what is asked for again needs engines.
        configuration.onChange(next -> {
            if (configuration.isCaughtUp()) {
                engines.comesIntoForce(next);
            }
        });
        configuration.start();
        this.files = new KafkaFileReader(topics.files(), kafka, "parley-llm-files");
        Runner asksEngines = new EngineRunner(
                engines,
                new PromptFiles(
                        files,
                        settings.attachments().promptBytes(),
                        settings.attachments().allBytes()));
        Map<WorkKind, Runner> runners =
                Map.of(settings.work().model(), asksEngines, settings.work().classify(), asksEngines);
        this.worker = Worker.start(
                new Worker.Terms(STAGE, topics.workers(), settings.concurrency(), settings.drain()),
                kafka,
                topics,
                runners,
                this::awaitConfiguration,
                meters);
    }

    /** Starts workers; they take orders as soon as they have joined their group. */
    public static LlmProcessor start(LlmSettings settings, KafkaSettings kafka, Topics topics, MeterRegistry meters) {
        return new LlmProcessor(settings, kafka, topics, meters);
    }

    /** By which configuration to go must be known before the first order. */
    private void awaitConfiguration() throws InterruptedException {
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
        boolean polling = worker.isPolling();
        return new Health(
                polling,
                polling
                        ? worker.running() + " generations running; engines: " + engines.health()
                        : "joining its group");
    }

    /** Lets what runs go on for the drain time, and hands what is left to other workers. */
    @Override
    public void close() {
        closing = true;
        worker.close();
        files.close();
        configuration.close();
        connections.close();
    }
}
