package dev.parley.ingest.search;

import dev.parley.chat.v1.Passage;
import dev.parley.chat.v1.SearchRequest;
import dev.parley.chat.v1.SearchResult;
import dev.parley.ingest.http.Call;
import dev.parley.ingest.http.ProblemException;
import dev.parley.ingest.http.Request;
import dev.parley.ingest.log.KafkaAppends;
import dev.parley.schemas.CloudEventHeaders;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.LogReader;
import dev.parley.schemas.TopicTail;
import dev.parley.schemas.Topics;
import dev.parley.schemas.keys.WorkspaceKey;
import dev.parley.schemas.settings.KafkaSettings;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Headers;

/**
 * Searches by way of the searches' topic, to the task that owns the workspace, and of the results' topic back. Every door
 * reads all results that come from now on and picks out those that it waits for.
 *
 * <p>A search is waited for before it is sent, so that no result is too early. Its result may be lost to this door while it
 * finds back to Kafka; then the caller is told to try again, as where the task is just being moved to another process.
 */
public final class KafkaSearches implements Searches {

    /** From the request to its answer. */
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    /** A task answers some tens of searches a second; more would only wait for one another, and turns for them. */
    private static final int MAX_WAITING = 64;

    private final Topics topics;
    private final KafkaAppends appends;
    private final TopicTail<SearchResult> results;
    private final Map<String, CompletableFuture<SearchResult>> waiting = new ConcurrentHashMap<>();
    private final Semaphore room = new Semaphore(MAX_WAITING);
    private final Timer time;
    private volatile boolean closing;

    public KafkaSearches(KafkaSettings kafka, Topics topics, MeterRegistry meters) {
        this.topics = topics;
        this.appends = new KafkaAppends(kafka, "parley-ingest-searches", "search", meters);
        this.results = new TopicTail<>(
                topics.searchResults(),
                new LogReader.Start.End(),
                kafka,
                "parley-ingest-search-results",
                this::take,
                meters.counter(
                        "parley.records.skipped",
                        "topic",
                        topics.searchResults().name())::increment);
        this.time = Timer.builder("parley.ingest.search")
                .description("From a search to its result, where one came")
                .publishPercentileHistogram()
                .register(meters);
        meters.gauge("parley.ingest.searches.waiting", waiting, Map::size);
        results.start();
    }

    @Override
    public List<Passage> find(WorkspaceKey workspace, String query, int limit, Call call) {
        if (!room.tryAcquire()) {
            throw new ProblemException(ErrorCode.OVERLOADED, "too many searches wait for their results");
        }
        long began = System.nanoTime();
        String searchId = "search_" + Request.uniqueId();
        CompletableFuture<SearchResult> result = new CompletableFuture<>();
        waiting.put(searchId, result);
        try {
            if (closing) {
                throw stopping();
            }
            // Before that, a result could pass by unread.
            if (!results.awaitCaughtUp(PATIENCE)) {
                throw tooLate();
            }
            Instant now = Instant.now().truncatedTo(ChronoUnit.MILLIS);
            append(
                    workspace,
                    new SearchRequest(searchId, workspace.tenant(), workspace.workspace(), now, query, limit),
                    call);
            long left = PATIENCE.toNanos() - (System.nanoTime() - began);
            SearchResult found = result.get(Math.max(0, left), TimeUnit.NANOSECONDS);
            if (found.getError() != null) {
                throw new ProblemException(ErrorCode.UNAVAILABLE, found.getError());
            }
            time.record(Duration.ofNanos(System.nanoTime() - began));
            return found.getPassages();
        } catch (TimeoutException e) {
            throw tooLate();
        } catch (ExecutionException e) {
            throw stopping();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw stopping();
        } finally {
            waiting.remove(searchId);
            room.release();
        }
    }

    private void append(WorkspaceKey workspace, SearchRequest search, Call call) {
        Headers headers = KafkaAppends.traced(
                CloudEventHeaders.of(search.getSearchId(), search, KafkaAppends.SOURCE, search.getTime(), null), call);
        String topic = topics.searches().name();
        appends.append(
                any -> new ProducerRecord<>(
                        topic,
                        null,
                        search.getTime().toEpochMilli(),
                        workspace.toString().getBytes(StandardCharsets.UTF_8),
                        topics.searches().values().serializer().serialize(topic, search),
                        headers),
                "repeat it");
    }

    private void take(SearchResult result) {
        CompletableFuture<SearchResult> asked = waiting.get(result.getSearchId());
        if (asked != null) {
            asked.complete(result);
        }
    }

    private static ProblemException tooLate() {
        return new ProblemException(
                ErrorCode.UNAVAILABLE,
                "the workspace's index did not answer within " + PATIENCE.toSeconds()
                        + " s; it may be moving to another process");
    }

    private static ProblemException stopping() {
        return new ProblemException(ErrorCode.UNAVAILABLE, "the server is stopping");
    }

    @Override
    public void release() {
        closing = true;
        waiting.values().forEach(asked -> asked.completeExceptionally(new IllegalStateException("closing")));
    }

    @Override
    public void close() {
        release();
        appends.close();
        results.close();
    }
}
