package dev.parley.llm;

import dev.parley.chat.v1.Answerer;
import dev.parley.chat.v1.Classification;
import dev.parley.chat.v1.GenerationOptions;
import dev.parley.chat.v1.GenerationRequest;
import dev.parley.chat.v1.RouteConfiguration;
import dev.parley.chat.v1.ToolCall;
import dev.parley.chat.v1.TurnRequest;
import dev.parley.llm.engine.AnswerSink;
import dev.parley.llm.engine.EngineRegistry;
import dev.parley.llm.engine.Engines;
import dev.parley.llm.engine.Prices;
import dev.parley.llm.model.Cancellation;
import dev.parley.llm.model.Model;
import dev.parley.schemas.CloudEventHeaders;
import dev.parley.schemas.Topic;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Headers;

/**
 * Asks an engine which way a turn goes, and sends the turn round once more with what it says. Whatever goes wrong with the
 * engine gives an answer too, one without an intent, so that the turn takes the default route.
 *
 * <p>The request stays acquired until the answer is in the log. A worker that is lost in between makes Kafka offer it to
 * another; one that is lost between the two makes the turn come back twice, which routing answers for like for every
 * record that comes twice.
 */
final class Classifications {

    private static final String SOURCE = "/parley/llm-processor";
    private static final int MAX_OUTPUT_TOKENS = 32;
    private static final int MAX_ANSWER_CHARS = 2_000;

    private final Log log;
    private final Topic<String, TurnRequest> turns;
    private final EngineRegistry engines;
    private final Predicate<String> isCancelled;
    private final ScheduledExecutorService deadlines;
    private final InstantSource clock;
    private final MeterRegistry meters;
    private final Set<Cancellation> running = ConcurrentHashMap.newKeySet();
    private volatile boolean closing;

    /**
     * None runs yet.
     *
     * @param isCancelled whether a generation was told to stop
     * @param deadlines on whose thread nothing is done that takes time
     */
    Classifications(
            Log log,
            Topic<String, TurnRequest> turns,
            EngineRegistry engines,
            Predicate<String> isCancelled,
            ScheduledExecutorService deadlines,
            InstantSource clock,
            MeterRegistry meters) {
        this.log = log;
        this.turns = turns;
        this.engines = engines;
        this.isCancelled = isCancelled;
        this.deadlines = deadlines;
        this.clock = clock;
        this.meters = meters;
    }

    /** Classifies the turn of {@code request}, whose {@code classify} is set; what is to become of the request. */
    AcknowledgeType classify(GenerationRequest request, Headers cause) {
        TurnRequest turn = request.getClassify();
        if (turn == null || isCancelled.test(request.getGenerationId())) {
            // The assembly answers for generations that were stopped before anybody claimed them.
            return AcknowledgeType.ACCEPT;
        }
        Cancellation cancellation = new Cancellation();
        running.add(cancellation);
        try {
            Classification classification = ask(request, cancellation);
            if (closing) {
                return AcknowledgeType.RELEASE;
            }
            meters.counter(
                            "parley.llm.classifications",
                            "outcome",
                            classification.getIntent().isEmpty() ? "none" : "named")
                    .increment();
            return log.isWritten(record(turn, classification, cause))
                    ? AcknowledgeType.ACCEPT
                    : AcknowledgeType.RELEASE;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return AcknowledgeType.RELEASE;
        } finally {
            running.remove(cancellation);
        }
    }

    private Classification ask(GenerationRequest request, Cancellation cancellation) throws InterruptedException {
        Engines known = engines.await(request.getConfiguration());
        int timeoutMillis = known.configuration().getClassifier().getTimeoutMillis();
        ScheduledFuture<?> deadline = deadlines.schedule(
                () -> Thread.ofVirtual().name("classification-deadline").start(cancellation::cancel),
                timeoutMillis,
                TimeUnit.MILLISECONDS);
        if (closing) {
            cancellation.cancel();
        }
        Listener listener = new Listener(request.getEngine(), cancellation);
        try {
            Model.Outcome outcome = known.answer(brief(request), listener, cancellation);
            if (outcome instanceof Model.Outcome.Failed failed && !listener.isFull()) {
                return Intent.none(
                        cancellation.isCancelled()
                                ? "engine '" + listener.engine + "' did not say within " + timeoutMillis + " ms"
                                : "engine '" + listener.engine + "' failed: "
                                        + failed.code().wire());
            }
            if (cancellation.isCancelled() && !listener.isFull()) {
                return Intent.none("engine '" + listener.engine + "' did not say within " + timeoutMillis + " ms");
            }
            return Intent.of(
                    listener.text.toString(),
                    known.configuration().getRoutes().stream()
                            .map(RouteConfiguration::getIntent)
                            .toList(),
                    listener.engine);
        } catch (RuntimeException e) {
            return Intent.none(
                    "engine '" + listener.engine + "' failed: " + e.getClass().getSimpleName());
        } finally {
            deadline.cancel(false);
        }
    }

    /** One word is wanted, and the same one each time. */
    private static GenerationRequest brief(GenerationRequest request) {
        GenerationOptions.Builder options = request.getOptions() == null
                ? GenerationOptions.newBuilder()
                : GenerationOptions.newBuilder(request.getOptions());
        if (options.getMaxOutputTokens() == null) {
            options.setMaxOutputTokens(MAX_OUTPUT_TOKENS);
        }
        if (options.getTemperature() == null) {
            options.setTemperature(0.0);
        }
        return GenerationRequest.newBuilder(request)
                .setOptions(options.build())
                .setClassify(null)
                .build();
    }

    private ProducerRecord<byte[], byte[]> record(TurnRequest turn, Classification classification, Headers cause) {
        TurnRequest classified =
                TurnRequest.newBuilder(turn).setClassification(classification).build();
        Instant now = clock.instant();
        String key = turn.getTenantId() + "/" + turn.getWorkspaceId();
        return new ProducerRecord<>(
                turns.name(),
                null,
                now.toEpochMilli(),
                turns.keys().serializer().serialize(turns.name(), key),
                turns.values().serializer().serialize(turns.name(), classified),
                CloudEventHeaders.of(
                        turn.getGenerationId() + "/" + turn.getAttempt() + "/classified",
                        classified,
                        SOURCE,
                        now,
                        cause));
    }

    /** Stops those that run; their requests are given back. */
    void close() {
        closing = true;
        running.forEach(Cancellation::cancel);
    }

    /** Keeps what the engine says, up to a bound that no name of an intent needs. One thread. */
    private static final class Listener implements AnswerSink {
        private final StringBuilder text = new StringBuilder();
        private final Cancellation cancellation;
        private String engine;

        Listener(String engine, Cancellation cancellation) {
            this.engine = engine;
            this.cancellation = cancellation;
        }

        boolean isFull() {
            return text.length() >= MAX_ANSWER_CHARS;
        }

        @Override
        public void asking(Answerer answerer, Prices prices) {
            engine = answerer.getEngine();
        }

        @Override
        public void text(String piece) {
            if (!isFull()) {
                text.append(piece);
                if (isFull()) {
                    cancellation.cancel();
                }
            }
        }

        @Override
        public void reasoning(String piece) {}

        @Override
        public void toolCall(ToolCall call) {}
    }
}
