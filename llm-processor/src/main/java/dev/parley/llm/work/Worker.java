package dev.parley.llm.work;

import dev.parley.schemas.Topics;
import dev.parley.schemas.settings.KafkaSettings;
import dev.parley.schemas.work.WorkKind;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.Producer;

/**
 * A worker: takes orders from the share groups of its kinds of work, one at a time, claims each in the log, and does it.
 *
 * <pre>{@code
 *   orders ──▶ Requests ──▶ Claims ──▶ Runs ──▶ Runner (by kind)
 *                                       └──▶ AttemptWriter ──▶ chunks
 *   controls ──▶ Cancellations ──▶ Runs
 * }</pre>
 */
public final class Worker implements AutoCloseable {

    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(3);
    private static final Duration TICK = Duration.ofMillis(2);

    private final Duration drain;
    private final Producer<byte[], byte[]> producer;
    private final Cancellations cancelled;
    private final ScheduledExecutorService ticks = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().name("llm-clock").daemon().factory());
    private final Runs runs;
    /** One for each topic of orders. */
    private final List<Requests> requests;

    /**
     * How a worker works.
     *
     * @param stage its name in dead letters
     * @param group the share group that it joins
     * @param concurrency pieces of work at the same time
     * @param drain how long those that run may go on when it is told to end
     */
    public record Terms(String stage, String group, int concurrency, Duration drain) {}

    /** Waits for what must be known before the first order. */
    @FunctionalInterface
    public interface Readiness {
        void await() throws InterruptedException;
    }

    private Worker(
            Terms terms,
            KafkaSettings kafka,
            Topics topics,
            Map<WorkKind, Runner> runners,
            Readiness readiness,
            MeterRegistry meters) {
        this.drain = terms.drain();
        String workerId = UUID.randomUUID().toString().substring(0, 8);
        Semaphore permits = new Semaphore(terms.concurrency());
        meters.gauge("parley.llm.permits", permits, Semaphore::availablePermits);
        this.producer = AnswerLog.producer(kafka, workerId);
        this.cancelled = new Cancellations(topics.controls(), kafka, meters, this::cancel);
        this.runs = new Runs(cancelled::contains, permits, meters);
        Claims claims = new Claims(
                new Log(producer),
                topics,
                runners,
                runs,
                new Claims.Claimant(terms.stage(), workerId),
                InstantSource.system(),
                meters);
        this.requests = runners.keySet().stream()
                .map(kind -> kind.orders().apply(topics).name())
                .distinct()
                .map(topic -> new Requests(
                        kafka, topic, terms.group(), workerId, permits, () -> awaitReadiness(readiness), claims))
                .toList();
    }

    /**
     * Starts a worker; it takes orders as soon as it has joined its group.
     *
     * @param runners who does which kind of work
     */
    public static Worker start(
            Terms terms,
            KafkaSettings kafka,
            Topics topics,
            Map<WorkKind, Runner> runners,
            Readiness readiness,
            MeterRegistry meters) {
        Worker worker = new Worker(terms, kafka, topics, runners, readiness, meters);
        worker.start();
        return worker;
    }

    private void start() {
        cancelled.start();
        // It ends with the clock; tick() lets no exception out.
        var _ = ticks.scheduleAtFixedRate(runs::tick, TICK.toMillis(), TICK.toMillis(), TimeUnit.MILLISECONDS);
        requests.forEach(Requests::start);
    }

    private void cancel(String generationId) {
        runs.cancel(generationId);
    }

    /** What was told to stop must be known before the first order. */
    private void awaitReadiness(Readiness readiness) throws InterruptedException {
        cancelled.awaitCaughtUp();
        readiness.await();
    }

    /** Whether it asks for orders. */
    public boolean isPolling() {
        return requests.stream().allMatch(Requests::isPolling);
    }

    /** How many pieces of work run. */
    public int running() {
        return runs.count();
    }

    /** Takes no more orders, lets what runs go on for the drain time, and hands what is left to other workers. */
    @Override
    public void close() {
        requests.forEach(Requests::close);
        runs.drain(drain);
        ticks.shutdownNow();
        cancelled.close();
        producer.close(CLOSE_TIMEOUT);
    }
}
