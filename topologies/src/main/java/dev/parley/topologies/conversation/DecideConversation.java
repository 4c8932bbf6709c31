package dev.parley.topologies.conversation;

import dev.parley.chat.v1.AttemptClaimed;
import dev.parley.chat.v1.Command;
import dev.parley.chat.v1.Control;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.GenerationReport;
import dev.parley.chat.v1.MessageAccepted;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.MessageRejected;
import dev.parley.chat.v1.ToolCall;
import dev.parley.chat.v1.TurnCancelled;
import dev.parley.chat.v1.TurnFailed;
import dev.parley.chat.v1.TurnPrepared;
import dev.parley.chat.v1.TurnRequest;
import dev.parley.chat.v1.TurnStarted;
import dev.parley.schemas.CloudEventHeaders;
import dev.parley.schemas.ConversationKey;
import dev.parley.topologies.conversation.Decider.Decision;
import dev.parley.topologies.conversation.Decider.Order;
import dev.parley.topologies.conversation.Turn.Phase;
import dev.parley.topologies.conversation.Turn.Running;
import dev.parley.topologies.state.v1.ExchangeState;
import dev.parley.topologies.state.v1.MessageState;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.jspecify.annotations.Nullable;

/**
 * Loads a conversation, decides, saves, forwards; and watches over running turns. One instance a task, owned by its stream
 * thread; everything it does for one record is one transaction.
 *
 * <p>A decision is seen by others when its transaction is committed. One that somebody waits for asks for a commit at
 * once; one on a record that stood in a queue leaves it to the commit interval, so that a transaction holds many of
 * them and the queue drains.
 *
 * <p>Deadlines live in memory, on a monotonic clock, armed anew with their full length when a task starts: neither a
 * restart nor a jump of the wall clock ends a turn.
 */
final class DecideConversation implements Processor<String, SpecificRecord, String, SpecificRecord> {

    static final String SOURCE = "/parley/conversation";

    private static final Duration CHECK_PERIOD = Duration.ofMillis(200);

    /** A record that has waited for longer than this stands in a queue. */
    private static final Duration PROMPT = Duration.ofMillis(25);

    private final ConversationSettings settings;
    private final InstantSource wallClock;
    private final LongSupplier ticker;
    private final ConversationMetrics metrics;
    private final Map<String, Armed> deadlines = new HashMap<>();

    private @Nullable ProcessorContext<String, SpecificRecord> context;
    private @Nullable ConversationStores stores;

    /** A deadline, and the phase of the turn that it is for. */
    private record Armed(Input.DeadlinePassed input, long atNanos) {}

    DecideConversation(
            ConversationSettings settings, InstantSource wallClock, LongSupplier ticker, ConversationMetrics metrics) {
        this.settings = settings;
        this.wallClock = wallClock;
        this.ticker = ticker;
        this.metrics = metrics;
    }

    @Override
    public void init(ProcessorContext<String, SpecificRecord> context) {
        this.context = context;
        ConversationStores opened = new ConversationStores(context);
        this.stores = opened;
        opened.forEachActive(key -> arm(key, opened.conversation(key).running()));
        context.schedule(CHECK_PERIOD, PunctuationType.WALL_CLOCK_TIME, timestamp -> checkDeadlines());
    }

    @Override
    public void close() {
        metrics.active(-deadlines.size());
        deadlines.clear();
    }

    @Override
    public void process(Record<String, SpecificRecord> record) {
        switch (record.value()) {
            case Command command -> decide(record, new Input.Asked(command), command.getCommandId());
            case GenerationReport report -> decide(record, new Input.Reported(report), report.getReportId());
            default ->
                throw new IllegalArgumentException(
                        "neither command nor report: " + record.value().getSchema());
        }
    }

    /** The version that a turn runs under, told from the state before its event or after it. */
    private static @Nullable String configuration(Conversation before, Conversation after, @Nullable String turnId) {
        return Stream.of(after, before)
                .map(Conversation::running)
                .filter(running -> running != null && running.turnId().equals(turnId))
                .map(Turn.Running::configuration)
                .filter(version -> !version.isEmpty())
                .findFirst()
                .orElse(null);
    }

    private void checkDeadlines() {
        long now = ticker.getAsLong();
        for (Map.Entry<String, Armed> entry : List.copyOf(deadlines.entrySet())) {
            Armed armed = entry.getValue();
            if (now - armed.atNanos() >= 0) {
                String cause = armed.input().turnId() + "/deadline/"
                        + armed.input().phase().getSimpleName().toLowerCase(Locale.ROOT);
                decide(entry.getKey(), armed.input(), cause, new RecordHeaders(), wallClock.instant());
            }
        }
    }

    private void decide(Record<String, SpecificRecord> record, Input input, String causeId) {
        Instant now = wallClock.instant();
        boolean changed = decide(record.key(), input, causeId, record.headers(), now);
        if (changed && isAwaited(input) && now.toEpochMilli() - record.timestamp() <= PROMPT.toMillis()) {
            context().commit();
        }
    }

    /** Whether somebody waits for the decision: for all but what is told of a turn on its way. */
    private static boolean isAwaited(Input input) {
        return switch (input) {
            case Input.Reported(GenerationReport report) ->
                !(report.getBody() instanceof TurnPrepared) && !(report.getBody() instanceof AttemptClaimed);
            case Input.Asked asked -> true;
            case Input.DeadlinePassed passed -> true;
        };
    }

    /** Returns whether anything came of it. */
    private boolean decide(String key, Input input, String causeId, Headers cause, Instant now) {
        Conversation before = stores().conversation(key);
        Decision decision = Decider.decide(before, input, settings.rules(), stores().history(key), now);
        if (decision.changes().isEmpty() && decision.orders().isEmpty()) {
            return false;
        }
        ConversationKey conversation = ConversationKey.parse(key);
        Conversation state = before;
        for (Change change : decision.changes()) {
            Conversation next = state.evolve(change);
            if (change instanceof Change.Logged(ConversationEvent.Body body, String turnId)) {
                keepMessages(key, state, next, body);
                ConversationEvent event = new ConversationEvent(
                        conversation.tenant(),
                        conversation.conversation(),
                        next.sequence(),
                        now,
                        causeId,
                        turnId,
                        configuration(state, next, turnId),
                        body);
                send(ConversationTopology.EVENTS_SINK, key, key + "/" + next.sequence(), event, body, now, cause);
                metrics.event(body);
            }
            switch (change) {
                case Change.Enqueued(Turn turn) -> keepAsked(key, turn);
                case Change.EnqueuedFirst(Turn turn) -> keepAsked(key, turn);
                default -> {} // Nothing that could be asked again before it shows in the log.
            }
            state = next;
        }
        stores().put(key, before, state);
        arm(key, state.running());
        for (Order order : decision.orders()) {
            switch (order) {
                case Order.Generate generate -> request(conversation, state, generate, now, cause);
                case Order.Stop stop ->
                    send(
                            ConversationTopology.CONTROLS_SINK,
                            key,
                            stop.generationId() + "/stop",
                            new Control(stop.generationId(), now, stop.order()),
                            stop.order(),
                            now,
                            cause);
            }
        }
        return true;
    }

    /**
     * A regeneration that waits is in no event of the log yet, and in none at all where it is cancelled there: the id of its
     * answer tells a repeat of the command.
     */
    private void keepAsked(String key, Turn waiting) {
        if (waiting.regenerates() != null) {
            stores().putMessage(key, waiting.assistantMessageId(), new MessageState(waiting.turnId(), null, null));
        }
    }

    /** Keeps what later decisions ask of messages: which there are, and the exchanges of the history. */
    private void keepMessages(String key, Conversation before, Conversation after, ConversationEvent.Body event) {
        Running running = before.running();
        switch (event) {
            case MessageAccepted accepted ->
                stores().putMessage(
                                key, accepted.getMessageId(), new MessageState("", accepted.getFingerprint(), null));
            case MessageRejected rejected ->
                stores().putMessage(key, rejected.getMessageId(), new MessageState("", null, null));
            case TurnStarted started -> {
                Running begun = after.turn();
                stores().putMessage(
                                key,
                                started.getAssistantMessageId(),
                                new MessageState(begun.turnId(), null, begun.position()));
                Turn.Regenerated regenerates = begun.turn().regenerates();
                if (regenerates != null) {
                    stores().discount(key, regenerates.position());
                }
            }
            case MessageCompleted completed ->
                keepExchange(key, running, completed.getContent(), completed.getToolCalls(), true);
            case TurnFailed failed -> keepExchange(key, running, failed.getContent(), List.of(), false);
            case TurnCancelled cancelled -> {
                if (cancelled.getGenerationId() != null) {
                    boolean counted =
                            !cancelled.getForgotten() && !cancelled.getContent().isEmpty();
                    keepExchange(key, running, cancelled.getContent(), List.of(), counted);
                }
            }
            default -> {} // No other event changes the history.
        }
    }

    private void keepExchange(
            String key, @Nullable Running ended, String answer, List<ToolCall> toolCalls, boolean counted) {
        if (ended != null) {
            Turn turn = ended.turn();
            stores().putExchange(
                            key,
                            ended.position(),
                            new ExchangeState(
                                    turn.turnId(),
                                    turn.userMessageId(),
                                    turn.assistantMessageId(),
                                    turn.content(),
                                    answer,
                                    counted,
                                    StateRecords.stored(turn.prompt()),
                                    StateRecords.stored(toolCalls)));
        }
    }

    private void request(
            ConversationKey conversation, Conversation state, Order.Generate order, Instant now, Headers cause) {
        Running running = order.turn();
        Turn turn = running.turn();
        Turn.Regenerated regenerates = turn.regenerates();
        long place = regenerates == null ? running.position() : regenerates.position();
        TurnRequest request = new TurnRequest(
                conversation.tenant(),
                conversation.conversation(),
                state.workspaceId(),
                turn.turnId(),
                running.generationId(),
                turn.assistantMessageId(),
                running.attempt(),
                order.cause(),
                now,
                turn.content(),
                stores().historyBefore(conversation.toString(), place, settings.historyTokens()),
                turn.intent(),
                turn.engine(),
                turn.metadata(),
                turn.prompt(),
                running.configuration(),
                running.failedEngines(),
                null);
        send(
                ConversationTopology.TURNS_SINK,
                conversation.tenant() + "/" + state.workspaceId(),
                running.generationId() + "/" + running.attempt(),
                request,
                request,
                now,
                cause);
    }

    private void send(
            String sink, String key, String id, SpecificRecord value, SpecificRecord body, Instant now, Headers cause) {
        context()
                .forward(
                        new Record<>(
                                key, value, now.toEpochMilli(), CloudEventHeaders.of(id, body, SOURCE, now, cause)),
                        sink);
    }

    private void arm(String key, @Nullable Running running) {
        Armed armed = deadlines.get(key);
        if (running == null) {
            if (deadlines.remove(key) != null) {
                metrics.active(-1);
            }
            return;
        }
        Input.DeadlinePassed input = new Input.DeadlinePassed(
                running.turnId(), running.attempt(), running.phase().getClass());
        if (armed == null || !armed.input().equals(input)) {
            Duration limit = switch (running.phase()) {
                case Phase.Preparing preparing -> settings.unclaimedTimeout();
                case Phase.Generating generating -> settings.turnTimeout();
                case Phase.Cancelling cancelling -> settings.cancelTimeout();
            };
            if (deadlines.put(key, new Armed(input, ticker.getAsLong() + limit.toNanos())) == null) {
                metrics.active(1);
            }
        }
    }

    private ConversationStores stores() {
        if (stores == null) {
            throw new IllegalStateException("not initialised");
        }
        return stores;
    }

    private ProcessorContext<String, SpecificRecord> context() {
        if (context == null) {
            throw new IllegalStateException("not initialised");
        }
        return context;
    }
}
