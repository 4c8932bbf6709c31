package dev.parley.topologies.preparing;

import dev.parley.chat.v1.Passage;
import dev.parley.chat.v1.SearchRequest;
import dev.parley.chat.v1.SearchResult;
import dev.parley.schemas.CloudEventHeaders;
import dev.parley.schemas.keys.EventIds;
import dev.parley.schemas.keys.WorkspaceKey;
import dev.parley.topologies.retrieval.Embedder;
import dev.parley.topologies.retrieval.PassageStore;
import dev.parley.topologies.retrieval.QuestionEmbeddings;
import dev.parley.topologies.retrieval.RetrievalMetrics;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers searches from the passages that the task keeps for its turns, the same way and with the same bounds. One instance
 * a task, owned by its stream thread.
 *
 * <p>Turns come first: a search that goes wrong is answered as such and ends no thread, and one that nobody can be waiting
 * for any more is passed over, so that what piled up while the application was down keeps no turn waiting.
 */
final class AnswerSearches implements Processor<String, SearchRequest, String, SearchResult> {

    /** As many passages as a search may ask for. */
    static final int MAX_LIMIT = 50;

    /** Many times longer than any door waits, and room for clocks that differ. */
    private static final Duration MAX_AGE = Duration.ofMinutes(1);

    private static final Logger log = LoggerFactory.getLogger(AnswerSearches.class);

    private final double minSimilarity;
    private final QuestionEmbeddings questions;
    private final InstantSource wallClock;
    private final RetrievalMetrics metrics;
    private @Nullable ProcessorContext<String, SearchResult> context;
    private @Nullable PassageStore passages;

    AnswerSearches(double minSimilarity, Embedder embedder, InstantSource wallClock, RetrievalMetrics metrics) {
        this.minSimilarity = minSimilarity;
        this.questions = new QuestionEmbeddings(embedder, metrics);
        this.wallClock = wallClock;
        this.metrics = metrics;
    }

    @Override
    public void init(ProcessorContext<String, SearchResult> context) {
        this.context = context;
        this.passages = context.getStateStore(RoutingTopology.PASSAGES);
    }

    @Override
    public void process(Record<String, SearchRequest> record) {
        SearchRequest search = record.value();
        Instant now = wallClock.instant();
        if (Duration.between(search.getTime(), now).compareTo(MAX_AGE) > 0) {
            metrics.searchPassedOver();
            return;
        }
        SearchResult result = result(search, now);
        Objects.requireNonNull(context, "not initialised")
                .forward(new Record<>(
                        search.getSearchId(),
                        result,
                        now.toEpochMilli(),
                        CloudEventHeaders.of(
                                EventIds.ofSearchResult(search.getSearchId()),
                                result,
                                PrepareTurns.SOURCE,
                                now,
                                record.headers())));
    }

    private SearchResult result(SearchRequest search, Instant now) {
        try {
            return new SearchResult(search.getSearchId(), now, find(search), null);
        } catch (RuntimeException e) {
            log.warn("a search is answered with an error, since the index cannot be read", e);
            return new SearchResult(search.getSearchId(), now, List.of(), "the workspace's index cannot be read");
        }
    }

    private List<Passage> find(SearchRequest search) {
        long started = System.nanoTime();
        List<Passage> found = Objects.requireNonNull(passages, "not initialised")
                .find(
                        new WorkspaceKey(search.getTenantId(), search.getWorkspaceId()),
                        questions.question(search.getQuery()),
                        search.getLimit(),
                        minSimilarity);
        metrics.time().record(System.nanoTime() - started, TimeUnit.NANOSECONDS);
        return found;
    }

    /** What is wrong with a search, without quoting it; null where nothing is. */
    static @Nullable String objection(String key, SearchRequest search) {
        try {
            // Another key may have brought it to a task that does not have the workspace, which would find nothing.
            if (!key.equals(new WorkspaceKey(search.getTenantId(), search.getWorkspaceId()).toString())) {
                return "the key is not that of the workspace";
            }
        } catch (IllegalArgumentException e) {
            return "tenantId or workspaceId is not a valid id";
        }
        if (search.getSearchId().isEmpty()) {
            return "searchId is empty";
        }
        return search.getLimit() < 1 || search.getLimit() > MAX_LIMIT ? "limit is not from 1 to " + MAX_LIMIT : null;
    }
}
