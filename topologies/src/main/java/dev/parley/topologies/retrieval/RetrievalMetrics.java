package dev.parley.topologies.retrieval;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.ToLongFunction;

/** What operators see of retrieval, summed over all tasks of this process. Thread-safe. */
public final class RetrievalMetrics {

    private final Timer time;
    private final Counter embeddingFailures;
    private final Counter skipped;
    private final Counter discarded;
    private final Counter searchesPassedOver;
    private final Set<PassageIndex> indexes = ConcurrentHashMap.newKeySet();

    public RetrievalMetrics(MeterRegistry registry) {
        this.time = Timer.builder("parley.retrieval.time")
                .description("To embed a question and to find its passages")
                .publishPercentileHistogram()
                .register(registry);
        this.embeddingFailures = Counter.builder("parley.retrieval.embedding.failures")
                .description("Questions looked for by their words alone, since the model failed")
                .register(registry);
        this.skipped = Counter.builder("parley.retrieval.skipped")
                .description("Records passed over while an index was restored, which were set aside when first read")
                .register(registry);
        this.discarded = Counter.builder("parley.retrieval.discarded")
                .description("Local indexes that could not be trusted and were built anew")
                .register(registry);
        this.searchesPassedOver = Counter.builder("parley.retrieval.searches.passed.over")
                .description("Searches that came so late that nobody was waiting for them any more")
                .register(registry);
        Gauge.builder("parley.retrieval.indexed.passages", indexes, all -> sum(all, PassageIndex::passages))
                .description("Passages in the indexes of this process")
                .register(registry);
        Gauge.builder("parley.retrieval.indexed.bytes", indexes, all -> sum(all, PassageIndex::bytes))
                .description("Size of the indexes of this process on disk")
                .baseUnit("bytes")
                .register(registry);
    }

    /** Times one search, the embedding of its question included. */
    public Timer time() {
        return time;
    }

    /** Counts a search that is not answered, since nobody waits for it any more. */
    public void searchPassedOver() {
        searchesPassedOver.increment();
    }

    void embeddingFailed() {
        embeddingFailures.increment();
    }

    void skipped() {
        skipped.increment();
    }

    void discarded() {
        discarded.increment();
    }

    void opened(PassageIndex index) {
        indexes.add(index);
    }

    void closed(PassageIndex index) {
        indexes.remove(index);
    }

    private static double sum(Set<PassageIndex> indexes, ToLongFunction<PassageIndex> part) {
        return indexes.stream().mapToLong(part).sum();
    }
}
