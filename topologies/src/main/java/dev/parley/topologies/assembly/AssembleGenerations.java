package dev.parley.topologies.assembly;

import dev.parley.chat.v1.CancelGeneration;
import dev.parley.chat.v1.Control;
import dev.parley.chat.v1.GenerationChunk;
import dev.parley.chat.v1.GenerationReport;
import dev.parley.chat.v1.Unknown;
import dev.parley.schemas.CloudEventHeaders;
import dev.parley.topologies.assembly.Generation.Effect;
import dev.parley.topologies.assembly.Generation.Step;
import dev.parley.topologies.assembly.GenerationStores.Stored;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.LongSupplier;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Loads a generation, lets it accept the chunk or control at hand, saves it, forwards its reports; and watches the clock
 * for those of whom nothing is heard. One instance a task, owned by its stream thread.
 *
 * <p>Open generations are held in memory, written through to {@link GenerationStores}. Deadlines live in memory only, on
 * {@link WatchClock}: after a restart each starts anew with its full length, and no jump of the wall clock moves one.
 */
final class AssembleGenerations implements Processor<String, SpecificRecord, String, GenerationReport> {

    private static final Logger log = LoggerFactory.getLogger(AssembleGenerations.class);

    static final String SOURCE = "/parley/assembly";

    /** Checks that may be missed before the clock takes it for a pause of this task. */
    private static final int CHECKS_PER_STEP = 4;

    private final AssemblySettings settings;
    private final InstantSource wallClock;
    private final LongSupplier ticker;
    private final AssemblyMetrics metrics;

    /** By store key. */
    private final Map<String, Watched> open = new LinkedHashMap<>();

    /** Closed ones whose report is still kept, then those that are only known to be closed; each longest closed first. */
    private final Deque<Tombstone> repeatable = new ArrayDeque<>();

    private final Deque<Tombstone> bare = new ArrayDeque<>();

    /** What to report once the task runs: reports cannot be forwarded while it is being initialised. */
    private final List<Repeat> repeats = new ArrayList<>();

    private @Nullable ProcessorContext<String, GenerationReport> context;
    private @Nullable GenerationStores stores;
    private @Nullable WatchClock clock;

    /** An open generation, and the moments from which its deadlines count, in watched nanoseconds. */
    private static final class Watched {
        private Generation.Open generation;
        private @Nullable String traceparent;
        private long lastSignNanos;
        private long cancelNanos;

        Watched(Generation.Open generation, @Nullable String traceparent, long now) {
            this.generation = generation;
            this.traceparent = traceparent;
            this.lastSignNanos = now;
            this.cancelNanos = now;
        }
    }

    private record Tombstone(String storeKey, long sinceNanos) {}

    private record Repeat(
            String storeKey,
            List<GenerationReport> reports,
            @Nullable String traceparent) {}

    AssembleGenerations(
            AssemblySettings settings, InstantSource wallClock, LongSupplier ticker, AssemblyMetrics metrics) {
        this.settings = settings;
        this.wallClock = wallClock;
        this.ticker = ticker;
        this.metrics = metrics;
    }

    @Override
    public void init(ProcessorContext<String, GenerationReport> context) {
        this.context = context;
        this.stores = new GenerationStores(context);
        this.clock = new WatchClock(ticker, settings.checkPeriod().multipliedBy(CHECKS_PER_STEP));
        takeUp(stores, clock.nanos());
        context.schedule(settings.checkPeriod(), PunctuationType.WALL_CLOCK_TIME, timestamp -> check());
    }

    private void takeUp(GenerationStores stores, long now) {
        Set<String> withTexts = new HashSet<>();
        stores.forEach((storeKey, stored) -> {
            switch (stored.generation()) {
                case Generation.Open generation -> {
                    open.put(storeKey, new Watched(generation, stored.traceparent(), now));
                    withTexts.add(storeKey);
                    List<GenerationReport> reports = generation.repeatedAfterRestart(wallClock.instant());
                    if (!reports.isEmpty()) {
                        repeats.add(new Repeat(storeKey, reports, stored.traceparent()));
                    }
                }
                case Generation.Closed closed -> takeUp(storeKey, closed, withTexts, now);
            }
        });
        stores.deleteTextsExceptOf(withTexts);
        metrics.opened(open.size());
    }

    private void takeUp(String storeKey, Generation.Closed closed, Set<String> withTexts, long now) {
        if (closed.report() == null) {
            bare.add(new Tombstone(storeKey, now));
            return;
        }
        repeatable.add(new Tombstone(storeKey, now));
        withTexts.add(storeKey);
        // An ending that the clock brought about comes from no record, so none that is read again would repeat it.
        if (closed.byClock()) {
            repeats.add(new Repeat(storeKey, List.of(closed.report()), null));
        }
    }

    @Override
    public void process(Record<String, SpecificRecord> record) {
        repeatReports();
        switch (record.value()) {
            case GenerationChunk chunk -> accept(record, chunk);
            case Control control -> accept(record, control);
            default ->
                throw new IllegalArgumentException("neither chunk nor control: "
                        + record.value().getSchema().getName());
        }
    }

    private void accept(Record<String, SpecificRecord> record, GenerationChunk chunk) {
        String storeKey = GenerationStores.storeKey(record.key(), chunk.getGenerationId());
        Signal signal = Signal.of(chunk);
        Watched watched = open.get(storeKey);
        Generation before = watched != null ? watched.generation : closedOrUnknown(storeKey, chunk.getGenerationId());
        Instant now = wallClock.instant();
        Step step = before.accept(chunk.getAttemptId(), signal, now);
        save(storeKey, step, trace(record.headers()));
        switch (step.effect()) {
            case APPENDED, CHANGED, ALIVE, DUPLICATE -> signOfLife(storeKey);
            case VOID, LATE -> {}
        }
        forward(storeKey, step.reports(), record.headers());
        metrics.chunk(step.effect());
        if (step.effect() == Effect.CHANGED) {
            step.reports().forEach(metrics::reported);
            metrics.reportedAfter(Duration.between(Instant.ofEpochMilli(record.timestamp()), now));
        }
    }

    private void accept(Record<String, SpecificRecord> record, Control control) {
        switch (control.getBody()) {
            case CancelGeneration cancel -> {
                String storeKey = GenerationStores.storeKey(record.key(), control.getGenerationId());
                Watched watched = open.get(storeKey);
                Generation before =
                        watched != null ? watched.generation : closedOrUnknown(storeKey, control.getGenerationId());
                save(storeKey, before.cancel(), trace(record.headers()));
            }
            case Unknown unknown -> throw new IllegalArgumentException("unknown control: " + unknown.type());
        }
    }

    private Generation closedOrUnknown(String storeKey, String generationId) {
        Stored stored = stores().load(storeKey);
        return stored == null ? Generation.unknown(generationId) : stored.generation();
    }

    private void save(String storeKey, Step step, @Nullable String traceparent) {
        switch (step.effect()) {
            case APPENDED -> append(storeKey, (Generation.Open) step.next());
            case CHANGED -> {
                switch (step.next()) {
                    case Generation.Open next -> keepOpen(storeKey, next, traceparent);
                    case Generation.Closed closed -> close(storeKey, closed);
                }
            }
            case ALIVE, DUPLICATE, VOID, LATE -> {}
        }
    }

    private void append(String storeKey, Generation.Open next) {
        stores().putLastSegment(storeKey, next.claimedBy());
        watched(storeKey).generation = next;
    }

    private void keepOpen(String storeKey, Generation.Open next, @Nullable String traceparent) {
        long now = clock().nanos();
        Watched watched = open.get(storeKey);
        if (watched == null) {
            watched = new Watched(next, traceparent, now);
            open.put(storeKey, watched);
            metrics.opened(1);
        } else {
            if (next.cancelling() && !watched.generation.cancelling()) {
                watched.cancelNanos = now;
            }
            watched.generation = next;
            watched.traceparent = traceparent == null ? watched.traceparent : traceparent;
        }
        stores().putHeader(storeKey, next, watched.traceparent);
    }

    private void close(String storeKey, Generation.Closed closed) {
        stores().putClosed(storeKey, closed);
        if (open.remove(storeKey) != null) {
            metrics.opened(-1);
        }
        repeatable.add(new Tombstone(storeKey, clock().nanos()));
        forgetBeyondBound();
    }

    private void signOfLife(String storeKey) {
        Watched watched = open.get(storeKey);
        if (watched != null) {
            watched.lastSignNanos = clock().nanos();
        }
    }

    /** Looks at every deadline; called every {@link AssemblySettings#checkPeriod()}. */
    private void check() {
        clock().look();
        repeatReports();
        long now = clock().nanos();
        List.copyOf(open.keySet()).forEach(storeKey -> check(storeKey, watched(storeKey), now));
        forgetExpired(now);
    }

    private void check(String storeKey, Watched watched, long now) {
        Generation.Open generation = watched.generation;
        Duration silence = Duration.ofNanos(now - watched.lastSignNanos);
        if (generation.cancelling()
                && now - watched.cancelNanos >= settings.cancelGrace().toNanos()) {
            conclude(storeKey, watched, generation.cancelUnanswered(wallClock.instant()));
        } else if (generation.running() && silence.compareTo(leaseOf(generation)) >= 0) {
            log.warn(
                    "attempt lost: {} has been silent for {} ms",
                    generation.claimedBy().attemptId(),
                    silence.toMillis());
            conclude(storeKey, watched, generation.fallSilent(wallClock.instant()));
        } else if (silence.compareTo(settings.rememberFor()) >= 0) {
            stores().delete(storeKey);
            open.remove(storeKey);
            metrics.opened(-1);
            metrics.forgotten();
        }
    }

    private Duration leaseOf(Generation.Open generation) {
        return settings.work().lease(generation.claimedBy().kind());
    }

    private void conclude(String storeKey, Watched watched, Step step) {
        save(storeKey, step, null);
        forward(storeKey, step.reports(), traceHeaders(watched.traceparent));
        step.reports().forEach(metrics::reported);
    }

    private void forgetExpired(long now) {
        while (!repeatable.isEmpty()
                && now - repeatable.getFirst().sinceNanos
                        >= settings.repeatFor().toNanos()) {
            Tombstone tombstone = repeatable.removeFirst();
            Stored stored = stores().load(tombstone.storeKey);
            if (stored != null && stored.generation() instanceof Generation.Closed closed) {
                stores().putClosed(tombstone.storeKey, closed.bare());
            }
            stores().deleteTexts(tombstone.storeKey);
            bare.add(tombstone);
        }
        while (!bare.isEmpty()
                && now - bare.getFirst().sinceNanos >= settings.rememberFor().toNanos()) {
            stores().delete(bare.removeFirst().storeKey);
        }
    }

    private void forgetBeyondBound() {
        while (repeatable.size() + bare.size() > settings.maxClosed()) {
            Tombstone oldest = bare.isEmpty() ? repeatable.removeFirst() : bare.removeFirst();
            stores().delete(oldest.storeKey);
        }
    }

    private void repeatReports() {
        if (repeats.isEmpty()) {
            return;
        }
        List<Repeat> due = List.copyOf(repeats);
        repeats.clear();
        due.forEach(repeat -> forward(repeat.storeKey, repeat.reports, traceHeaders(repeat.traceparent)));
    }

    /** Forwards reports, their trace carried on from {@code cause}. */
    private void forward(String storeKey, List<GenerationReport> reports, Headers cause) {
        for (GenerationReport report : reports) {
            Headers headers =
                    CloudEventHeaders.of(report.getReportId(), report.getBody(), SOURCE, report.getTime(), cause);
            Objects.requireNonNull(context)
                    .forward(new Record<>(
                            GenerationStores.conversationOf(storeKey), report, wallClock.millis(), headers));
        }
    }

    @Override
    public void close() {
        metrics.opened(-open.size());
        open.clear();
    }

    private static @Nullable String trace(Headers headers) {
        return CloudEventHeaders.text(headers, CloudEventHeaders.TRACEPARENT);
    }

    private static Headers traceHeaders(@Nullable String traceparent) {
        Headers headers = new RecordHeaders();
        if (traceparent != null) {
            headers.add(CloudEventHeaders.TRACEPARENT, traceparent.getBytes(StandardCharsets.UTF_8));
        }
        return headers;
    }

    private Watched watched(String storeKey) {
        return Objects.requireNonNull(open.get(storeKey), "not open");
    }

    private GenerationStores stores() {
        return Objects.requireNonNull(stores, "not initialised");
    }

    private WatchClock clock() {
        return Objects.requireNonNull(clock, "not initialised");
    }
}
