package dev.parley.llm.work;

import dev.parley.chat.v1.Answerer;
import dev.parley.chat.v1.AttemptCancelled;
import dev.parley.chat.v1.AttemptFailed;
import dev.parley.chat.v1.AttemptFinished;
import dev.parley.chat.v1.GenerationRequest;
import dev.parley.chat.v1.ProviderExtras;
import dev.parley.llm.model.Cancellation;
import dev.parley.llm.model.Model.Outcome;
import dev.parley.schemas.ErrorCode;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What this worker does at the moment, each piece of work on a virtual thread of its own. */
final class Runs {

    private static final Logger logger = LoggerFactory.getLogger(Runs.class);

    private final Predicate<String> isCancelled;
    private final Semaphore permits;
    private final MeterRegistry meters;
    private final Map<String, Run> running = new ConcurrentHashMap<>();

    /** A piece of work that was claimed. */
    record Run(GenerationRequest request, Runner runner, AttemptWriter writer, Cancellation cancellation) {}

    /**
     * None runs yet.
     *
     * @param isCancelled whether a generation was told to stop
     * @param permits one of which each gives back at its end
     */
    Runs(Predicate<String> isCancelled, Semaphore permits, MeterRegistry meters) {
        this.isCancelled = isCancelled;
        this.permits = permits;
        this.meters = meters;
        meters.gauge("parley.llm.running", running, Map::size);
    }

    int count() {
        return running.size();
    }

    /** Keeps time for all of them; called every few milliseconds. */
    void tick() {
        try {
            running.values().forEach(run -> run.writer().tick());
        } catch (RuntimeException e) {
            logger.error("keeping time for what runs failed", e);
        }
    }

    /** Stops one, if it runs here. */
    void cancel(String generationId) {
        Run run = running.get(generationId);
        if (run != null) {
            // Closing a connection may take a moment, and the controls' thread has more to read.
            Thread.ofVirtual().name("cancel").start(run.cancellation()::cancel);
        }
    }

    /** Counts it among the running; what is returned runs it. */
    Runnable begin(Run run) {
        // An earlier attempt of the same generation in this very process has just been superseded by this one.
        Run superseded = running.put(run.request().getGenerationId(), run);
        if (superseded != null) {
            superseded.cancellation().cancel();
        }
        return () -> process(run);
    }

    private void process(Run run) {
        String generationId = run.request().getGenerationId();
        try {
            if (isCancelled.test(generationId)) {
                run.cancellation().cancel();
            }
            end(run, outcome(run));
        } finally {
            running.remove(generationId, run);
            permits.release();
        }
    }

    private Outcome outcome(Run run) {
        if (run.cancellation().isCancelled()) {
            return new Outcome.Finished("cancelled");
        }
        try {
            Outcome outcome = run.runner().run(run.request(), run.writer(), run.cancellation());
            if (outcome instanceof Outcome.Finished) {
                run.writer().complete();
            }
            return outcome;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new Outcome.Failed(ErrorCode.WORKER_LOST, "the worker was stopped");
        } catch (RuntimeException e) {
            return failure(e);
        }
    }

    private static Outcome failure(RuntimeException e) {
        return switch (e) {
            case AttemptWriter.AnswerTooLargeException tooLarge ->
                new Outcome.Failed(ErrorCode.ANSWER_TOO_LARGE, "the answer is longer than this server allows");
            case AttemptWriter.LogUnavailableException unavailable ->
                new Outcome.Failed(ErrorCode.UNAVAILABLE, "the log did not take the answer");
            default -> {
                logger.error("an engine failed in an unforeseen way", e);
                yield new Outcome.Failed(
                        ErrorCode.INTERNAL, "the engine failed: " + e.getClass().getSimpleName());
            }
        };
    }

    private void end(Run run, Outcome outcome) {
        AttemptWriter writer = run.writer();
        String engine = writer.answerer().map(Answerer::getEngine).orElse("unknown");
        Double firstToken = writer.firstTokenMillis();
        if (firstToken != null) {
            Timer.builder("parley.llm.first.token")
                    .tag("engine", engine)
                    .publishPercentileHistogram()
                    .register(meters)
                    .record(Duration.ofNanos((long) (firstToken * 1e6)));
        }
        if (run.cancellation().isCancelled()) {
            writer.end(Optional.empty(), AttemptCancelled::new);
            count(engine, "cancelled");
            return;
        }
        switch (outcome) {
            case Outcome.Finished finished -> {
                writer.end(finished.usage(), tally -> {
                    meters.counter("parley.llm.tokens", "engine", engine, "direction", "input")
                            .increment(tally.getUsage().getInputTokens());
                    meters.counter("parley.llm.tokens", "engine", engine, "direction", "output")
                            .increment(tally.getUsage().getOutputTokens());
                    return new AttemptFinished(
                            finished.finishReason(), tally, extras(finished, writer.answerer()), finished.leftOut());
                });
                count(engine, "finished");
            }
            case Outcome.Failed failed -> {
                writer.end(
                        Optional.empty(),
                        tally -> new AttemptFailed(
                                failed.code().wire(),
                                failed.detail(),
                                failed.isRetryable(),
                                tally,
                                failed.retryAfter().map(Duration::toMillis).orElse(null)));
                count(engine, failed.code().wire());
            }
        }
    }

    private static @Nullable ProviderExtras extras(Outcome.Finished finished, Optional<Answerer> answerer) {
        return finished.extras().isEmpty() || answerer.isEmpty()
                ? null
                : new ProviderExtras(
                        answerer.get().getEngine(),
                        answerer.get().getModel(),
                        finished.extras().get());
    }

    private void count(String engine, String outcome) {
        meters.counter("parley.llm.attempts", "engine", engine, "outcome", outcome)
                .increment();
    }

    /** Waits for all to end, for at most {@code limit}; hands those that are left to other workers, by saying that this one is lost. */
    void drain(Duration limit) {
        long end = System.nanoTime() + limit.toNanos();
        while (!running.isEmpty() && System.nanoTime() < end) {
            Pauses.of(Duration.ofMillis(20));
        }
        running.values().forEach(run -> {
            run.writer()
                    .end(
                            Optional.empty(),
                            tally -> new AttemptFailed(
                                    ErrorCode.WORKER_LOST.wire(), "the worker was stopped", true, tally, null));
            run.cancellation().cancel();
        });
    }
}
