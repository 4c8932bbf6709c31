package dev.parley.topologies.preparing;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.time.Instant;

/** What operators see of routing, summed over all tasks of this process. Thread-safe. */
final class RoutingMetrics {

    private final MeterRegistry registry;
    private final Timer latency;
    private final DistributionSummary passages;
    private final Counter documents;
    private final Counter askedModel;
    private final Counter refused;
    private final Counter historyTrimmed;

    RoutingMetrics(MeterRegistry registry) {
        this.registry = registry;
        this.latency = Timer.builder("parley.routing.latency")
                .description("From the time a turn was written to its request")
                .publishPercentileHistogram()
                .register(registry);
        this.passages = DistributionSummary.builder("parley.routing.passages")
                .description("Passages that a prompt carries")
                .register(registry);
        this.documents = Counter.builder("parley.routing.documents")
                .description("Documents put or deleted")
                .register(registry);
        this.askedModel = Counter.builder("parley.routing.asked.model")
                .description("Turns of which a model was asked which way they go")
                .register(registry);
        this.refused = Counter.builder("parley.routing.refused")
                .description("Turns whose question is longer than their route allows")
                .register(registry);
        this.historyTrimmed = Counter.builder("parley.routing.history.trimmed")
                .description("Turns for which exchanges were left out of the history to keep within the budget")
                .register(registry);
    }

    void prepared(Route route, int passageCount, long turnMillis, Instant now) {
        // The engine's name may be any caller's invention, so it is no tag: each would be a time series of its own.
        registry.counter("parley.routing.turns", "reason", route.choice().reason())
                .increment();
        passages.record(passageCount);
        Duration took = Duration.between(Instant.ofEpochMilli(turnMillis), now);
        latency.record(took.isNegative() ? Duration.ZERO : took);
    }

    void askedModel() {
        askedModel.increment();
    }

    void refused() {
        refused.increment();
    }

    void historyTrimmed() {
        historyTrimmed.increment();
    }

    void document() {
        documents.increment();
    }
}
