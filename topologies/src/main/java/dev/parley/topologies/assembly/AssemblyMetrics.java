package dev.parley.topologies.assembly;

import dev.parley.chat.v1.AttemptClaimed;
import dev.parley.chat.v1.AttemptLost;
import dev.parley.chat.v1.GenerationCancelled;
import dev.parley.chat.v1.GenerationCompleted;
import dev.parley.chat.v1.GenerationFailed;
import dev.parley.chat.v1.GenerationReport;
import dev.parley.chat.v1.TurnPrepared;
import dev.parley.chat.v1.Unknown;
import dev.parley.chat.v1.Usage;
import dev.parley.topologies.assembly.Generation.Effect;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;

/** What operators see of assembly, summed over all tasks of this process. Thread-safe. */
final class AssemblyMetrics {

    private final MeterRegistry registry;
    private final Map<Effect, Counter> chunks = new EnumMap<>(Effect.class);
    private final AtomicInteger open;
    private final Counter forgotten;
    private final Timer reportLatency;

    AssemblyMetrics(MeterRegistry registry) {
        this.registry = registry;
        for (Effect effect : Effect.values()) {
            chunks.put(
                    effect,
                    Counter.builder("parley.assembly.chunks")
                            .description("Chunks read, by what became of them")
                            .tag("effect", effect.name().toLowerCase(Locale.ROOT))
                            .register(registry));
        }
        this.open = new AtomicInteger();
        registry.gauge("parley.assembly.generations.open", open);
        this.forgotten = Counter.builder("parley.assembly.generations.forgotten")
                .description("Open generations given up because nothing more was heard of them")
                .register(registry);
        this.reportLatency = Timer.builder("parley.assembly.report.latency")
                .description("From the time a chunk was written to the report it led to")
                .publishPercentileHistogram()
                .register(registry);
    }

    void chunk(Effect effect) {
        Objects.requireNonNull(chunks.get(effect)).increment();
    }

    /** Adds to the number of open generations. */
    void opened(int more) {
        open.addAndGet(more);
    }

    void forgotten() {
        forgotten.increment();
    }

    /** A report that a chunk led to, {@code latency} after the chunk was written, by the wall clock. */
    void reportedAfter(Duration latency) {
        reportLatency.record(latency.isNegative() ? Duration.ZERO : latency);
    }

    /** A report made for the first time. */
    void reported(GenerationReport report) {
        switch (report.getBody()) {
            case AttemptLost lost -> count("parley.assembly.attempts.lost", "reason", lost.getReason());
            case GenerationCompleted completed -> ended("completed", completed.getUsage());
            case GenerationFailed failed -> ended("failed", failed.getUsage());
            case GenerationCancelled cancelled -> ended("cancelled", cancelled.getUsage());
            case AttemptClaimed claimed -> count("parley.assembly.attempts.claimed");
            case TurnPrepared _, Unknown _ ->
                throw new IllegalArgumentException("not a report of assembly: " + report.getReportId());
        }
    }

    private void ended(String outcome, Usage usage) {
        count("parley.assembly.generations", "outcome", outcome);
        String basis = usage.getBasis().name().toLowerCase(Locale.ROOT);
        registry.counter("parley.assembly.tokens", "direction", "input", "basis", basis)
                .increment(usage.getInputTokens());
        registry.counter("parley.assembly.tokens", "direction", "output", "basis", basis)
                .increment(usage.getOutputTokens());
    }

    private void count(String name, String... tags) {
        registry.counter(name, tags).increment();
    }
}
