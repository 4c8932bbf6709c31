package dev.parley.topologies.conversation;

import dev.parley.chat.v1.Control;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.TurnRequest;
import dev.parley.schemas.keys.ConversationKey;
import dev.parley.schemas.keys.EventIds;
import dev.parley.schemas.keys.GenerationId;
import dev.parley.schemas.keys.TurnId;
import dev.parley.topologies.aggregate.Decision;
import dev.parley.topologies.aggregate.Decision.Step;
import dev.parley.topologies.aggregate.Output;
import dev.parley.topologies.conversation.Turn.Phase;
import dev.parley.topologies.conversation.Turn.Running;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongFunction;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What others are told of a decision about a conversation: its events, each with its sequence, and then what they are to do. */
final class ConversationOutputs {

    private final ConversationKey conversation;
    private final Instant now;

    private ConversationOutputs(ConversationKey conversation, Instant now) {
        this.conversation = conversation;
        this.now = now;
    }

    /**
     * The records that tell of {@code decision}.
     *
     * @param historyUpTo what was said up to a position, on its branch, for a prompt; asked for turns that are to run
     */
    static List<Output> of(
            ConversationKey conversation,
            Decision<Conversation, Change, Order> decision,
            String causeId,
            Instant now,
            LongFunction<List<PromptMessage>> historyUpTo) {
        ConversationOutputs outputs = new ConversationOutputs(conversation, now);
        List<Output> told = new ArrayList<>();
        for (Step<Conversation, Change> step : decision.steps()) {
            if (step.change() instanceof Change.Logged(ConversationEvent.Body body, TurnId turnId)) {
                told.add(outputs.event(step, body, turnId, causeId));
            }
        }
        for (Order order : decision.orders()) {
            told.add(
                    switch (order) {
                        case Order.Generate generate ->
                            outputs.request(generate, decision.state().workspaceId(), historyUpTo);
                        case Order.Stop stop -> outputs.control(stop);
                    });
        }
        return told;
    }

    private Output event(
            Step<Conversation, Change> step, ConversationEvent.Body body, @Nullable TurnId turnId, String causeId) {
        long sequence = step.after().sequence();
        ConversationEvent event = new ConversationEvent(
                conversation.tenant(),
                conversation.conversation(),
                sequence,
                now,
                causeId,
                turnId == null ? null : turnId.text(),
                configuration(step, turnId),
                body);
        return new Output(
                ConversationTopology.EVENTS,
                conversation.toString(),
                EventIds.ofEvent(conversation, sequence),
                event,
                body);
    }

    /** The version that a turn runs under, told from the state before its event or after it. */
    private static @Nullable String configuration(Step<Conversation, Change> step, @Nullable TurnId turnId) {
        return Stream.of(step.after(), step.before())
                .map(Conversation::running)
                .filter(running -> running != null && running.turnId().equals(turnId))
                .map(Running::configuration)
                .filter(version -> !version.isEmpty())
                .findFirst()
                .orElse(null);
    }

    private Output request(Order.Generate order, String workspaceId, LongFunction<List<PromptMessage>> historyUpTo) {
        Running running = order.turn();
        Turn turn = running.turn();
        Turn.Question question = turn.question();
        TurnRequest request = TurnRequest.newBuilder()
                .setTenantId(conversation.tenant())
                .setConversationId(conversation.conversation())
                .setWorkspaceId(workspaceId)
                .setTurnId(turn.turnId().text())
                .setGenerationId(running.generationId().text())
                .setAssistantMessageId(turn.assistantMessageId().text())
                .setAttempt(running.attempt())
                .setCause(order.cause())
                .setTime(now)
                .setContent(question.content())
                .setHistory(historyUpTo.apply(Tree.position(running.parent())))
                .setIntent(question.intent())
                .setEngine(question.engine())
                .setMetadata(question.metadata())
                .setPrompt(question.prompt())
                .setConfiguration(running.configuration())
                .setFailedEngines(running.tries().failedEngines())
                .setClassification(running.preparation().classification())
                .setClassifyAttempt(classifyAttempt(running))
                .setModelCallsLeft(order.modelCallsLeft())
                .build();
        return new Output(
                ConversationTopology.TURNS,
                conversation.workspace(workspaceId).toString(),
                requestId(running),
                request,
                request);
    }

    private static int classifyAttempt(Running running) {
        return switch (running.phase()) {
            case Phase.Classifying(int attempt, Duration _) -> attempt;
            case Phase.Preparing _, Phase.Pausing _, Phase.Generating _, Phase.Cancelling _ ->
                running.preparation().isOpen() ? 1 : 0;
        };
    }

    /** Tells the requests of one try apart, of which there may be one before a model was asked and one after. */
    private static String requestId(Running running) {
        GenerationId generation = running.generationId();
        int attempt = running.attempt();
        return switch (running.phase()) {
            case Phase.Classifying(int number, Duration _) -> EventIds.ofTurnToClassify(generation, attempt, number);
            case Phase.Preparing _, Phase.Pausing _, Phase.Generating _, Phase.Cancelling _ ->
                running.preparation().classification() == null
                        ? EventIds.ofTurn(generation, attempt)
                        : EventIds.ofClassifiedTurn(generation, attempt);
        };
    }

    private Output control(Order.Stop stop) {
        return new Output(
                ConversationTopology.CONTROLS,
                conversation.toString(),
                EventIds.ofStop(stop.generationId()),
                new Control(stop.generationId().text(), now, stop.order()),
                stop.order());
    }
}
