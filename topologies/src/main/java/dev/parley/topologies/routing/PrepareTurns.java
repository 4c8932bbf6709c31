package dev.parley.topologies.routing;

import dev.parley.chat.v1.Document;
import dev.parley.chat.v1.GenerationReport;
import dev.parley.chat.v1.GenerationRequest;
import dev.parley.chat.v1.Passage;
import dev.parley.chat.v1.TurnPrepared;
import dev.parley.chat.v1.TurnRequest;
import dev.parley.schemas.CloudEventHeaders;
import dev.parley.schemas.ConversationKey;
import dev.parley.topologies.retrieval.PassageIndex;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Objects;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/**
 * Prepares each turn with the documents of its workspace, which it keeps beside. One instance a task, owned by its stream
 * thread; turns and documents of a workspace reach the same task, since both topics are partitioned by workspace.
 */
final class PrepareTurns implements Processor<String, Object, String, SpecificRecord> {

    static final String SOURCE = "/parley/routing";

    private final RoutingSettings settings;
    private final PassageIndex index;
    private final InstantSource wallClock;
    private final RoutingMetrics metrics;
    private @Nullable ProcessorContext<String, SpecificRecord> context;
    private @Nullable KeyValueStore<String, Document> documents;

    PrepareTurns(RoutingSettings settings, PassageIndex index, InstantSource wallClock, RoutingMetrics metrics) {
        this.settings = settings;
        this.index = index;
        this.wallClock = wallClock;
        this.metrics = metrics;
    }

    @Override
    public void init(ProcessorContext<String, SpecificRecord> context) {
        this.context = context;
        KeyValueStore<String, Document> store = context.getStateStore(RoutingTopology.DOCUMENTS);
        this.documents = store;
        try (KeyValueIterator<String, Document> all = store.all()) {
            while (all.hasNext()) {
                KeyValue<String, Document> entry = all.next();
                index.put(entry.key, entry.value);
            }
        }
    }

    @Override
    public void process(Record<String, Object> record) {
        switch (record.value()) {
            case TurnRequest turn -> prepare(record, turn);
            case DocumentChange.Put(Document document) -> keep(record.key(), document);
            case DocumentChange.Deleted deleted -> forget(record.key());
            default ->
                throw new IllegalArgumentException("neither turn nor document: "
                        + record.value().getClass().getSimpleName());
        }
    }

    private void prepare(Record<String, Object> record, TurnRequest turn) {
        Instant now = wallClock.instant();
        Route route = Route.of(turn);
        List<Passage> passages =
                index.find(turn.getTenantId(), turn.getWorkspaceId(), turn.getContent(), settings.maxPassages());
        // The report goes first, so that the conversation mostly hears of the route before it hears of a worker.
        GenerationReport report = prepared(turn, route, passages, now);
        forward(record, turn, report, report.getReportId(), (SpecificRecord) report.getBody(), now);
        GenerationRequest request = request(turn, route, passages, now);
        forward(record, turn, request, turn.getGenerationId() + "/" + turn.getAttempt() + "/request", request, now);
        metrics.prepared(route, passages.size(), record.timestamp(), now);
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
                        passages.stream().map(Passage::getSource).toList()));
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
                Prompt.of(turn, settings.systemPrompt()),
                passages,
                turn.getPrompt() == null ? null : turn.getPrompt().getOptions());
    }

    private void keep(String key, Document document) {
        Objects.requireNonNull(documents).put(key, document);
        index.put(key, document);
        metrics.document();
    }

    private void forget(String key) {
        Objects.requireNonNull(documents).delete(key);
        index.remove(key);
        metrics.document();
    }

    @Override
    public void close() {
        index.close();
    }
}
