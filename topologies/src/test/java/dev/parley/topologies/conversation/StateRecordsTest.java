package dev.parley.topologies.conversation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.chat.v1.CallerPrompt;
import dev.parley.chat.v1.Classification;
import dev.parley.chat.v1.GenerationOptions;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.ProviderExtras;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.Source;
import dev.parley.chat.v1.ToolCall;
import dev.parley.chat.v1.ToolDefinition;
import dev.parley.schemas.keys.MessageId;
import dev.parley.schemas.keys.TurnId;
import dev.parley.schemas.serde.SingleObject;
import dev.parley.schemas.serde.TrustedRecords;
import dev.parley.topologies.conversation.Turn.Ending;
import dev.parley.topologies.conversation.Turn.Phase;
import dev.parley.topologies.conversation.Turn.Preparation;
import dev.parley.topologies.state.v1.ClassificationState;
import dev.parley.topologies.state.v1.ExtrasState;
import dev.parley.topologies.state.v1.HeadState;
import dev.parley.topologies.state.v1.RunningTurnState;
import dev.parley.topologies.state.v1.SourceState;
import dev.parley.topologies.state.v1.ToolCallState;
import dev.parley.topologies.state.v1.TurnState;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.apache.avro.Schema;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class StateRecordsTest {

    private static final Instant NOW = Instant.parse("2026-01-02T03:04:05.678Z");

    @BeforeAll
    static void trust() {
        TrustedRecords.trust();
    }

    private static CallerPrompt prompt() {
        return new CallerPrompt(
                Role.TOOL,
                "call_1",
                List.of(
                        new PromptMessage(Role.SYSTEM, "Be brief. \uD83D\uDE00\u0000", List.of(), null, null),
                        new PromptMessage(
                                Role.ASSISTANT, "", List.of(new ToolCall("call_1", "look", "{\"q\":1}")), null, null)),
                GenerationOptions.newBuilder()
                        .setInstructions("now")
                        .setTools(List.of(new ToolDefinition("look", null, "{}", true)))
                        .setToolChoice("\"auto\"")
                        .setStop(List.of("a"))
                        .setSeed(Long.MIN_VALUE)
                        .setTopP(0.1)
                        .build());
    }

    private static Turn turn(String name, @Nullable CallerPrompt prompt, Turn.Place place) {
        return new Turn(
                new TurnId(name),
                new MessageId("user-" + name),
                new MessageId("answer-" + name),
                new Turn.Question(
                        "content",
                        prompt == null ? "intent" : null,
                        prompt == null ? null : "engine",
                        Map.of("k", "v"),
                        prompt),
                NOW,
                place);
    }

    private static Conversation conversation(@Nullable CallerPrompt prompt, Phase phase) {
        return new Conversation(
                "w",
                false,
                true,
                42,
                new Tree(7, new Tree.Tip(2, new MessageId("user-zero"), new MessageId("answer-zero"))),
                new Turn.Running(
                        turn("one", prompt, new Turn.Place.Latest()),
                        6,
                        prompt == null
                                ? null
                                : new Tree.Tip(2, new MessageId("user-zero"), new MessageId("answer-zero")),
                        phase,
                        new Preparation(
                                true,
                                List.of(new Source("s", "t", null, 0.5)),
                                "v1",
                                prompt == null ? null : new Classification("sort", 0.5, "because")),
                        new Turn.Tries(2, List.of("broken"), 3),
                        NOW,
                        prompt == null ? null : NOW),
                List.of(
                        turn("two", prompt, new Turn.Place.Beside(new MessageId("answer-one"), 3)),
                        turn("three", null, new Turn.Place.Latest()),
                        turn("four", null, new Turn.Place.Beginning()),
                        turn("five", null, new Turn.Place.After(new MessageId("answer-three")))),
                List.of("command-1", "command-2"));
    }

    private static Conversation stored(Conversation conversation) {
        SingleObject<HeadState> heads = SingleObject.of(HeadState.class);
        return StateRecords.read(heads.decode(heads.encode(StateRecords.stored(conversation))), position -> {
            throw new AssertionError("nothing has to be looked up");
        });
    }

    private static Tree.Tip tip(long position) {
        return new Tree.Tip(position, new MessageId("user-" + position), new MessageId("answer-" + position));
    }

    private static HeadState ofBefore(UnaryOperator<RunningTurnState.Builder> change) {
        HeadState head = StateRecords.stored(conversation(null, new Phase.Generating()));
        RunningTurnState.Builder running = RunningTurnState.newBuilder(Objects.requireNonNull(head.getRunning()))
                .setParent(null);
        return HeadState.newBuilder(head)
                .setTip(null)
                .setRunning(change.apply(running).build())
                .build();
    }

    @Test
    void whatWasWrittenBeforeThereWereBranchesGoesOnFromTheExchangeBefore() {
        HeadState running = ofBefore(state -> state);
        HeadState idle = HeadState.newBuilder(running).setRunning(null).build();

        Conversation read = StateRecords.read(running, StateRecordsTest::tip);

        assertThat(read.tree()).isEqualTo(new Tree(7, tip(5)));
        assertThat(read.turn().parent()).isEqualTo(tip(5));
        assertThat(StateRecords.read(idle, StateRecordsTest::tip).tree()).isEqualTo(new Tree(7, tip(6)));
    }

    @Test
    void aRegenerationOfBeforeThereWereBranchesFollowsWhatItsQuestionFollowed() {
        HeadState state = ofBefore(running -> running.setTurn(TurnState.newBuilder(running.getTurn())
                .setSupersedes("answer-three")
                .setRegeneratesPosition(3L)
                .build()));

        assertThat(StateRecords.read(state, StateRecordsTest::tip).turn().parent())
                .isEqualTo(tip(2));
    }

    @Test
    void aConversationIsReadAsItWasStored() {
        for (Phase phase : List.of(
                new Phase.Preparing(),
                new Phase.Classifying(2, Duration.ofMillis(1_234)),
                new Phase.Pausing(Duration.ofSeconds(7), "engine_rate_limited"),
                new Phase.Generating(),
                new Phase.Cancelling(Ending.CANCELLED),
                new Phase.Cancelling(Ending.NO_WORKER))) {
            Conversation plain = conversation(null, phase);
            Conversation prompted = conversation(prompt(), phase);

            assertThat(stored(plain)).isEqualTo(plain);
            assertThat(stored(prompted)).isEqualTo(prompted);
        }
        assertThat(stored(Conversation.NONE)).isEqualTo(Conversation.NONE);
    }

    /** A field that a contract gains would be lost on its way through the store. */
    @Test
    void whatTheStoreKeepsOfAContractIsAllOfIt() {
        assertThat(fields(SourceState.getClassSchema())).isEqualTo(fields(Source.getClassSchema()));
        assertThat(fields(ClassificationState.getClassSchema())).isEqualTo(fields(Classification.getClassSchema()));
        assertThat(fields(ToolCallState.getClassSchema())).isEqualTo(fields(ToolCall.getClassSchema()));
        assertThat(fields(ExtrasState.getClassSchema())).isEqualTo(fields(ProviderExtras.getClassSchema()));
    }

    private static List<String> fields(Schema schema) {
        return schema.getFields().stream()
                .map(field -> field.name() + ": " + field.schema())
                .toList();
    }

    @Test
    void aPromptCanBeReadMoreThanOnce() {
        var bytes = StateRecords.stored(prompt());

        assertThat(StateRecords.prompt(bytes)).isEqualTo(prompt());
        assertThat(StateRecords.prompt(bytes)).isEqualTo(prompt());
        assertThat(StateRecords.stored((CallerPrompt) null)).isNull();
        assertThat(StateRecords.prompt(null)).isNull();
    }

    @Test
    void toolCallsAreReadAsTheyWereStored() {
        List<ToolCall> calls = List.of(new ToolCall("a", "f", ""), new ToolCall("b", "g", "{\"q\":\"\u2028\"}"));

        assertThat(StateRecords.toolCalls(StateRecords.stored(calls))).isEqualTo(calls);
    }
}
