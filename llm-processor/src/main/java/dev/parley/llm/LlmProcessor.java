package dev.parley.llm;

import dev.parley.chat.v1.AttemptCancelled;
import dev.parley.chat.v1.AttemptFailed;
import dev.parley.chat.v1.AttemptFinished;
import dev.parley.chat.v1.AttemptStarted;
import dev.parley.chat.v1.GenerationRequest;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.llm.engine.Cancellation;
import dev.parley.llm.engine.Engine;
import dev.parley.llm.engine.ExtractiveEngine;
import dev.parley.llm.engine.OpenAiEngine;
import dev.parley.schemas.DeadLetter;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.Role;
import dev.parley.schemas.TopicSpec;
import dev.parley.schemas.Topics;
import dev.parley.schemas.config.KafkaSettings;
import dev.parley.schemas.config.TopicSettings;
import dev.parley.schemas.serde.RegistryUnavailableException;
import dev.parley.schemas.serde.UndecodableRecordException;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A worker: takes generation requests from the share group one at a time, claims each in the log, and runs it.
 *
 * <p><b>Claim, then acknowledge.</b> {@code AttemptStarted} is in the log before the request is accepted, so a request is
 * either offered to another worker or has an attempt that the assembly watches. From there on the log is the lease:
 * whatever becomes of this process, the silence of its attempts tells.
 *
 * <p>Requests are asked for only while a permit is free, so a busy worker leaves them to others.
 */
public final class LlmProcessor implements Role {

    private static final Logger logger = LoggerFactory.getLogger(LlmProcessor.class);

    private static final String STAGE = "llm-processor";
    private static final Duration POLL = Duration.ofMillis(500);
    private static final Duration PAUSE_AFTER_TROUBLE = Duration.ofSeconds(1);
    private static final Duration CLAIM_TIMEOUT = Duration.ofSeconds(15);
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(3);
    private static final Duration TICK = Duration.ofMillis(2);

    private final LlmSettings settings;
    private final KafkaSettings kafka;
    private final Topics topics;
    private final MeterRegistry meters;
    private final InstantSource clock = InstantSource.system();
    private final String group;
    private final String workerId = UUID.randomUUID().toString().substring(0, 8);
    private final Semaphore permits;
    private final Map<String, Run> running = new ConcurrentHashMap<>();
    private final Producer<byte[], byte[]> producer;
    private final CancelledGenerations cancelled;
    private final ScheduledExecutorService ticks = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().name("llm-clock").daemon().factory());
    private final Map<String, Engine> engines = new HashMap<>();
    private final @Nullable OpenAiEngine openAi;
    private final Thread thread;
    private volatile boolean closing;
    private volatile boolean polling;

    /** One generation that this worker runs. */
    private record Run(GenerationRequest request, AttemptWriter writer, Cancellation cancellation) {}

    private LlmProcessor(
            LlmSettings settings,
            KafkaSettings kafka,
            TopicSettings topicSettings,
            Topics topics,
            MeterRegistry meters) {
        this.settings = settings;
        this.kafka = kafka;
        this.topics = topics;
        this.meters = meters;
        this.group = topicSettings.groupId(STAGE);
        this.permits = new Semaphore(settings.concurrency());
        this.openAi = settings.server()
                .map(server -> new OpenAiEngine("openai", server))
                .orElse(null);
        Engine extractive = new ExtractiveEngine();
        engines.put(extractive.name(), extractive);
        engines.put("default", openAi == null ? extractive : openAi);
        if (openAi != null) {
            engines.put(openAi.name(), openAi);
        }
        this.producer = new KafkaProducer<>(
                kafka.client(
                        "parley-llm-" + workerId,
                        Map.of(
                                "acks",
                                "all",
                                "enable.idempotence",
                                true,
                                "linger.ms",
                                0,
                                "max.request.size",
                                TopicSpec.MAX_MESSAGE_BYTES,
                                "delivery.timeout.ms",
                                30_000,
                                "request.timeout.ms",
                                10_000)),
                new ByteArraySerializer(),
                new ByteArraySerializer());
        this.cancelled = new CancelledGenerations(topics.controls(), kafka, meters, this::cancel);
        this.thread = Thread.ofPlatform().name("llm-requests").unstarted(this::run);
        meters.gauge("parley.llm.running", running, Map::size);
        meters.gauge("parley.llm.permits", permits, Semaphore::availablePermits);
    }

    /** Starts a worker; it takes requests as soon as it has joined its group. */
    public static LlmProcessor start(
            LlmSettings settings,
            KafkaSettings kafka,
            TopicSettings topicSettings,
            Topics topics,
            MeterRegistry meters) {
        LlmProcessor processor = new LlmProcessor(settings, kafka, topicSettings, topics, meters);
        processor.cancelled.start();
        // It ends with the clock; tick() lets no exception out.
        var _ = processor.ticks.scheduleAtFixedRate(
                processor::tick, TICK.toMillis(), TICK.toMillis(), TimeUnit.MILLISECONDS);
        processor.thread.start();
        return processor;
    }

    @Override
    public String name() {
        return STAGE;
    }

    @Override
    public Health health() {
        return new Health(polling, polling ? running.size() + " generations running" : "joining its group");
    }

    private void tick() {
        try {
            running.values().forEach(run -> run.writer().tick());
        } catch (RuntimeException e) {
            logger.error("the worker's clock stumbled", e);
        }
    }

    private void cancel(String generationId) {
        Run run = running.get(generationId);
        if (run != null) {
            // Closing a connection may take a moment, and the controls' thread has more to read.
            Thread.ofVirtual().name("cancel").start(run.cancellation()::cancel);
        }
    }

    // Requests: everything below to process() on the thread that owns the share consumer.

    private void run() {
        try {
            cancelled.awaitCaughtUp();
        } catch (InterruptedException e) {
            return;
        }
        while (!closing) {
            try (KafkaShareConsumer<byte[], byte[]> consumer = consumer()) {
                readFromTheBeginning();
                consumer.subscribe(List.of(topics.generationRequests().name()));
                while (!closing) {
                    poll(consumer);
                }
            } catch (InterruptedException e) {
                return;
            } catch (RuntimeException e) {
                // Whatever it was, a worker that stops asking for work helps nobody: join anew.
                polling = false;
                if (!closing) {
                    logger.warn("requests cannot be taken, trying again", e);
                    pause();
                }
            }
        }
    }

    private KafkaShareConsumer<byte[], byte[]> consumer() {
        return new KafkaShareConsumer<>(
                kafka.client(
                        "parley-llm-requests-" + workerId,
                        Map.of(
                                "group.id",
                                group,
                                "share.acknowledgement.mode",
                                "explicit",
                                "share.acquire.mode",
                                "record_limit",
                                "max.poll.records",
                                1,
                                "fetch.max.wait.ms",
                                500,
                                "fetch.min.bytes",
                                1)),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer());
    }

    /** A share group begins at the end of its topic unless told otherwise, and would miss what came before it. */
    private void readFromTheBeginning() {
        try (Admin admin = Admin.create(kafka.client("parley-llm-admin-" + workerId, Map.of()))) {
            ConfigResource resource = new ConfigResource(ConfigResource.Type.GROUP, group);
            admin.incrementalAlterConfigs(Map.of(
                            resource,
                            List.of(new AlterConfigOp(
                                    new ConfigEntry("share.auto.offset.reset", "earliest"), AlterConfigOp.OpType.SET))))
                    .all()
                    .get();
        } catch (ExecutionException e) {
            throw new KafkaException("cannot configure share group " + group, e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new KafkaException("interrupted", e);
        }
    }

    private void poll(KafkaShareConsumer<byte[], byte[]> consumer) throws InterruptedException {
        if (!permits.tryAcquire(POLL.toMillis(), TimeUnit.MILLISECONDS)) {
            return;
        }
        boolean started = false;
        try {
            polling = true;
            for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
                Taken taken = take(record);
                consumer.acknowledge(record, taken.acknowledgement());
                consumer.commitAsync();
                if (taken.generation() != null) {
                    started = true;
                    Thread.ofVirtual().name("generation").start(taken.generation());
                }
            }
        } finally {
            if (!started) {
                permits.release();
            }
        }
    }

    /** What is to become of a request: how it is acknowledged, and what runs then. */
    private record Taken(
            AcknowledgeType acknowledgement, @Nullable Runnable generation) {}

    private Taken take(ConsumerRecord<byte[], byte[]> record) {
        GenerationRequest request;
        try {
            request = topics.generationRequests().values().deserializer().deserialize(record.topic(), record.value());
        } catch (UndecodableRecordException e) {
            return setAside(record, ErrorCode.UNDECODABLE_RECORD, String.valueOf(e.getMessage()));
        } catch (RegistryUnavailableException e) {
            pause();
            return new Taken(AcknowledgeType.RELEASE, null);
        }
        if (request == null || request.getMessages().isEmpty()) {
            return setAside(
                    record, ErrorCode.INVALID_RECORD, request == null ? "the value is missing" : "the prompt is empty");
        }
        return claim(record, request);
    }

    private Taken setAside(ConsumerRecord<byte[], byte[]> record, ErrorCode code, String cause) {
        logger.warn("dead letter from {}-{}@{}: {}", record.topic(), record.partition(), record.offset(), cause);
        Future<RecordMetadata> sent =
                producer.send(DeadLetter.of(topics.deadLetters(), record, code, STAGE, cause, clock.instant()));
        return new Taken(isWritten(sent) ? AcknowledgeType.ACCEPT : AcknowledgeType.RELEASE, null);
    }

    private Taken claim(ConsumerRecord<byte[], byte[]> record, GenerationRequest request) {
        Engine engine = engines.get(request.getEngine());
        ChunkLog log =
                new ChunkLog(producer, topics, clock, request, UUID.randomUUID().toString(), record.headers());
        AttemptStarted claim = new AttemptStarted(
                request.getAttempt(),
                request.getCause(),
                engine == null ? request.getEngine() : engine.name(),
                engine == null ? "" : engine.model(),
                workerId);
        long claimedNanos = System.nanoTime();
        if (!isWritten(log.send("start", claim, (metadata, failure) -> {}))) {
            return new Taken(AcknowledgeType.RELEASE, null);
        }
        meters.timer("parley.llm.claim").record(Duration.ofNanos(System.nanoTime() - claimedNanos));
        int promptChars = request.getMessages().stream()
                .map(PromptMessage::getContent)
                .mapToInt(String::length)
                .sum();
        Run run = new Run(
                request,
                new AttemptWriter(log, System::nanoTime, settings.maxAnswerBytes(), promptChars),
                new Cancellation());
        // An earlier attempt of the same generation in this very process has just been superseded by this one.
        Run superseded = running.put(request.getGenerationId(), run);
        if (superseded != null) {
            superseded.cancellation().cancel();
        }
        return new Taken(AcknowledgeType.ACCEPT, () -> process(run, engine));
    }

    private static boolean isWritten(Future<RecordMetadata> sent) {
        try {
            sent.get(CLAIM_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
            return true;
        } catch (ExecutionException | TimeoutException e) {
            logger.warn("the log does not take a record, giving the request back: {}", e.toString());
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    // Generations: each on a virtual thread of its own.

    private void process(Run run, @Nullable Engine engine) {
        String generationId = run.request().getGenerationId();
        try {
            if (cancelled.contains(generationId)) {
                run.cancellation().cancel();
            }
            end(run, engine, outcome(run, engine));
        } finally {
            running.remove(generationId, run);
            permits.release();
        }
    }

    private Engine.Outcome outcome(Run run, @Nullable Engine engine) {
        if (engine == null) {
            return new Engine.Outcome.Failed(
                    ErrorCode.ENGINE_UNKNOWN,
                    "there is no engine '" + run.request().getEngine() + "': known are " + engines.keySet());
        }
        if (run.cancellation().isCancelled()) {
            return new Engine.Outcome.Finished("cancelled", Optional.empty());
        }
        try {
            return engine.generate(run.request(), run.writer(), run.cancellation());
        } catch (RuntimeException e) {
            return failure(e);
        }
    }

    private static Engine.Outcome failure(RuntimeException e) {
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof AttemptWriter.AnswerTooLargeException) {
                return new Engine.Outcome.Failed(
                        ErrorCode.ANSWER_TOO_LARGE, "the answer is longer than this server allows");
            }
            if (cause instanceof AttemptWriter.LogUnavailableException) {
                return new Engine.Outcome.Failed(ErrorCode.UNAVAILABLE, "the log did not take the answer");
            }
        }
        logger.error("an engine failed in an unforeseen way", e);
        return new Engine.Outcome.Failed(
                ErrorCode.INTERNAL, "the engine failed: " + e.getClass().getSimpleName());
    }

    private void end(Run run, @Nullable Engine engine, Engine.Outcome outcome) {
        AttemptWriter writer = run.writer();
        String name = engine == null ? "unknown" : engine.name();
        Double firstToken = writer.firstTokenMillis();
        if (firstToken != null) {
            Timer.builder("parley.llm.first.token")
                    .tag("engine", name)
                    .publishPercentileHistogram()
                    .register(meters)
                    .record(Duration.ofNanos((long) (firstToken * 1e6)));
        }
        if (run.cancellation().isCancelled()) {
            writer.end(Optional.empty(), AttemptCancelled::new);
            count(name, "cancelled");
            return;
        }
        switch (outcome) {
            case Engine.Outcome.Finished finished -> {
                writer.end(finished.usage(), tally -> {
                    meters.counter("parley.llm.tokens", "engine", name, "direction", "input")
                            .increment(tally.getUsage().getInputTokens());
                    meters.counter("parley.llm.tokens", "engine", name, "direction", "output")
                            .increment(tally.getUsage().getOutputTokens());
                    return new AttemptFinished(finished.finishReason(), tally);
                });
                count(name, "finished");
            }
            case Engine.Outcome.Failed failed -> {
                boolean retryable = switch (failed.code().kind()) {
                    case TRANSIENT, OVERLOAD -> true;
                    case USER, POISON, BUG -> false;
                };
                writer.end(
                        Optional.empty(),
                        tally -> new AttemptFailed(failed.code().wire(), failed.detail(), retryable, tally));
                count(name, failed.code().wire());
            }
        }
    }

    private void count(String engine, String outcome) {
        meters.counter("parley.llm.attempts", "engine", engine, "outcome", outcome)
                .increment();
    }

    private static void pause() {
        try {
            Thread.sleep(PAUSE_AFTER_TROUBLE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Takes no more requests, lets running generations go on for the drain time, and hands those that are left to other
     * workers, by saying that this one is lost.
     */
    @Override
    public void close() {
        closing = true;
        joinQuietly(thread, POLL.plus(CLOSE_TIMEOUT));
        long deadline = System.nanoTime() + settings.drain().toNanos();
        while (!running.isEmpty() && System.nanoTime() < deadline) {
            sleepQuietly(Duration.ofMillis(20));
        }
        running.values().forEach(run -> {
            run.writer()
                    .end(
                            Optional.empty(),
                            tally -> new AttemptFailed(
                                    ErrorCode.WORKER_LOST.wire(), "the worker was stopped", true, tally));
            run.cancellation().cancel();
        });
        ticks.shutdownNow();
        cancelled.close();
        producer.close(CLOSE_TIMEOUT);
        if (openAi != null) {
            openAi.close();
        }
    }

    private static void joinQuietly(Thread thread, Duration limit) {
        try {
            thread.join(limit);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void sleepQuietly(Duration time) {
        try {
            Thread.sleep(time);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
