package dev.parley.topologies.aggregate;

import dev.parley.schemas.CloudEventHeaders;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.jspecify.annotations.Nullable;

/**
 * Loads an aggregate, decides, saves, forwards; and watches over deadlines. One instance a task, owned by its stream
 * thread; everything it does for one record is one transaction.
 *
 * <p>A decision is seen by others when its transaction is committed. One that somebody waits for asks for a commit at
 * once; one on a record that stood in a queue leaves it to the commit interval, so that a transaction holds many of
 * them and the queue drains.
 */
public final class AggregateProcessor<S, I, C, O> implements Processor<String, SpecificRecord, String, SpecificRecord> {

    private static final Duration CHECK_PERIOD = Duration.ofMillis(200);

    /** A record that has waited for longer than this stands in a queue. */
    private static final Duration PROMPT = Duration.ofMillis(25);

    private final String source;
    private final Function<ProcessorContext<?, ?>, Aggregate<S, I, C, O>> opening;
    private final InstantSource wallClock;
    private final Deadlines<I> deadlines;

    private @Nullable ProcessorContext<String, SpecificRecord> context;
    private @Nullable Aggregate<S, I, C, O> aggregate;

    /**
     * A processor of one task.
     *
     * @param name of the aggregate, such as {@code conversation}: who writes, in the headers of what is written
     * @param opening opens the aggregate over the task's stores
     * @param wallClock for the times that records carry
     * @param ticker monotonic, in nanoseconds: deadlines go by it
     */
    public AggregateProcessor(
            String name,
            Function<ProcessorContext<?, ?>, Aggregate<S, I, C, O>> opening,
            InstantSource wallClock,
            LongSupplier ticker) {
        this.source = "/parley/" + name;
        this.opening = opening;
        this.wallClock = wallClock;
        this.deadlines = new Deadlines<>(ticker);
    }

    @Override
    public void init(ProcessorContext<String, SpecificRecord> context) {
        this.context = context;
        Aggregate<S, I, C, O> opened = opening.apply(context);
        this.aggregate = opened;
        opened.forEachWithDeadline(key -> arm(key, opened.load(key)));
        context.schedule(CHECK_PERIOD, PunctuationType.WALL_CLOCK_TIME, timestamp -> checkDeadlines());
    }

    @Override
    public void close() {
        if (aggregate != null) {
            aggregate.deadlines(-deadlines.count());
            deadlines.clear();
        }
    }

    @Override
    public void process(Record<String, SpecificRecord> record) {
        Cause<I> cause = aggregate().cause(record.value());
        Instant now = wallClock.instant();
        boolean changed = decide(record.key(), cause, record.headers(), now);
        if (changed
                && aggregate().isAwaited(cause.input())
                && now.toEpochMilli() - record.timestamp() <= PROMPT.toMillis()) {
            context().commit();
        }
    }

    private void checkDeadlines() {
        for (Deadlines.Passed<I> passed : deadlines.passed()) {
            decide(passed.key(), passed.cause(), new RecordHeaders(), wallClock.instant());
        }
    }

    /** Returns whether anything came of it. */
    private boolean decide(String key, Cause<I> cause, Headers headers, Instant now) {
        Decision<S, C, O> decision = aggregate().decide(key, aggregate().load(key), cause.input(), now);
        if (decision.isEmpty()) {
            return false;
        }
        aggregate().save(key, decision);
        arm(key, decision.state());
        for (Output output : aggregate().outputs(key, decision, cause.id(), now)) {
            forward(output, headers, now);
        }
        aggregate().decided(decision);
        return true;
    }

    private void arm(String key, S state) {
        int before = deadlines.count();
        deadlines.arm(key, aggregate().deadline(state));
        aggregate().deadlines(deadlines.count() - before);
    }

    private void forward(Output output, Headers cause, Instant now) {
        context()
                .forward(
                        new Record<>(
                                output.key(),
                                output.value(),
                                now.toEpochMilli(),
                                CloudEventHeaders.of(output.id(), output.body(), source, now, cause)),
                        AggregateTopology.sink(output.outlet()));
    }

    private Aggregate<S, I, C, O> aggregate() {
        return Objects.requireNonNull(aggregate, "not initialised");
    }

    private ProcessorContext<String, SpecificRecord> context() {
        return Objects.requireNonNull(context, "not initialised");
    }
}
