package dev.parley.topologies.routing;

import dev.parley.chat.v1.DocumentPassages;
import dev.parley.chat.v1.GenerationReport;
import dev.parley.chat.v1.GenerationRequest;
import dev.parley.chat.v1.Passage;
import dev.parley.chat.v1.TurnPrepared;
import dev.parley.chat.v1.TurnRequest;
import dev.parley.schemas.CloudEventHeaders;
import dev.parley.schemas.ConversationKey;
import dev.parley.topologies.retrieval.Embedder;
import dev.parley.topologies.retrieval.PassageChange;
import dev.parley.topologies.retrieval.PassageStore;
import dev.parley.topologies.retrieval.QuestionEmbeddings;
import dev.parley.topologies.retrieval.RetrievalMetrics;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.jspecify.annotations.Nullable;

/**
 * Prepares each turn with the passages of its workspace, which it keeps beside. One instance a task, owned by its stream
 * thread, on which questions are embedded as well, one short inference each; turns and passages of a workspace reach the
 * same task, since both topics are partitioned by workspace.
 */
final class PrepareTurns implements Processor<String, Object, String, SpecificRecord> {

    static final String SOURCE = "/parley/routing";

    private final RoutingSettings settings;
    private final QuestionEmbeddings questions;
    private final InstantSource wallClock;
    private final RoutingMetrics metrics;
    private final RetrievalMetrics retrieval;
    private @Nullable ProcessorContext<String, SpecificRecord> context;
    private @Nullable PassageStore passages;

    PrepareTurns(
            RoutingSettings settings,
            Embedder embedder,
            InstantSource wallClock,
            RoutingMetrics metrics,
            RetrievalMetrics retrieval) {
        this.settings = settings;
        this.questions = new QuestionEmbeddings(embedder, retrieval);
        this.wallClock = wallClock;
        this.metrics = metrics;
        this.retrieval = retrieval;
    }

    @Override
    public void init(ProcessorContext<String, SpecificRecord> context) {
        this.context = context;
        this.passages = context.getStateStore(RoutingTopology.PASSAGES);
    }

    @Override
    public void process(Record<String, Object> record) {
        switch (record.value()) {
            case TurnRequest turn -> prepare(record, turn);
            case PassageChange.Put(DocumentPassages document) -> keep(record.key(), document);
            case PassageChange.Deleted deleted -> forget(record.key());
            default ->
                throw new IllegalArgumentException("neither turn nor passages: "
                        + record.value().getClass().getSimpleName());
        }
    }

    private void prepare(Record<String, Object> record, TurnRequest turn) {
        Instant now = wallClock.instant();
        Route route = Route.of(turn);
        List<Passage> found = retrieve(turn);
        // The report goes first, so that the conversation mostly hears of the route before it hears of a worker.
        GenerationReport report = prepared(turn, route, found, now);
        forward(record, turn, report, report.getReportId(), (SpecificRecord) report.getBody(), now);
        GenerationRequest request = request(turn, route, found, now);
        forward(record, turn, request, turn.getGenerationId() + "/" + turn.getAttempt() + "/request", request, now);
        metrics.prepared(route, found.size(), record.timestamp(), now);
    }

    /** The passages that the prompt is to carry. Who brings a prompt of its own wants that one and nothing beside. */
    private List<Passage> retrieve(TurnRequest turn) {
        if (turn.getPrompt() != null || settings.maxPassages() == 0) {
            return List.of();
        }
        long started = System.nanoTime();
        List<Passage> found = store().find(
                        turn.getTenantId(),
                        turn.getWorkspaceId(),
                        questions.question(turn.getContent()),
                        settings.maxPassages(),
                        settings.minSimilarity());
        retrieval.time().record(System.nanoTime() - started, TimeUnit.NANOSECONDS);
        return PassageSection.fitting(found, settings.passageTokens());
    }

    private PassageStore store() {
        return Objects.requireNonNull(passages, "not initialised");
    }

    private void forward(
            Record<String, Object> cause,
            TurnRequest turn,
            SpecificRecord value,
            String eventId,
            SpecificRecord body,
            Instant now) {
        String key = new ConversationKey(turn.getTenantId(), turn.getConversationId()).toString();
        String child = value instanceof GenerationReport ? RoutingTopology.RESULTS_SINK : RoutingTopology.REQUESTS_SINK;
        Objects.requireNonNull(context, "not initialised")
                .forward(
                        new Record<>(
                                key,
                                value,
                                now.toEpochMilli(),
                                CloudEventHeaders.of(eventId, body, SOURCE, now, cause.headers())),
                        child);
    }

    /** The report that a turn is prepared, under an id that is the same for every repeat of this attempt. */
    static GenerationReport prepared(TurnRequest turn, Route route, List<Passage> passages, Instant now) {
        return new GenerationReport(
                turn.getGenerationId() + "/" + turn.getAttempt() + "/prepared",
                turn.getGenerationId(),
                now,
                new TurnPrepared(
                        turn.getAttempt(),
                        route.intent(),
                        route.confidence(),
                        route.engine(),
                        route.reason(),
                        passages.stream().map(Passage::getSource).toList(),
                        ""));
    }

    private GenerationRequest request(TurnRequest turn, Route route, List<Passage> passages, Instant now) {
        return new GenerationRequest(
                turn.getTenantId(),
                turn.getConversationId(),
                turn.getTurnId(),
                turn.getGenerationId(),
                turn.getAssistantMessageId(),
                turn.getAttempt(),
                turn.getCause(),
                now,
                route.engine(),
                Prompt.of(turn, settings.systemPrompt(), passages),
                passages,
                turn.getPrompt() == null ? null : turn.getPrompt().getOptions(),
                List.of(),
                "",
                null);
    }

    private void keep(String key, DocumentPassages document) {
        store().put(key, document);
        metrics.document();
    }

    private void forget(String key) {
        store().delete(key);
        metrics.document();
    }
}
