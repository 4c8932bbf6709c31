package dev.parley.topologies.conversation;

import dev.parley.chat.v1.CallerPrompt;
import dev.parley.chat.v1.Classification;
import dev.parley.chat.v1.ProviderExtras;
import dev.parley.chat.v1.Source;
import dev.parley.chat.v1.ToolCall;
import dev.parley.schemas.keys.MessageId;
import dev.parley.schemas.keys.TurnId;
import dev.parley.schemas.serde.SingleObject;
import dev.parley.topologies.conversation.Tree.Tip;
import dev.parley.topologies.conversation.Turn.Ending;
import dev.parley.topologies.conversation.Turn.Phase;
import dev.parley.topologies.conversation.Turn.Place;
import dev.parley.topologies.conversation.Turn.Preparation;
import dev.parley.topologies.conversation.Turn.Question;
import dev.parley.topologies.conversation.Turn.Running;
import dev.parley.topologies.conversation.Turn.Tries;
import dev.parley.topologies.state.v1.ClassificationState;
import dev.parley.topologies.state.v1.ClassifyingState;
import dev.parley.topologies.state.v1.ExtrasState;
import dev.parley.topologies.state.v1.HeadState;
import dev.parley.topologies.state.v1.PauseState;
import dev.parley.topologies.state.v1.RunningTurnState;
import dev.parley.topologies.state.v1.SourceState;
import dev.parley.topologies.state.v1.TipState;
import dev.parley.topologies.state.v1.ToolCallState;
import dev.parley.topologies.state.v1.TurnPhase;
import dev.parley.topologies.state.v1.TurnState;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/** Conversations as they are stored. */
final class StateRecords {

    private static final SingleObject<CallerPrompt> PROMPTS = SingleObject.of(CallerPrompt.class);

    private StateRecords() {}

    static HeadState stored(Conversation conversation) {
        Running running = conversation.running();
        return HeadState.newBuilder()
                .setWorkspaceId(conversation.workspaceId())
                .setDeleted(conversation.deleted())
                .setSequence(conversation.sequence())
                .setNextPosition(conversation.tree().nextPosition())
                .setRunning(running == null ? null : stored(running))
                .setQueue(
                        conversation.queue().stream().map(StateRecords::stored).toList())
                .setRecentCommands(conversation.recentCommands())
                .setTitled(conversation.titled())
                .setTip(stored(conversation.tree().tip()))
                .build();
    }

    /**
     * Reads a head.
     *
     * @param exchanges what is stored at a position, for what was written before there were branches
     */
    static Conversation read(HeadState state, LongFunction<@Nullable Tip> exchanges) {
        RunningTurnState running = state.getRunning();
        Running turn = running == null ? null : read(running, exchanges);
        TipState tip = state.getTip();
        long last = (turn == null ? state.getNextPosition() : turn.position()) - 1;
        return new Conversation(
                state.getWorkspaceId(),
                state.getDeleted(),
                state.getTitled(),
                state.getSequence(),
                new Tree(state.getNextPosition(), tip == null ? exchanges.apply(last) : read(tip)),
                turn,
                state.getQueue().stream().map(StateRecords::read).toList(),
                state.getRecentCommands());
    }

    private static TipState stored(@Nullable Tip tip) {
        return tip == null
                ? new TipState(Tree.ROOT, "", "")
                : new TipState(
                        tip.position(),
                        tip.userMessageId().text(),
                        tip.assistantMessageId().text());
    }

    private static @Nullable Tip read(TipState state) {
        return state.getPosition() == Tree.ROOT
                ? null
                : new Tip(
                        state.getPosition(),
                        new MessageId(state.getUserMessageId()),
                        new MessageId(state.getAssistantMessageId()));
    }

    private static RunningTurnState stored(Running running) {
        return RunningTurnState.newBuilder()
                .setTurn(stored(running.turn()))
                .setGenerationId(running.generationId().text())
                .setPosition(running.position())
                .setAttempt(running.attempt())
                .setPhase(
                        switch (running.phase()) {
                            case Phase.Preparing preparing -> TurnPhase.PREPARING;
                            case Phase.Classifying classifying -> TurnPhase.CLASSIFYING;
                            case Phase.Pausing pausing -> TurnPhase.PAUSING;
                            case Phase.Generating generating -> TurnPhase.GENERATING;
                            case Phase.Cancelling cancelling -> TurnPhase.CANCELLING;
                        })
                .setEnding(running.phase() instanceof Phase.Cancelling(Ending ending) ? ending.name() : null)
                .setPrepared(running.preparation().routed())
                .setSources(running.preparation().sources().stream()
                        .map(source -> new SourceState(
                                source.getSourceId(), source.getTitle(), source.getUri(), source.getScore()))
                        .toList())
                .setStartedAt(running.startedAt())
                .setClaimedAt(running.claimedAt())
                .setConfiguration(running.configuration())
                .setFailedEngines(running.tries().failedEngines())
                .setClassifying(
                        running.phase() instanceof Phase.Classifying(int attempt, Duration limit)
                                ? new ClassifyingState(attempt, (int) limit.toMillis())
                                : null)
                .setClassification(stored(running.preparation().classification()))
                .setModelCalls(running.tries().modelCalls())
                .setPause(
                        running.phase() instanceof Phase.Pausing(Duration pause, String cause)
                                ? new PauseState(pause.toMillis(), cause)
                                : null)
                .setParent(stored(running.parent()))
                .build();
    }

    private static @Nullable ClassificationState stored(@Nullable Classification said) {
        return said == null ? null : new ClassificationState(said.getIntent(), said.getConfidence(), said.getReason());
    }

    private static @Nullable Classification read(@Nullable ClassificationState said) {
        return said == null ? null : new Classification(said.getIntent(), said.getConfidence(), said.getReason());
    }

    private static Running read(RunningTurnState state, LongFunction<@Nullable Tip> exchanges) {
        Turn turn = read(state.getTurn());
        TipState parent = state.getParent();
        long place = turn.place() instanceof Place.Beside(MessageId _, long position) ? position : state.getPosition();
        return new Running(
                turn,
                state.getPosition(),
                parent == null ? exchanges.apply(place - 1) : read(parent),
                phase(state),
                new Preparation(
                        state.getPrepared(),
                        state.getSources().stream()
                                .map(source -> new Source(
                                        source.getSourceId(), source.getTitle(), source.getUri(), source.getScore()))
                                .toList(),
                        state.getConfiguration(),
                        read(state.getClassification())),
                new Tries(state.getAttempt(), state.getFailedEngines(), state.getModelCalls()),
                state.getStartedAt(),
                state.getClaimedAt());
    }

    private static Phase phase(RunningTurnState state) {
        return switch (state.getPhase()) {
            case PREPARING -> new Phase.Preparing();
            case CLASSIFYING -> classifying(state.getClassifying());
            case PAUSING -> pausing(state.getPause());
            case GENERATING -> new Phase.Generating();
            case CANCELLING ->
                new Phase.Cancelling(
                        Ending.valueOf(Objects.requireNonNull(state.getEnding(), "a cancelling turn has an ending")));
        };
    }

    private static Phase classifying(@Nullable ClassifyingState state) {
        Objects.requireNonNull(state, "a turn that a model is asked about has a time for it");
        return new Phase.Classifying(state.getAttempt(), Duration.ofMillis(state.getLimitMillis()));
    }

    private static Phase pausing(@Nullable PauseState state) {
        Objects.requireNonNull(state, "a turn that pauses has a time for it");
        return new Phase.Pausing(Duration.ofMillis(state.getMillis()), state.getCause());
    }

    private static TurnState stored(Turn turn) {
        Question question = turn.question();
        Place.Beside beside = turn.place() instanceof Place.Beside place ? place : null;
        return TurnState.newBuilder()
                .setTurnId(turn.turnId().text())
                .setUserMessageId(turn.userMessageId().text())
                .setAssistantMessageId(turn.assistantMessageId().text())
                .setContent(question.content())
                .setIntent(question.intent())
                .setEngine(question.engine())
                .setMetadata(question.metadata())
                .setAcceptedAt(turn.acceptedAt())
                .setSupersedes(
                        beside == null ? null : beside.assistantMessageId().text())
                .setRegeneratesPosition(beside == null ? null : beside.position())
                .setPrompt(stored(question.prompt()))
                .setAfter(after(turn.place()))
                .build();
    }

    private static Turn read(TurnState state) {
        return new Turn(
                new TurnId(state.getTurnId()),
                new MessageId(state.getUserMessageId()),
                new MessageId(state.getAssistantMessageId()),
                new Question(
                        state.getContent(),
                        state.getIntent(),
                        state.getEngine(),
                        state.getMetadata(),
                        prompt(state.getPrompt())),
                state.getAcceptedAt(),
                place(state));
    }

    private static @Nullable String after(Place place) {
        return switch (place) {
            case Place.After(MessageId messageId) -> messageId.text();
            case Place.Beginning() -> "";
            case Place.Latest(), Place.Beside(MessageId _, long _) -> null;
        };
    }

    private static Place place(TurnState state) {
        String supersedes = state.getSupersedes();
        Long position = state.getRegeneratesPosition();
        if (supersedes != null && position != null) {
            return new Place.Beside(new MessageId(supersedes), position);
        }
        String after = state.getAfter();
        if (after == null) {
            return new Place.Latest();
        }
        return after.isEmpty() ? new Place.Beginning() : new Place.After(new MessageId(after));
    }

    static @Nullable ByteBuffer stored(@Nullable CallerPrompt prompt) {
        return prompt == null ? null : ByteBuffer.wrap(PROMPTS.encode(prompt));
    }

    static @Nullable CallerPrompt prompt(@Nullable ByteBuffer stored) {
        return stored == null ? null : PROMPTS.decode(stored);
    }

    static @Nullable ExtrasState stored(@Nullable ProviderExtras extras) {
        return extras == null ? null : new ExtrasState(extras.getEngine(), extras.getModel(), extras.getJson());
    }

    static @Nullable ProviderExtras extras(@Nullable ExtrasState stored) {
        return stored == null ? null : new ProviderExtras(stored.getEngine(), stored.getModel(), stored.getJson());
    }

    static List<ToolCallState> stored(List<ToolCall> calls) {
        return calls.stream()
                .map(call -> new ToolCallState(call.getId(), call.getName(), call.getArguments()))
                .toList();
    }

    static List<ToolCall> toolCalls(List<ToolCallState> stored) {
        return stored.stream()
                .map(call -> new ToolCall(call.getId(), call.getName(), call.getArguments()))
                .toList();
    }
}
