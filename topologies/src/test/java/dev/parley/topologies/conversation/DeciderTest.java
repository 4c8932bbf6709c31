package dev.parley.topologies.conversation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.chat.v1.AnnotateConversation;
import dev.parley.chat.v1.Attempt;
import dev.parley.chat.v1.AttemptClaimed;
import dev.parley.chat.v1.AttemptLost;
import dev.parley.chat.v1.BranchPoint;
import dev.parley.chat.v1.BranchSwitched;
import dev.parley.chat.v1.CallerPrompt;
import dev.parley.chat.v1.CancelGeneration;
import dev.parley.chat.v1.CancelTurn;
import dev.parley.chat.v1.Classification;
import dev.parley.chat.v1.Command;
import dev.parley.chat.v1.ConversationAnnotated;
import dev.parley.chat.v1.ConversationEvent;
import dev.parley.chat.v1.CreateConversation;
import dev.parley.chat.v1.DeleteConversation;
import dev.parley.chat.v1.GenerationCancelled;
import dev.parley.chat.v1.GenerationCompleted;
import dev.parley.chat.v1.GenerationFailed;
import dev.parley.chat.v1.GenerationOptions;
import dev.parley.chat.v1.GenerationReport;
import dev.parley.chat.v1.MessageAccepted;
import dev.parley.chat.v1.MessageCompleted;
import dev.parley.chat.v1.MessageRejected;
import dev.parley.chat.v1.OnBusy;
import dev.parley.chat.v1.PromptMessage;
import dev.parley.chat.v1.RateMessage;
import dev.parley.chat.v1.RegenerateMessage;
import dev.parley.chat.v1.RenameConversation;
import dev.parley.chat.v1.Role;
import dev.parley.chat.v1.SubmitMessage;
import dev.parley.chat.v1.SwitchBranch;
import dev.parley.chat.v1.ToolCall;
import dev.parley.chat.v1.TurnCancelled;
import dev.parley.chat.v1.TurnEnd;
import dev.parley.chat.v1.TurnFailed;
import dev.parley.chat.v1.TurnPrepared;
import dev.parley.chat.v1.TurnStarted;
import dev.parley.chat.v1.Upstream;
import dev.parley.chat.v1.Usage;
import dev.parley.chat.v1.UsageBasis;
import dev.parley.schemas.keys.GenerationId;
import dev.parley.schemas.keys.MessageId;
import dev.parley.schemas.keys.TurnId;
import dev.parley.schemas.serde.TrustedRecords;
import dev.parley.schemas.work.WorkKinds;
import dev.parley.topologies.aggregate.Decision;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DeciderTest {

    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
    private static final Usage USAGE = new Usage(1, 2, UsageBasis.MEASURED, null);

    static {
        TrustedRecords.trust();
    }

    private static final Rules RULES = new Rules(2, 60, WorkKinds.defaults(), 100, Duration.ofSeconds(20), "main");
    private static final List<OnBusy> ON_BUSY = List.of(OnBusy.values());

    /** A conversation with its history in memory, and everything that was ever logged of it. */
    private static final class Played implements History {
        /** Named, so that no test but those about it has to mind the title. */
        private Conversation state = new Conversation("", false, true, 0, Tree.EMPTY, null, List.of(), List.of());

        private final List<SpecificRecord> log = new ArrayList<>();
        private final List<Order> orders = new ArrayList<>();
        private final Set<MessageId> messages = new HashSet<>();
        private final List<Exchange> exchanges = new ArrayList<>();
        private int commands;

        @Override
        public boolean has(MessageId messageId) {
            return messages.contains(messageId);
        }

        @Override
        public @Nullable Exchange exchange(MessageId messageId) {
            return exchanges.stream()
                    .filter(exchange -> exchange.tip().has(messageId))
                    .findFirst()
                    .orElse(null);
        }

        @Override
        public @Nullable Exchange at(long position) {
            return exchanges.stream()
                    .filter(exchange -> exchange.position() == position)
                    .findFirst()
                    .orElse(null);
        }

        @Override
        public void forEachSince(long position, Consumer<Exchange> visitor) {
            exchanges.stream()
                    .filter(exchange -> exchange.position() > position)
                    .sorted(Comparator.comparingLong(Exchange::position))
                    .forEach(visitor);
        }

        List<SpecificRecord> on(Input input) {
            Conversation before = state;
            Decision<Conversation, Change, Order> decision = Decider.decide(state, input, RULES, this, NOW);
            List<SpecificRecord> logged = new ArrayList<>();
            for (Decision.Step<Conversation, Change> step : decision.steps()) {
                if (step.change() instanceof Change.Logged(ConversationEvent.Body body, TurnId turnId)) {
                    logged.add(body);
                    switch (body) {
                        case MessageAccepted accepted -> messages.add(new MessageId(accepted.getMessageId()));
                        case MessageRejected rejected -> messages.add(new MessageId(rejected.getMessageId()));
                        case TurnStarted started -> messages.add(new MessageId(started.getAssistantMessageId()));
                        case TurnEnd end
                        when end.hasBegun() -> exchanges.add(before.turn().exchange());
                        default -> {}
                    }
                }
            }
            assertThat(decision.state().sequence()).isEqualTo(before.sequence() + logged.size());
            state = decision.state();
            log.addAll(logged);
            orders.addAll(decision.orders());
            return logged;
        }

        List<SpecificRecord> ask(Command.Body body) {
            return ask("command-" + commands++, body);
        }

        List<SpecificRecord> ask(String commandId, Command.Body body) {
            return on(new Input.Asked(new Command(commandId, "t", "c", NOW, body)));
        }

        List<SpecificRecord> submit(String name, OnBusy onBusy) {
            return ask(SubmitMessage.newBuilder()
                    .setMessageId("user-" + name)
                    .setTurnId(name)
                    .setAssistantMessageId("answer-" + name)
                    .setContent("content of " + name)
                    .setOnBusy(onBusy)
                    .setFingerprint("print")
                    .build());
        }

        List<SpecificRecord> report(String turn, GenerationReport.Body body) {
            return on(new Input.Reported(new GenerationReport("report", turn + ".1", NOW, body)));
        }

        List<SpecificRecord> reportClassification(String turn, GenerationReport.Body body) {
            return on(new Input.Reported(new GenerationReport("report", turn + ".1/classify", NOW, body)));
        }

        List<SpecificRecord> complete(String turn) {
            return report(
                    turn,
                    GenerationCompleted.newBuilder()
                            .setAttempt(attempt(1))
                            .setContent("text")
                            .setFinishReason("stop")
                            .setUsage(USAGE)
                            .setFirstTokenMillis(1.0)
                            .setGenerationMillis(2.0)
                            .build());
        }
    }

    private static Attempt attempt(int number) {
        return new Attempt("attempt-" + number, number, "engine", "model", "worker", "");
    }

    private static List<String> names(List<SpecificRecord> bodies) {
        return bodies.stream().map(body -> body.getClass().getSimpleName()).toList();
    }

    @Test
    void aTurnGoesFromAcceptedToCompleted() {
        Played played = new Played();

        assertThat(names(played.submit("one", OnBusy.ENQUEUE)))
                .containsExactly("ConversationCreated", "MessageAccepted", "TurnStarted");
        assertThat(names(played.report(
                        "one", new TurnPrepared(1, "chat", 1.0, "default", "default", List.of(), "", null))))
                .containsExactly("TurnRouted", "TurnRetrieved");
        assertThat(played.report("one", new AttemptClaimed(attempt(1)))).isEmpty();
        assertThat(played.state.turn().phase()).isInstanceOf(Turn.Phase.Generating.class);
        assertThat(names(played.complete("one"))).containsExactly("MessageCompleted");
        assertThat(played.state.busy()).isFalse();
    }

    private static TurnPrepared asked() {
        return new TurnPrepared(1, "", 0.0, "cheap", "classify", List.of(), "v1", 4_000);
    }

    private static GenerationCompleted saying(String text) {
        return GenerationCompleted.newBuilder()
                .setAttempt(attempt(1))
                .setContent(text)
                .setFinishReason("stop")
                .setUsage(USAGE)
                .setFirstTokenMillis(1.0)
                .setGenerationMillis(2.0)
                .build();
    }

    private static Played asking() {
        Played played = new Played();
        played.submit("one", OnBusy.ENQUEUE);
        played.orders.clear();
        played.reportClassification("one", asked());
        assertThat(played.state.turn().phase()).isEqualTo(new Turn.Phase.Classifying(1, Duration.ofSeconds(4)));
        assertThat(played.orders).isEmpty();
        return played;
    }

    private static Classification said(Played played) {
        return Objects.requireNonNull(played.state.turn().preparation().classification());
    }

    @Test
    void aTurnIsPreparedOnceMoreWithWhatAModelSaysOfItsWay() {
        Played played = asking();

        played.reportClassification("one", new AttemptClaimed(attempt(1)));
        assertThat(played.orders).isEmpty();
        played.reportClassification("one", saying("sort\n" + "x".repeat(5_000)));

        assertThat(played.orders).containsExactly(new Order.Generate(played.state.turn(), "initial", 100));
        assertThat(played.state.turn().phase()).isEqualTo(new Turn.Phase.Preparing());
        assertThat(played.state.turn().configuration()).isEqualTo("v1");
        assertThat(said(played).getIntent()).startsWith("sort\n").hasSize(2_000);
        assertThat(said(played).getReason()).isEqualTo("engine 'engine' says so");

        played.orders.clear();
        played.reportClassification("one", saying("something else"));
        assertThat(played.orders).as("a repeat").isEmpty();
        played.report("one", new AttemptLost(attempt(1), "worker_lost"));
        assertThat(said(played).getIntent()).as("kept for the next try").startsWith("sort");
        assertThat(names(played.complete("one"))).containsExactly("MessageCompleted");
    }

    @Test
    void aTurnThatIsPreparedWithoutWaitsForNoModel() {
        Played prepared = asking();
        prepared.report("one", new TurnPrepared(1, "chat", 1.0, "default", "default", List.of(), "v2", null));
        assertThat(prepared.orders)
                .containsExactly(
                        new Order.Stop(new GenerationId("one.1/classify"), new CancelGeneration("superseded")));
        assertThat(prepared.state.turn().phase()).isEqualTo(new Turn.Phase.Preparing());

        Played claimed = asking();
        claimed.report("one", new AttemptClaimed(attempt(1)));
        assertThat(claimed.state.turn().phase()).isEqualTo(new Turn.Phase.Generating());
        claimed.orders.clear();
        claimed.reportClassification("one", saying("sort"));
        assertThat(claimed.orders).isEmpty();
    }

    @Test
    void whatAModelSaysMayBeHeardBeforeThatItWasAsked() {
        Played played = new Played();
        played.submit("one", OnBusy.ENQUEUE);

        played.reportClassification("one", saying("sort"));
        played.orders.clear();
        played.reportClassification("one", asked());

        assertThat(said(played).getIntent()).isEqualTo("sort");
        assertThat(played.state.turn().phase()).isEqualTo(new Turn.Phase.Preparing());
        assertThat(played.orders)
                .containsExactly(
                        new Order.Stop(new GenerationId("one.1/classify"), new CancelGeneration("superseded")));
    }

    @Test
    void aClassificationThatFailsOrIsLateLeavesTheTurnItsDefaultRoute() {
        Played failing = asking();
        failing.reportClassification(
                "one",
                GenerationFailed.newBuilder()
                        .setAttempt(attempt(1))
                        .setCode("engine_error")
                        .setDetail("x")
                        .setRetryable(true)
                        .setContent("")
                        .setUsage(USAGE)
                        .setGenerationMillis(1.0)
                        .build());
        assertThat(said(failing).getIntent()).isEmpty();
        assertThat(said(failing).getReason()).isEqualTo("engine 'engine' failed: engine_error");
        assertThat(failing.orders).containsExactly(new Order.Generate(failing.state.turn(), "initial", 100));

        Played late = asking();
        late.on(new Input.DeadlinePassed(new TurnId("one"), 1, Turn.Phase.Classifying.class));
        assertThat(said(late).getReason()).isEqualTo("nobody said within 4000 ms");
        assertThat(late.orders)
                .containsExactly(
                        new Order.Stop(new GenerationId("one.1/classify"), new CancelGeneration("turn_timeout")),
                        new Order.Generate(late.state.turn(), "initial", 100));
    }

    @Test
    void whatAModelSaidBeforeItWasStoppedForItsLengthCounts() {
        Played played = asking();

        played.reportClassification(
                "one",
                GenerationFailed.newBuilder()
                        .setAttempt(attempt(1))
                        .setCode("answer_too_large")
                        .setDetail("x")
                        .setRetryable(false)
                        .setContent("sort\n")
                        .setUsage(USAGE)
                        .setGenerationMillis(1.0)
                        .build());

        assertThat(said(played).getIntent()).isEqualTo("sort\n");
    }

    @Test
    void anotherWorkerIsAskedWhereTheFirstOneIsLostAndAThirdIsNot() {
        Played played = asking();

        played.reportClassification(
                "one",
                GenerationFailed.newBuilder()
                        .setAttempt(attempt(1))
                        .setCode("worker_lost")
                        .setDetail("x")
                        .setRetryable(true)
                        .setContent("")
                        .setUsage(USAGE)
                        .setGenerationMillis(1.0)
                        .build());
        assertThat(played.state.turn().phase()).isEqualTo(new Turn.Phase.Classifying(2, Duration.ofSeconds(4)));
        assertThat(played.orders).containsExactly(new Order.Generate(played.state.turn(), "worker_lost", 100));
        played.reportClassification("one", new AttemptLost(attempt(1), "worker_lost"));
        assertThat(played.orders).as("the first one again").hasSize(1);

        played.reportClassification("one", new AttemptLost(attempt(2), "worker_lost"));
        assertThat(said(played).getIntent()).isEmpty();
        assertThat(played.orders).hasSize(2);
    }

    @Test
    void aTurnThatIsToldToStopStopsItsClassification() {
        Played played = asking();

        played.ask(new CancelTurn("one"));

        assertThat(played.orders)
                .containsExactly(
                        new Order.Stop(new GenerationId("one.1"), new CancelGeneration("requested")),
                        new Order.Stop(new GenerationId("one.1/classify"), new CancelGeneration("requested")));
        played.orders.clear();
        played.reportClassification("one", saying("sort"));
        assertThat(played.orders).isEmpty();
        assertThat(names(played.report("one", new GenerationCancelled(null, "", USAGE, null, null, null))))
                .containsExactly("TurnCancelled");

        Played earlier = new Played();
        earlier.submit("one", OnBusy.ENQUEUE);
        earlier.ask(new CancelTurn("one"));
        earlier.orders.clear();
        earlier.reportClassification("one", asked());
        assertThat(earlier.orders)
                .as("what was ordered meanwhile")
                .containsExactly(
                        new Order.Stop(new GenerationId("one.1/classify"), new CancelGeneration("superseded")));
    }

    @Test
    void regenerationsThatWaitEachReplaceTheAnswerBeforeThem() {
        Played played = new Played();
        played.submit("one", OnBusy.ENQUEUE);
        played.report("one", new AttemptClaimed(attempt(1)));
        played.complete("one");

        played.ask(new RegenerateMessage("answer-one", "two", "answer-two", OnBusy.ENQUEUE, null));
        played.ask(new RegenerateMessage("answer-one", "three", "answer-three", OnBusy.ENQUEUE, null));
        played.report("two", new AttemptClaimed(attempt(1)));
        List<SpecificRecord> second = played.complete("two");

        assertThat(second)
                .filteredOn(TurnStarted.class::isInstance)
                .singleElement()
                .satisfies(started -> {
                    assertThat(((TurnStarted) started).getSupersedes()).isEqualTo("answer-two");
                    assertThat(((TurnStarted) started).getAssistantMessageId()).isEqualTo("answer-three");
                });
    }

    @Test
    void aConversationWithoutATitleIsNamedAfterItsFirstQuestionOnceThatHasAnAnswer() {
        Played played = new Played();
        played.state = Conversation.NONE;

        played.submit("one", OnBusy.ENQUEUE);
        played.report("one", new AttemptClaimed(attempt(1)));
        List<SpecificRecord> first = played.complete("one");
        played.submit("two", OnBusy.ENQUEUE);
        played.report("two", new AttemptClaimed(attempt(1)));

        assertThat(names(first)).containsExactly("MessageCompleted", "ConversationRenamed");
        assertThat(names(played.complete("two"))).containsExactly("MessageCompleted");
    }

    @Test
    void aTitleThatWasGivenStays() {
        Played played = new Played();
        played.state = Conversation.NONE;
        played.ask(new CreateConversation("Mine", "w", Map.of()));

        played.submit("one", OnBusy.ENQUEUE);
        played.report("one", new AttemptClaimed(attempt(1)));

        assertThat(names(played.complete("one"))).containsExactly("MessageCompleted");
    }

    @Test
    void aRepeatChangesNothing() {
        Played played = new Played();
        played.submit("one", OnBusy.ENQUEUE);

        assertThat(played.submit("one", OnBusy.ENQUEUE)).isEmpty();
        played.complete("one");
        assertThat(played.complete("one")).isEmpty();
        assertThat(played.ask("rename", new RenameConversation("title"))).hasSize(1);
        assertThat(played.ask("rename", new RenameConversation("title"))).isEmpty();
        assertThat(played.ask(new CreateConversation(null, "w", Map.of()))).isEmpty();
    }

    @Test
    void enqueuedTurnsRunInOrderAndTheQueueIsBounded() {
        Played played = new Played();
        played.submit("one", OnBusy.ENQUEUE);
        assertThat(names(played.submit("two", OnBusy.ENQUEUE))).containsExactly("MessageAccepted");
        played.submit("three", OnBusy.ENQUEUE);

        assertThat(played.submit("four", OnBusy.ENQUEUE))
                .singleElement()
                .satisfies(
                        body -> assertThat(((MessageRejected) body).getCode()).isEqualTo("queue_full"));
        assertThat(names(played.complete("one"))).containsExactly("MessageCompleted", "TurnStarted");
        assertThat(played.state.turn().turnId()).isEqualTo(new TurnId("two"));
    }

    private static CallerPrompt prompt(String... context) {
        return new CallerPrompt(
                Role.TOOL,
                "call_1",
                Stream.of(context)
                        .map(text -> new PromptMessage(Role.USER, text, List.of(), null, null))
                        .toList(),
                GenerationOptions.newBuilder().setTemperature(0.5).build());
    }

    private static SubmitMessage asking(String name, CallerPrompt prompt) {
        return SubmitMessage.newBuilder()
                .setMessageId("user-" + name)
                .setTurnId(name)
                .setAssistantMessageId("answer-" + name)
                .setContent("?")
                .setOnBusy(OnBusy.ENQUEUE)
                .setFingerprint("print")
                .setPrompt(prompt)
                .build();
    }

    @Test
    void whatIsSentAlongCountsAsWaitingToo() {
        Played played = new Played();
        played.ask(asking("one", prompt("x".repeat(1000)))); // Runs, and does not wait.
        assertThat(names(played.ask(asking("two", prompt("x".repeat(20), "y".repeat(20))))))
                .containsExactly("MessageAccepted");

        assertThat(names(played.ask(asking("three", prompt("z".repeat(20))))))
                .as("41 and 21 characters")
                .containsExactly("MessageRejected");
        assertThat(names(played.ask(asking("four", prompt("z".repeat(18))))))
                .as("41 and 19 characters")
                .containsExactly("MessageAccepted");
    }

    @Test
    void whatIsSentAlongIsPartOfTheMessageAndOfTheTurn() {
        Played played = new Played();
        CallerPrompt prompt = prompt("before");

        MessageAccepted accepted =
                (MessageAccepted) played.ask(asking("one", prompt)).get(1);

        assertThat(accepted.getRole()).isEqualTo(Role.TOOL);
        assertThat(accepted.getPrompt()).isEqualTo(prompt);
        assertThat(played.state.turn().turn().question().prompt()).isEqualTo(prompt);
    }

    @Test
    void aRegenerationKeepsWhatWasSentAlong() {
        Played played = new Played();
        CallerPrompt prompt = prompt("before");
        played.ask(asking("one", prompt));
        played.complete("one");

        played.ask(new RegenerateMessage(null, "again", "answer-again", OnBusy.ENQUEUE, null));

        assertThat(played.state.turn().turnId()).isEqualTo(new TurnId("again"));
        assertThat(played.state.turn().turn().question().prompt()).isEqualTo(prompt);
        assertThat(played.state.turn().turn().question().content()).isEqualTo("?");
    }

    @Test
    void toolCallsAreLoggedWithTheAnswer() {
        Played played = new Played();
        played.submit("one", OnBusy.ENQUEUE);
        List<ToolCall> calls = List.of(new ToolCall("call_1", "look", "{}"));

        List<SpecificRecord> logged = played.report(
                "one",
                GenerationCompleted.newBuilder()
                        .setAttempt(attempt(1))
                        .setContent("")
                        .setFinishReason("tool_calls")
                        .setUsage(USAGE)
                        .setFirstTokenMillis(1.0)
                        .setGenerationMillis(2.0)
                        .setToolCalls(calls)
                        .build());

        assertThat(((MessageCompleted) logged.getLast()).getToolCalls()).isEqualTo(calls);
        assertThat(((MessageCompleted) logged.getLast()).getFinishReason()).isEqualTo("tool_calls");
    }

    @Test
    void whatWaitsIsBoundedByItsSizeToo() {
        Played played = new Played();
        played.submit("one", OnBusy.ENQUEUE);
        played.submit("two", OnBusy.ENQUEUE);

        assertThat(played.submit("x".repeat(60), OnBusy.ENQUEUE))
                .singleElement()
                .satisfies(
                        body -> assertThat(((MessageRejected) body).getCode()).isEqualTo("queue_full"));
    }

    @Test
    void rejectIsRefusedWhileATurnRuns() {
        Played played = new Played();
        played.submit("one", OnBusy.REJECT);

        assertThat(played.submit("two", OnBusy.REJECT))
                .singleElement()
                .satisfies(
                        body -> assertThat(((MessageRejected) body).getCode()).isEqualTo("busy"));
    }

    @Test
    void interruptingCancelsAndRunsNextAheadOfTheQueue() {
        for (OnBusy onBusy : List.of(OnBusy.INTERRUPT, OnBusy.ROLLBACK)) {
            Played played = new Played();
            played.submit("one", OnBusy.ENQUEUE);
            played.submit("waiting", OnBusy.ENQUEUE);
            played.submit("urgent", onBusy);

            assertThat(played.orders.getLast()).isInstanceOf(Order.Stop.class);
            List<SpecificRecord> end =
                    played.report("one", new GenerationCancelled(attempt(1), "part", USAGE, null, null, null));
            assertThat(names(end)).containsExactly("TurnCancelled", "TurnStarted");
            assertThat(((TurnCancelled) end.getFirst()).getForgotten()).isEqualTo(onBusy == OnBusy.ROLLBACK);
            assertThat(((TurnCancelled) end.getFirst()).getContent()).isEqualTo("part");
            assertThat(played.state.turn().turnId()).isEqualTo(new TurnId("urgent"));
        }
    }

    @Test
    void aCancelledTurnThatWaitsEndsAtOnce() {
        Played played = new Played();
        played.submit("one", OnBusy.ENQUEUE);
        played.submit("two", OnBusy.ENQUEUE);

        assertThat(names(played.ask(new CancelTurn("two")))).containsExactly("TurnCancelled");
        assertThat(played.ask(new CancelTurn("two"))).isEmpty();
        assertThat(played.state.turn().cancelling()).isFalse();
        played.ask(new CancelTurn(null));
        assertThat(played.state.turn().cancelling()).isTrue();
    }

    @Test
    void aTurnThatFinishesDespiteACancelHasItsWholeAnswer() {
        Played played = new Played();
        played.submit("one", OnBusy.ENQUEUE);
        played.ask(new CancelTurn(null));

        assertThat(names(played.complete("one"))).containsExactly("MessageCompleted");
    }

    @Test
    void aLostAttemptIsAskedForAgainAndTheLastOneFails() {
        Played played = new Played();
        played.submit("one", OnBusy.ENQUEUE);
        for (int number = 1; number <= 2; number++) {
            assertThat(played.report("one", new AttemptLost(attempt(number), "worker_lost")))
                    .isEmpty();
            assertThat(played.report("one", new AttemptLost(attempt(number), "worker_lost")))
                    .isEmpty();
            assertThat(played.orders.getLast()).isInstanceOf(Order.Generate.class);
            assertThat(played.state.turn().attempt()).isEqualTo(number + 1);
        }

        assertThat(played.report("one", new AttemptLost(attempt(3), "worker_lost")))
                .singleElement()
                .satisfies(body -> assertThat(((TurnFailed) body).getCode()).isEqualTo("worker_lost"));
        assertThat(played.orders).filteredOn(Order.Generate.class::isInstance).hasSize(3);
    }

    @Test
    void aZombieThatFinishesAfterAllEndsTheTurnAndCallsOffItsHeir() {
        Played played = new Played();
        played.submit("one", OnBusy.ENQUEUE);
        played.report("one", new AttemptLost(attempt(1), "worker_lost"));

        assertThat(names(played.complete("one"))).containsExactly("MessageCompleted");
        assertThat(played.orders.getLast()).isInstanceOf(Order.Stop.class);
    }

    @Test
    void aFailureThatWouldRecurEndsTheTurnAtOnce() {
        Played played = new Played();
        played.submit("one", OnBusy.ENQUEUE);

        List<SpecificRecord> end = played.report(
                "one",
                GenerationFailed.newBuilder()
                        .setAttempt(attempt(1))
                        .setCode("engine_rejected")
                        .setDetail("no")
                        .setRetryable(false)
                        .setContent("part")
                        .setUsage(USAGE)
                        .setGenerationMillis(1.0)
                        .build());

        assertThat(end).singleElement().satisfies(body -> {
            assertThat(((TurnFailed) body).getCode()).isEqualTo("engine_rejected");
            assertThat(((TurnFailed) body).getContent()).isEqualTo("part");
        });
    }

    private static GenerationFailed rateLimited(int attempt, int calls, @Nullable Duration retryAfter) {
        Upstream upstream =
                new Upstream(null, calls, List.of(), retryAfter == null ? null : retryAfter.toMillis(), null, null);
        return GenerationFailed.newBuilder()
                .setAttempt(attempt(attempt))
                .setCode("engine_rate_limited")
                .setDetail("slow down")
                .setRetryable(true)
                .setContent("")
                .setUsage(USAGE)
                .setGenerationMillis(1.0)
                .setUpstream(upstream)
                .build();
    }

    @Test
    void aModelServerIsAskedAgainNoEarlierThanItWants() {
        Played played = new Played();
        played.submit("one", OnBusy.ENQUEUE);
        played.orders.clear();

        assertThat(played.report("one", rateLimited(1, 1, Duration.ofSeconds(7))))
                .isEmpty();

        assertThat(played.orders).isEmpty();
        assertThat(played.state.turn().phase())
                .isEqualTo(new Turn.Phase.Pausing(Duration.ofSeconds(7), "engine_rate_limited"));
        played.on(new Input.DeadlinePassed(new TurnId("one"), 2, Turn.Phase.Pausing.class));
        assertThat(played.orders)
                .containsExactly(new Order.Generate(played.state.turn(), "engine_rate_limited", 100 - 1));
        assertThat(names(played.report("one", new AttemptClaimed(attempt(2))))).isEmpty();
        assertThat(names(played.complete("one"))).contains("MessageCompleted");
    }

    @Test
    void aTurnThatWaitsForAModelServerCanBeStopped() {
        Played played = new Played();
        played.submit("one", OnBusy.ENQUEUE);
        played.report("one", rateLimited(1, 1, Duration.ofSeconds(7)));

        played.ask(new CancelTurn("one"));
        played.on(new Input.DeadlinePassed(new TurnId("one"), 2, Turn.Phase.Pausing.class));

        assertThat(played.orders).last().isInstanceOf(Order.Stop.class);
        assertThat(names(played.report("one", new GenerationCancelled(null, "", USAGE, null, null, null))))
                .containsExactly("TurnCancelled");
    }

    @Test
    void aModelServerThatWantsMoreTimeThanATurnHasEndsItAtOnceAndTheCallerIsTold() {
        Played played = new Played();
        played.submit("one", OnBusy.ENQUEUE);

        assertThat(played.report("one", rateLimited(1, 1, Duration.ofSeconds(30))))
                .singleElement()
                .satisfies(body -> {
                    TurnFailed failed = (TurnFailed) body;
                    assertThat(failed.getCode()).isEqualTo("engine_rate_limited");
                    assertThat(failed.getDetail()).startsWith("slow down").contains("30 s");
                    assertThat(failed.getUpstream()).isEqualTo(new Upstream(null, 1, List.of(), 30_000L, null, null));
                });
    }

    @Test
    void modelServersAreAskedForOneTurnAsOftenAsTheyMayBeOverAllItsAttempts() {
        Played played = new Played();
        played.submit("one", OnBusy.ENQUEUE);
        assertThat(played.report("one", rateLimited(1, 60, null))).isEmpty();
        assertThat(played.orders).last().isEqualTo(new Order.Generate(played.state.turn(), "engine_rate_limited", 40));

        assertThat(played.report("one", rateLimited(2, 40, null)))
                .singleElement()
                .satisfies(body -> {
                    assertThat(((TurnFailed) body).getDetail()).contains("100 calls");
                    assertThat(((TurnFailed) body).getUpstream())
                            .isEqualTo(new Upstream(null, 100, List.of(), null, null, null));
                });
    }

    @Test
    void everyWaitingStateHasADeadlineThatLeadsToAnEnd() {
        Played unclaimed = new Played();
        unclaimed.submit("one", OnBusy.ENQUEUE);
        unclaimed.on(new Input.DeadlinePassed(new TurnId("one"), 1, Turn.Phase.Preparing.class));
        assertThat(unclaimed.on(new Input.DeadlinePassed(new TurnId("one"), 1, Turn.Phase.Cancelling.class)))
                .singleElement()
                .satisfies(body -> assertThat(((TurnFailed) body).getCode()).isEqualTo("no_worker"));

        Played running = new Played();
        running.submit("one", OnBusy.ENQUEUE);
        running.report("one", new AttemptClaimed(attempt(1)));
        assertThat(running.on(new Input.DeadlinePassed(new TurnId("one"), 1, Turn.Phase.Preparing.class)))
                .isEmpty();
        running.on(new Input.DeadlinePassed(new TurnId("one"), 1, Turn.Phase.Generating.class));
        assertThat(running.report("one", new GenerationCancelled(attempt(1), "part", USAGE, null, null, null)))
                .singleElement()
                .satisfies(body -> assertThat(((TurnFailed) body).getCode()).isEqualTo("turn_timeout"));
    }

    @Test
    void aDeletedConversationTakesNoMoreMessages() {
        Played played = new Played();
        played.submit("one", OnBusy.ENQUEUE);
        played.submit("two", OnBusy.ENQUEUE);

        assertThat(names(played.ask(new DeleteConversation()))).containsExactly("TurnCancelled", "ConversationDeleted");
        assertThat(played.submit("three", OnBusy.ENQUEUE))
                .singleElement()
                .satisfies(
                        body -> assertThat(((MessageRejected) body).getCode()).isEqualTo("conversation_deleted"));
        assertThat(names(played.report("one", new GenerationCancelled(null, "", USAGE, null, null, null))))
                .containsExactly("TurnCancelled");
    }

    @Test
    void anAnswerCanBeGivenAnew() {
        Played played = new Played();
        played.submit("one", OnBusy.ENQUEUE);
        played.complete("one");

        List<SpecificRecord> events =
                played.ask(new RegenerateMessage("answer-one", "again", "answer-again", OnBusy.ENQUEUE, null));

        assertThat(events).singleElement().satisfies(body -> {
            assertThat(((TurnStarted) body).getSupersedes()).isEqualTo("answer-one");
            assertThat(((TurnStarted) body).getUserMessageId()).isEqualTo("user-one");
        });
        assertThat(played.ask(new RegenerateMessage("nothing", "x", "answer-x", OnBusy.ENQUEUE, null)))
                .singleElement()
                .isInstanceOf(MessageRejected.class);
        assertThat(names(played.ask(new RateMessage("answer-one", "up", null)))).containsExactly("FeedbackRecorded");
        assertThat(played.ask(new RateMessage("nothing", "up", null))).isEmpty();
    }

    @Test
    void aNoteIsKeptAsItCameAndDecidesNothing() {
        AnnotateConversation note =
                new AnnotateConversation("turn", Map.of("k", "v"), List.of("{}"), List.of("resp_x"));
        Played played = new Played();
        assertThat(played.ask(note)).as("there is no conversation yet").isEmpty();
        played.submit("one", OnBusy.ENQUEUE);

        assertThat(played.ask(note))
                .containsExactly(new ConversationAnnotated(Map.of("k", "v"), List.of("{}"), List.of("resp_x")));
        assertThat(played.state.busy()).isTrue();

        played.ask(new DeleteConversation());
        assertThat(played.ask(note)).isEmpty();
    }

    @Nested
    class Branches {
        private final Played played = new Played();

        private List<SpecificRecord> submitAfter(String name, @Nullable String after) {
            return played.ask(SubmitMessage.newBuilder()
                    .setMessageId("user-" + name)
                    .setTurnId(name)
                    .setAssistantMessageId("answer-" + name)
                    .setContent("content of " + name)
                    .setFingerprint("print")
                    .setAfter(new BranchPoint(after))
                    .build());
        }

        private void answered(String name) {
            played.submit(name, OnBusy.ENQUEUE);
            played.complete(name);
        }

        private @Nullable String started(List<SpecificRecord> events) {
            return events.stream()
                    .filter(TurnStarted.class::isInstance)
                    .map(event -> ((TurnStarted) event).getAfter().getMessageId())
                    .reduce("no turn started", (first, second) -> second);
        }

        @Test
        void aMessageFollowsWhatWasSaidLast() {
            assertThat(started(played.submit("a", OnBusy.ENQUEUE))).isNull();
            played.complete("a");

            assertThat(started(played.submit("b", OnBusy.ENQUEUE))).isEqualTo("answer-a");
        }

        @Test
        void aMessageFollowsTheAnswerThatItNames() {
            answered("a");
            answered("b");

            assertThat(started(submitAfter("c", "answer-a"))).isEqualTo("answer-a");
            played.complete("c");
            assertThat(started(played.submit("d", OnBusy.ENQUEUE))).isEqualTo("answer-c");
            played.complete("d");
            assertThat(started(submitAfter("e", "user-b"))).isEqualTo("answer-b");
            played.complete("e");
            assertThat(started(submitAfter("f", null))).isNull();
        }

        @Test
        void aMessageMayFollowTheAnswerThatIsBeingGiven() {
            played.submit("a", OnBusy.ENQUEUE);
            submitAfter("b", "answer-a");
            submitAfter("c", "answer-b");

            assertThat(started(played.complete("a"))).isEqualTo("answer-a");
            submitAfter("d", "user-a");
            assertThat(started(played.complete("b"))).isEqualTo("answer-b");
            assertThat(started(played.complete("c"))).isEqualTo("answer-a");
        }

        @Test
        void whatIsToFollowNothingIsRefused() {
            answered("a");

            assertThat(submitAfter("b", "answer-x"))
                    .singleElement()
                    .isEqualTo(new MessageRejected(
                            "user-b",
                            "message_not_found",
                            "the conversation has no such message, or it has no answer"));
        }

        @Test
        void whatWasToFollowATurnThatNeverBeganFollowsWhatThereIs() {
            played.submit("a", OnBusy.ENQUEUE);
            played.submit("b", OnBusy.ENQUEUE);
            submitAfter("c", "answer-b");
            played.ask(new CancelTurn("b"));

            assertThat(started(played.complete("a"))).isEqualTo("answer-a");
        }

        @Test
        void aFailedTurnIsPartOfItsBranchAndAForgottenOneIsNot() {
            played.submit("a", OnBusy.ENQUEUE);
            played.report(
                    "a",
                    GenerationFailed.newBuilder()
                            .setAttempt(attempt(1))
                            .setCode("engine_error")
                            .setDetail("none")
                            .setRetryable(false)
                            .setContent("")
                            .setUsage(USAGE)
                            .setGenerationMillis(2.0)
                            .build());
            assertThat(started(played.submit("b", OnBusy.ENQUEUE))).isEqualTo("answer-a");

            played.submit("c", OnBusy.ROLLBACK);
            assertThat(started(played.report("b", new GenerationCancelled(null, "text", USAGE, null, null, null))))
                    .isEqualTo("answer-a");
        }

        @Test
        void anAnswerGivenAnewFollowsWhatItsQuestionFollows() {
            answered("a");
            answered("b");
            answered("c");

            assertThat(started(played.ask(
                            new RegenerateMessage("answer-b", "again", "answer-again", OnBusy.ENQUEUE, null))))
                    .isEqualTo("answer-a");
            played.complete("again");
            assertThat(started(played.submit("d", OnBusy.ENQUEUE))).isEqualTo("answer-again");
            played.complete("d");
            assertThat(started(
                            played.ask(new RegenerateMessage("user-a", "first", "answer-first", OnBusy.ENQUEUE, null))))
                    .isNull();
        }

        @Test
        void theAnswerThatIsBeingGivenCanBeGivenAnew() {
            answered("a");
            played.submit("b", OnBusy.ENQUEUE);
            played.ask(new RegenerateMessage("answer-b", "again", "answer-again", OnBusy.ENQUEUE, null));
            played.ask(new RegenerateMessage(null, "more", "answer-more", OnBusy.INTERRUPT, null));

            List<SpecificRecord> next =
                    played.report("b", new GenerationCancelled(null, "text", USAGE, null, null, null));
            assertThat(started(next)).isEqualTo("answer-a");
            assertThat(played.state.turn().turnId()).isEqualTo(new TurnId("more"));
            assertThat(started(played.complete("more"))).isEqualTo("answer-a");
        }

        @Test
        void theConversationGoesOnFromTheLatestAnswerOfABranch() {
            answered("a");
            answered("b");
            submitAfter("c", "answer-a");
            played.complete("c");

            assertThat(played.ask(new SwitchBranch("user-b"))).containsExactly(new BranchSwitched("answer-b"));
            assertThat(started(played.submit("d", OnBusy.ENQUEUE))).isEqualTo("answer-b");
            played.complete("d");
            assertThat(played.ask(new SwitchBranch("answer-c"))).containsExactly(new BranchSwitched("answer-c"));
            assertThat(played.ask(new SwitchBranch("answer-b"))).containsExactly(new BranchSwitched("answer-d"));
        }

        @Test
        void theBranchStaysWhileATurnRuns() {
            answered("a");
            played.submit("b", OnBusy.ENQUEUE);

            assertThat(played.ask(new SwitchBranch("answer-a"))).isEmpty();
            assertThat(played.ask(new SwitchBranch("answer-x"))).isEmpty();
        }
    }

    /** Random histories; a failing one is run again with {@code -Dparley.seed=N}. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void whateverHappensEveryAcceptedMessageEndsExactlyOnce(long given) {
        long seed = Long.getLong("parley.seed", given);
        for (int round = 0; round < 400; round++) {
            Random random = new Random(seed * 1000 + round);
            Played played = new Played();
            for (int step = 0; step < 60; step++) {
                step(played, random);
                check(played, seed, round);
            }
            for (int settle = 0; played.state.busy() && settle < 50; settle++) {
                Turn.Running running = played.state.turn();
                played.on(new Input.DeadlinePassed(
                        running.turnId(), running.attempt(), running.phase().getClass()));
                check(played, seed, round);
            }
            assertThat(played.state.busy())
                    .as("seed %d round %d settles", seed, round)
                    .isFalse();
            Map<String, Integer> ends = ends(played);
            int failedRound = round;
            played.log.stream()
                    .filter(MessageAccepted.class::isInstance)
                    .map(MessageAccepted.class::cast)
                    .forEach(accepted -> assertThat(ends.get(accepted.getAssistantMessageId()))
                            .as("seed %d round %d: ends of %s", seed, failedRound, accepted.getMessageId())
                            .isEqualTo(1));
        }
    }

    private static GenerationReport.Body aboutAClassification(Attempt attempt, Random random) {
        return switch (random.nextInt(5)) {
            case 0, 1 -> asked();
            case 2 -> new AttemptLost(attempt, "worker_lost");
            case 3 ->
                GenerationFailed.newBuilder()
                        .setAttempt(attempt)
                        .setCode("worker_lost")
                        .setDetail("x")
                        .setRetryable(true)
                        .setContent("")
                        .setUsage(USAGE)
                        .setGenerationMillis(1.0)
                        .build();
            default ->
                GenerationCompleted.newBuilder()
                        .setAttempt(attempt)
                        .setContent("sort")
                        .setFinishReason("stop")
                        .setUsage(USAGE)
                        .setFirstTokenMillis(1.0)
                        .setGenerationMillis(2.0)
                        .build();
        };
    }

    private static void step(Played played, Random random) {
        String turn = "turn-" + random.nextInt(8);
        Attempt attempt = attempt(1 + random.nextInt(3));
        switch (random.nextInt(16)) {
            case 0, 1, 2 -> played.submit(turn, ON_BUSY.get(random.nextInt(ON_BUSY.size())));
            case 3 -> played.ask(new CancelTurn(random.nextBoolean() ? turn : null));
            case 4 -> played.ask("rename", new RenameConversation("x"));
            case 5 -> played.report(turn, new TurnPrepared(1, "chat", 1.0, "default", "default", List.of(), "", null));
            case 6, 7 -> played.report(turn, new AttemptClaimed(attempt));
            case 8 -> played.report(turn, new AttemptLost(attempt, "worker_lost"));
            case 9 ->
                played.report(
                        turn,
                        GenerationFailed.newBuilder()
                                .setAttempt(attempt)
                                .setCode("engine_error")
                                .setDetail("x")
                                .setRetryable(random.nextBoolean())
                                .setContent("p")
                                .setUsage(USAGE)
                                .setGenerationMillis(1.0)
                                .build());
            case 10, 11 -> played.complete(turn);
            case 12 -> played.report(turn, new GenerationCancelled(attempt, "p", USAGE, null, null, null));
            case 13, 14 -> played.reportClassification(turn, aboutAClassification(attempt, random));
            default -> {
                if (random.nextInt(10) == 0) {
                    played.ask(new DeleteConversation());
                } else if (played.state.running() != null) {
                    played.on(new Input.DeadlinePassed(
                            played.state.turn().turnId(),
                            played.state.turn().attempt(),
                            played.state.turn().phase().getClass()));
                }
            }
        }
    }

    private static void check(Played played, long seed, int round) {
        assertThat(played.state.sequence())
                .as("seed %d round %d: gap-free", seed, round)
                .isEqualTo(played.log.size());
        assertThat(played.state.queue())
                .as("seed %d round %d: bounded", seed, round)
                .hasSizeLessThanOrEqualTo(RULES.maxQueuedTurns());
        assertThat(played.state.recentCommands()).hasSizeLessThanOrEqualTo(Conversation.MAX_RECENT_COMMANDS);
        assertThat(ends(played).values())
                .as("seed %d round %d: one end each", seed, round)
                .allMatch(count -> count == 1);
        assertThat(StateRecords.read(StateRecords.stored(played.state), position -> null))
                .as("seed %d round %d: state survives storage", seed, round)
                .isEqualTo(played.state);
    }

    private static Map<String, Integer> ends(Played played) {
        Map<String, Integer> ends = new HashMap<>();
        for (SpecificRecord body : played.log) {
            String id = switch (body) {
                case MessageCompleted completed -> completed.getMessageId();
                case TurnFailed failed -> failed.getMessageId();
                case TurnCancelled cancelled -> cancelled.getMessageId();
                default -> null;
            };
            if (id != null) {
                ends.merge(id, 1, Integer::sum);
            }
        }
        return ends;
    }
}
