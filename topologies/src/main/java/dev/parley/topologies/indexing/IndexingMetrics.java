package dev.parley.topologies.indexing;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicLong;

/** What operators see of indexing. Thread-safe. */
final class IndexingMetrics {

    private final Counter indexed;
    private final Counter deleted;
    private final Counter shortened;
    private final Counter refused;
    private final Counter outages;
    private final Counter passages;
    private final Timer embedding;
    private final Timer latency;
    private final AtomicLong lag = new AtomicLong();

    IndexingMetrics(MeterRegistry registry, String stage, String topic) {
        this.indexed = documents(registry, "indexed");
        this.deleted = documents(registry, "deleted");
        this.shortened = Counter.builder("parley.indexing.documents.shortened")
                .description("Documents with more passages than one record holds, indexed in part")
                .register(registry);
        this.refused = Counter.builder("parley.dead.letters")
                .description("Records set aside as poison")
                .tag("stage", stage)
                .tag("topic", topic)
                .register(registry);
        this.outages = Counter.builder("parley.indexing.outages")
                .description("Times that indexing went back to its last commit")
                .register(registry);
        this.passages = Counter.builder("parley.indexing.passages")
                .description("Passages written")
                .register(registry);
        this.embedding = Timer.builder("parley.indexing.embedding")
                .description("Time to embed the passages of a batch")
                .register(registry);
        this.latency = Timer.builder("parley.indexing.latency")
                .description("From the time a document was written to its passages")
                .publishPercentileHistogram()
                .register(registry);
        registry.gauge("parley.indexing.lag", lag);
    }

    private static Counter documents(MeterRegistry registry, String outcome) {
        return Counter.builder("parley.indexing.documents")
                .description("Documents taken in")
                .tag("outcome", outcome)
                .register(registry);
    }

    void indexed(int passageCount, long documentMillis, Instant now) {
        indexed.increment();
        passages.increment(passageCount);
        Duration took = Duration.between(Instant.ofEpochMilli(documentMillis), now);
        latency.record(took.isNegative() ? Duration.ZERO : took);
    }

    void deleted() {
        deleted.increment();
    }

    void shortened() {
        shortened.increment();
    }

    void refused() {
        refused.increment();
    }

    void outage() {
        outages.increment();
    }

    void embedded(Duration time) {
        embedding.record(time);
    }

    void lag(long records) {
        lag.set(records);
    }
}
