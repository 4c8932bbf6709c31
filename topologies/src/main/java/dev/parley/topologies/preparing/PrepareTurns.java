package dev.parley.topologies.preparing;

import dev.parley.chat.v1.Attempt;
import dev.parley.chat.v1.Configuration;
import dev.parley.chat.v1.DocumentPassages;
import dev.parley.chat.v1.GenerationFailed;
import dev.parley.chat.v1.GenerationOptions;
import dev.parley.chat.v1.GenerationReport;
import dev.parley.chat.v1.GenerationRequest;
import dev.parley.chat.v1.Passage;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.RetrievalConfiguration;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.TurnPrepared;
import dev.parley.chat.v1.TurnRequest;
import dev.parley.chat.v1.Usage;
import dev.parley.chat.v1.UsageBasis;
import dev.parley.schemas.CloudEventHeaders;
import dev.parley.schemas.ErrorCode;
import dev.parley.schemas.TokenEstimate;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.schemas.keys.EventIds;
import dev.parley.schemas.keys.GenerationId;
import dev.parley.schemas.keys.WorkspaceKey;
import dev.parley.schemas.routes.BuiltInConfiguration;
import dev.parley.schemas.work.WorkKinds;
import dev.parley.topologies.preparing.IntentClassifier.Guess;
import dev.parley.topologies.retrieval.Embedder;
import dev.parley.topologies.retrieval.PassageChange;
import dev.parley.topologies.retrieval.PassageStore;
import dev.parley.topologies.retrieval.QuestionEmbeddings;
import dev.parley.topologies.retrieval.RetrievalMetrics;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.jspecify.annotations.Nullable;

/**
 * Chooses each turn's route, and prepares it with the passages of its workspace, which it keeps beside. One instance a task,
 * owned by its stream thread, on which questions are embedded as well, one short inference each; turns and passages of a workspace reach the
 * same task, since both topics are partitioned by workspace.
 */
final class PrepareTurns implements Processor<String, Object, String, SpecificRecord> {

    static final String SOURCE = "/parley/routing";

    private static final int MAX_ANSWER_RESERVE_TOKENS = 4_096;

    private final RoutingSettings settings;
    private final PreparedConfigurations configurations;
    private final QuestionEmbeddings questions;
    private final InstantSource wallClock;
    private final RoutingMetrics metrics;
    private final RetrievalMetrics retrieval;
    private @Nullable ProcessorContext<String, SpecificRecord> context;
    private @Nullable PassageStore passages;

    PrepareTurns(
            RoutingSettings settings,
            PreparedConfigurations configurations,
            Embedder embedder,
            InstantSource wallClock,
            RoutingMetrics metrics,
            RetrievalMetrics retrieval) {
        this.settings = settings;
        this.configurations = configurations;
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
        Configuration configuration = configurations.ofRecord(turn.getConfiguration());
        switch (Choice.of(turn, configuration, () -> byExamples(turn, configuration))) {
            case Choice.AskModel ask -> askModel(record, turn, configuration, now);
            case Choice.Chosen chosen -> follow(record, turn, Route.of(chosen, turn, configuration), now);
        }
    }

    private Optional<Guess> byExamples(TurnRequest turn, Configuration configuration) {
        return configurations.examplesOf(configuration).flatMap(examples -> {
            float[] vector = questions.question(turn.getContent()).vector();
            return vector == null ? Optional.empty() : examples.classify(vector);
        });
    }

    /** Work of its own, before that of the turn: the conversation hears its end as it hears the turn's. */
    private void askModel(Record<String, Object> record, TurnRequest turn, Configuration configuration, Instant now) {
        GenerationRequest order = classification(turn, configuration, now);
        report(record, turn, asked(turn, order, configuration, now), now);
        forward(
                record,
                turn,
                order,
                EventIds.ofOrder(new GenerationId(order.getGenerationId()), order.getAttempt()),
                order,
                now);
        metrics.askedModel();
    }

    /** The report that a model is asked which way the turn goes. */
    private static GenerationReport asked(
            TurnRequest turn, GenerationRequest order, Configuration configuration, Instant now) {
        return new GenerationReport(
                EventIds.ofPrepared(new GenerationId(order.getGenerationId()), order.getAttempt()),
                order.getGenerationId(),
                now,
                TurnPrepared.newBuilder()
                        .setAttempt(turn.getAttempt())
                        .setIntent("")
                        .setConfidence(0.0)
                        .setEngine(order.getEngine())
                        .setReason(WorkKinds.CLASSIFY)
                        .setSources(List.of())
                        .setConfiguration(configuration.getVersion())
                        .setTimeoutMillis(configuration.getClassifier().getTimeoutMillis())
                        .build());
    }

    private void follow(Record<String, Object> record, TurnRequest turn, Route route, Instant now) {
        Integer questionTokens = route.settings().getLimits().getQuestion();
        boolean tooLong = questionTokens != null && turn.getContent().length() > TokenEstimate.chars(questionTokens);
        List<Passage> found = tooLong ? List.of() : retrieve(turn, route);
        // The report goes first, so that the conversation mostly hears of the route before it hears of a worker.
        report(record, turn, prepared(turn, route, found, now), now);
        if (tooLong) {
            report(record, turn, refused(turn, route, questionTokens, now), now);
            metrics.refused();
            return;
        }
        GenerationRequest request = request(turn, route, found, now);
        forward(
                record,
                turn,
                request,
                EventIds.ofOrder(new GenerationId(turn.getGenerationId()), turn.getAttempt()),
                request,
                now);
        metrics.prepared(route, found.size(), record.timestamp(), now);
    }

    private void report(Record<String, Object> record, TurnRequest turn, GenerationReport report, Instant now) {
        forward(record, turn, report, report.getReportId(), report.getBody(), now);
    }

    /**
     * The passages that the prompt is to carry. Who brings a prompt of its own wants that one and nothing beside. In a
     * workspace without passages the question is not even embedded.
     */
    private List<Passage> retrieve(TurnRequest turn, Route route) {
        RetrievalConfiguration wanted = route.settings().getRetrieval();
        int limit = wanted.getPassages() == null ? settings.maxPassages() : wanted.getPassages();
        if (Choice.bringsItsOwn(turn)
                || turn.getContent().isBlank()
                || !wanted.getEnabled()
                || limit == 0
                || !store().mayHold(workspace(turn))) {
            return List.of();
        }
        long started = System.nanoTime();
        List<Passage> found = store().find(
                        workspace(turn),
                        questions.question(turn.getContent()),
                        limit,
                        wanted.getMinSimilarity() == null ? settings.minSimilarity() : wanted.getMinSimilarity());
        retrieval.time().record(System.nanoTime() - started, TimeUnit.NANOSECONDS);
        return PassageSection.fitting(
                found, wanted.getTokens() == null ? settings.passageTokens() : wanted.getTokens());
    }

    private static WorkspaceKey workspace(TurnRequest turn) {
        return new WorkspaceKey(turn.getTenantId(), turn.getWorkspaceId());
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
                EventIds.ofPrepared(new GenerationId(turn.getGenerationId()), turn.getAttempt()),
                turn.getGenerationId(),
                now,
                new TurnPrepared(
                        turn.getAttempt(),
                        route.choice().intent(),
                        route.choice().confidence(),
                        route.engine(),
                        route.choice().reason(),
                        passages.stream().map(Passage::getSource).toList(),
                        route.configuration(),
                        null));
    }

    /** The report that a turn gets no answer since its question is too long. No worker has a part in it. */
    private static GenerationReport refused(TurnRequest turn, Route route, int questionTokens, Instant now) {
        String id = EventIds.ofRefused(new GenerationId(turn.getGenerationId()), turn.getAttempt());
        return new GenerationReport(
                id,
                turn.getGenerationId(),
                now,
                GenerationFailed.newBuilder()
                        .setAttempt(new Attempt(id, turn.getAttempt(), route.engine(), "", "", ""))
                        .setCode(ErrorCode.PAYLOAD_TOO_LARGE.wire())
                        .setDetail("the question has more than " + questionTokens + " tokens, which is the most that "
                                + route.settings().getIntent() + " allows")
                        .setRetryable(false)
                        .setContent("")
                        .setUsage(new Usage(0, 0, UsageBasis.ESTIMATED, null))
                        .setGenerationMillis(0.0)
                        .build());
    }

    private GenerationRequest request(TurnRequest turn, Route route, List<Passage> passages, Instant now) {
        GenerationOptions options = RouteOptions.of(turn, route.settings());
        String template = route.settings().getSystemPrompt();
        String systemPrompt = template == null
                ? settings.systemPrompt()
                : PromptTemplate.filled(template, route.choice().intent(), turn);
        List<PromptMessage> messages = Prompt.of(turn, systemPrompt, passages, bounds(route, options));
        if (!turn.getHistory().isEmpty() && trimmed(messages, turn)) {
            metrics.historyTrimmed();
        }
        return order(turn, WorkKinds.MODEL, now)
                .setGenerationId(turn.getGenerationId())
                .setAttempt(turn.getAttempt())
                .setEngine(route.engine())
                .setMessages(messages)
                .setPassages(passages)
                .setOptions(options)
                .setFallbacks(route.fallbacks())
                .setConfiguration(route.configuration())
                .setModelCallsLeft(turn.getModelCallsLeft())
                .build();
    }

    private static GenerationRequest.Builder order(TurnRequest turn, String kind, Instant now) {
        return GenerationRequest.newBuilder()
                .setTenantId(turn.getTenantId())
                .setConversationId(turn.getConversationId())
                .setTurnId(turn.getTurnId())
                .setAssistantMessageId(turn.getAssistantMessageId())
                .setCause(turn.getCause())
                .setTime(now)
                .setKind(kind);
    }

    /** Exchanges are left out from the oldest on, which its user's message tells. */
    private static boolean trimmed(List<PromptMessage> messages, TurnRequest turn) {
        return turn.getHistory().stream()
                .filter(message -> message.getRole() == Role.USER)
                .findFirst()
                .filter(oldest -> !messages.contains(oldest))
                .isPresent();
    }

    private static Prompt.Bounds bounds(Route route, @Nullable GenerationOptions options) {
        Integer context = route.contextTokens();
        Integer answer = options == null ? null : options.getMaxOutputTokens();
        return new Prompt.Bounds(
                route.settings().getLimits().getHistory(),
                context == null ? null : context - (answer == null ? answerReserve(context) : answer));
    }

    /** What is kept free for an answer of which nobody said how long it may be. */
    private static int answerReserve(int contextTokens) {
        return Math.min(MAX_ANSWER_RESERVE_TOKENS, contextTokens / 4);
    }

    /** Asks a model which way the turn goes: for one word, and the same one each time. */
    private static GenerationRequest classification(TurnRequest turn, Configuration configuration, Instant now) {
        String engine = configuration.getClassifier().getEngine();
        return order(turn, WorkKinds.CLASSIFY, now)
                .setGenerationId(new GenerationId(turn.getGenerationId())
                        .classification()
                        .text())
                .setAttempt(turn.getClassifyAttempt())
                .setEngine(engine == null ? BuiltInConfiguration.DEFAULT_ENGINE : engine)
                .setMessages(ClassificationPrompt.of(turn.getContent(), configuration))
                .setOptions(GenerationOptions.newBuilder()
                        .setMaxOutputTokens(ClassificationPrompt.MAX_OUTPUT_TOKENS)
                        .setTemperature(0.0)
                        .build())
                .setConfiguration(configuration.getVersion())
                .setModelCallsLeft(ClassificationPrompt.MAX_CALLS)
                .build();
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
